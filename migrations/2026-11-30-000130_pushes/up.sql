-- What a partner pushed, so that it can be told again: a row for each batch, kept thirty days.
CREATE TABLE pushes (
    id             uuid PRIMARY KEY,
    partner_id     uuid NOT NULL CONSTRAINT pushes_partner_fkey REFERENCES partners (id) ON DELETE CASCADE,
    -- The synchronisation it was a part of: no reference, since the push is told after it is gone.
    sync_id        uuid,
    client_id      text NOT NULL,
    request_id     text NOT NULL,
    received       integer NOT NULL,
    created        integer NOT NULL,
    updated        integer NOT NULL,
    unchanged      integer NOT NULL,
    rejected       integer NOT NULL,
    -- The verdicts of the first items that were rejected, as they were answered.
    rejected_items jsonb NOT NULL,
    created_at     timestamptz NOT NULL
);
CREATE INDEX pushes_partner_idx ON pushes (partner_id, id);
CREATE INDEX pushes_created_idx ON pushes (created_at);
