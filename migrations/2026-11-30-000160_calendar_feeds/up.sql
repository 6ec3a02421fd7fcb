-- Addresses that a calendar program subscribes to: each shows the deadlines of one caller, to whoever has it.

CREATE TABLE calendar_feeds (
    -- The caller whose it is, told apart from all others: one address each.
    owner      text PRIMARY KEY,
    client_id  uuid CONSTRAINT calendar_feeds_client_fkey REFERENCES clients (id),
    -- With which rights deadlines are read, where they are not those of a client: its role and perimeter.
    acts_as    jsonb NOT NULL,
    -- SHA-256 of the address's secret part, which is not kept.
    digest     bytea NOT NULL CONSTRAINT calendar_feeds_digest_key UNIQUE,
    created_at timestamptz NOT NULL
);
