-- The last requests of each caller, without bodies and queries: for it alone to read.
CREATE TABLE request_log (
    -- Whose it is: the caller, told apart from all others.
    owner       text NOT NULL,
    -- In the order of the answers.
    id          uuid NOT NULL,
    -- When it was received.
    at          timestamptz NOT NULL,
    request_id  text NOT NULL,
    method      text NOT NULL,
    -- The operation and the form of its path; null for an address that is none.
    operation   text,
    route       text,
    path        text NOT NULL,
    status      smallint NOT NULL,
    -- Why it was refused.
    code        text,
    duration_ms integer NOT NULL,
    -- Requests of the same caller after it that are not kept: there were too many at once.
    not_kept    integer NOT NULL,
    PRIMARY KEY (owner, id)
);
-- Rows come in the order of time, and go by it.
CREATE INDEX request_log_at_idx ON request_log USING brin (at);
