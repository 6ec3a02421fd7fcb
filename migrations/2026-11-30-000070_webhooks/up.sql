-- Webhooks: addresses that are told of changes, each with its own place in the feed.

CREATE TABLE webhooks (
    id              uuid PRIMARY KEY,
    version         bigint NOT NULL DEFAULT 1,
    -- The caller whose it is, told apart from all others; a machine client's id, where it is one's.
    owner           text NOT NULL,
    client_id       uuid CONSTRAINT webhooks_client_fkey REFERENCES clients (id),
    -- With which rights the feed is read, where they are not those of a client: its role and perimeter.
    acts_as         jsonb NOT NULL,
    url             text NOT NULL,
    types           text[] NOT NULL,
    territories     text[] NOT NULL,
    description     text,
    status          text NOT NULL DEFAULT 'active'
        CONSTRAINT webhooks_status CHECK (status IN ('active', 'paused', 'disabled')),
    disabled_reason text,
    -- The last change of the feed that is done with.
    position        bigint NOT NULL,
    seq             bigint NOT NULL,
    last_success_at timestamptz,
    failing_since   timestamptz,
    -- Attempts in a row that failed.
    failures        integer NOT NULL DEFAULT 0,
    -- When it is looked at next.
    due_at          timestamptz NOT NULL,
    -- Whoever sends for it now, and until when nobody else does.
    lease           uuid,
    leased_until    timestamptz,
    created_at      timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL,
    CONSTRAINT webhooks_reason CHECK ((status = 'disabled') = (disabled_reason IS NOT NULL))
);
CREATE INDEX webhooks_owner_idx ON webhooks (owner, id);
CREATE INDEX webhooks_updated_idx ON webhooks (updated_at, id);
CREATE INDEX webhooks_due_idx ON webhooks (due_at) WHERE status = 'active';

CREATE TABLE webhook_secrets (
    id         uuid PRIMARY KEY,
    webhook_id uuid NOT NULL CONSTRAINT webhook_secrets_webhook_fkey REFERENCES webhooks (id) ON DELETE CASCADE,
    -- Encrypted with a key that is not in the database: signing needs the secret itself.
    sealed     text NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz
);
CREATE INDEX webhook_secrets_webhook_idx ON webhook_secrets (webhook_id, id);

CREATE TABLE webhook_deliveries (
    id           uuid PRIMARY KEY,
    webhook_id   uuid NOT NULL CONSTRAINT webhook_deliveries_webhook_fkey REFERENCES webhooks (id) ON DELETE CASCADE,
    type         text NOT NULL,
    -- The change it tells of; null for a test.
    position     bigint,
    seq          bigint,
    object_type  text NOT NULL,
    object_id    uuid NOT NULL,
    object_url   text NOT NULL,
    object_version bigint NOT NULL,
    occurred_at  timestamptz NOT NULL,
    outcome      text NOT NULL
        CONSTRAINT webhook_deliveries_outcome CHECK (outcome IN ('delivered', 'failed', 'pending')),
    attempts     integer NOT NULL DEFAULT 0,
    attempted_at timestamptz,
    duration_ms  integer,
    status_code  integer,
    -- The first kilobyte of the answer.
    answer       text,
    -- Why there was none.
    error        text,
    -- When it is to be sent, where that is beside the feed: a test, or one that is sent again.
    due_at       timestamptz,
    created_at   timestamptz NOT NULL,
    CONSTRAINT webhook_deliveries_change_key UNIQUE (webhook_id, position, seq)
);
CREATE INDEX webhook_deliveries_webhook_idx ON webhook_deliveries (webhook_id, id);
CREATE INDEX webhook_deliveries_due_idx ON webhook_deliveries (webhook_id, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX webhook_deliveries_created_idx ON webhook_deliveries (created_at);

-- Where in the feed a moment is.
CREATE INDEX changes_occurred_idx ON changes USING brin (occurred_at);
