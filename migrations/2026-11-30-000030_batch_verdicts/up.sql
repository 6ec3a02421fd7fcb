-- What a synchronisation's batches were answered, kept to be read again, and how many of their items
-- could not be told from any other: such a synchronisation withdraws nothing without consent.
ALTER TABLE sync_batches
    ADD COLUMN unidentified integer NOT NULL DEFAULT 0,
    -- As it was answered; null once it is forgotten, and for batches before this column.
    ADD COLUMN verdict      jsonb;
CREATE INDEX sync_batches_verdict_idx ON sync_batches (created_at) WHERE verdict IS NOT NULL;
