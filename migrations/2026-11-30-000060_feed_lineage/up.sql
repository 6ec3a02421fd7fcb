-- A cursor of the feed proves that what its reader was given is still there: after a failover that lost
-- writes, or a restore, it would otherwise be believed and events written since passed over.

-- What could still appear in the feed when this was written: whatever stands below was there, and its
-- commit is before this one's in the write-ahead log. Null: written before this was kept.
ALTER TABLE changes ADD COLUMN horizon bigint;
ALTER TABLE changes ALTER COLUMN horizon SET DEFAULT feed_horizon();

-- Events below this position have had their time and were removed.
ALTER TABLE installation ADD COLUMN feed_purged bigint NOT NULL DEFAULT 0;
