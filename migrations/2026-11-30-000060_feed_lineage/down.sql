ALTER TABLE installation DROP COLUMN feed_purged;
ALTER TABLE changes DROP COLUMN horizon;
