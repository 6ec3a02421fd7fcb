-- What a partner's portal pushes: full synchronisations, and room for rows that change often.

-- Room on each page for what confirmations and changes write anew.
ALTER TABLE interventions SET (fillfactor = 85);

-- A full synchronisation: what is not sent between its opening and its end is withdrawn.
CREATE TABLE syncs (
    id                uuid PRIMARY KEY,
    version           bigint NOT NULL DEFAULT 1,
    partner_id        uuid NOT NULL CONSTRAINT syncs_partner_fkey REFERENCES partners (id),
    status            text NOT NULL DEFAULT 'open'
        CONSTRAINT syncs_status CHECK (status IN ('open', 'committed', 'abandoned')),
    -- The share of what is offered beyond which withdrawing asks for consent.
    threshold_percent integer NOT NULL CONSTRAINT syncs_threshold CHECK (threshold_percent BETWEEN 0 AND 100),
    withdrawn         integer NOT NULL DEFAULT 0,
    closed_at         timestamptz,
    created_at        timestamptz NOT NULL,
    updated_at        timestamptz NOT NULL,
    CONSTRAINT syncs_closed CHECK ((status = 'open') = (closed_at IS NULL))
);
-- One at a time.
CREATE UNIQUE INDEX syncs_open_key ON syncs (partner_id) WHERE status = 'open';
CREATE INDEX syncs_partner_idx ON syncs (partner_id, id);
CREATE INDEX syncs_updated_idx ON syncs (partner_id, updated_at, id);

-- A batch of one: its counts and, in one row for all of them, the interventions it sent, so that a
-- batch that changes nothing writes nothing for each. They are forgotten with the end of their sync.
CREATE TABLE sync_batches (
    id         uuid PRIMARY KEY,
    sync_id    uuid NOT NULL CONSTRAINT sync_batches_sync_fkey REFERENCES syncs (id) ON DELETE CASCADE,
    received   integer NOT NULL,
    created    integer NOT NULL,
    updated    integer NOT NULL,
    unchanged  integer NOT NULL,
    rejected   integer NOT NULL,
    sent       uuid[] NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE INDEX sync_batches_sync_idx ON sync_batches (sync_id);

CREATE VIEW sync_runs AS
    SELECT s.id, s.version, s.partner_id, s.status, s.threshold_percent,
           b.received, b.created, b.updated, b.unchanged, b.rejected, s.withdrawn,
           s.closed_at, s.created_at, s.updated_at
      FROM syncs s
     CROSS JOIN LATERAL (
           SELECT coalesce(sum(received), 0)::integer AS received, coalesce(sum(created), 0)::integer AS created,
                  coalesce(sum(updated), 0)::integer AS updated, coalesce(sum(unchanged), 0)::integer AS unchanged,
                  coalesce(sum(rejected), 0)::integer AS rejected
             FROM sync_batches WHERE sync_id = s.id) AS b;

-- What its portal has not confirmed for long is stale: the rule of `status`, which
-- interventions/standing.rs has too: a test compares the two.
DROP FUNCTION intervention_status;
CREATE FUNCTION intervention_status(
    withdrawn_at timestamptz, available_to date, in_force_from date, in_force_until date, reasons text[],
    is_stale boolean, day date)
    RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE
        WHEN withdrawn_at IS NOT NULL THEN 'withdrawn'
        WHEN available_to < day THEN 'expired'
        WHEN is_stale THEN 'stale'
        WHEN in_force_from <= day AND coalesce(in_force_until >= day, true) AND reasons = '{}' THEN 'published'
        ELSE 'withheld'
    END;
