-- Machine clients, their secrets (digests only) and the tokens revoked before their end.

CREATE TABLE clients (
    id            uuid PRIMARY KEY,
    version       bigint NOT NULL DEFAULT 1,
    name          text NOT NULL,
    contact_email text NOT NULL,
    role          text NOT NULL
        CONSTRAINT clients_role CHECK (role IN ('ministry', 'academy', 'establishment', 'partner', 'reader')),
    territories   text[] NOT NULL,
    uais          text[] NOT NULL,
    partner_id    uuid CONSTRAINT clients_partner_fkey REFERENCES partners (id),
    scopes        text[] NOT NULL,
    status        text NOT NULL DEFAULT 'active'
        CONSTRAINT clients_status CHECK (status IN ('active', 'revoked')),
    expires_at    timestamptz,
    last_used_at  timestamptz,
    -- Tokens whose id (a UUIDv7) is not greater are no longer accepted: set when the client is
    -- revoked and when what it may do is changed.
    tokens_after  uuid,
    created_at    timestamptz NOT NULL,
    updated_at    timestamptz NOT NULL,
    CONSTRAINT clients_perimeter CHECK (
        (role = 'academy') = (territories <> '{}')
        AND (role = 'establishment') = (uais <> '{}')
        AND (role = 'partner') = (partner_id IS NOT NULL))
);
CREATE INDEX clients_updated_idx ON clients (updated_at, id);
CREATE INDEX clients_partner_idx ON clients (partner_id) WHERE partner_id IS NOT NULL;
CREATE INDEX clients_tokens_after_idx ON clients (tokens_after) WHERE tokens_after IS NOT NULL;

CREATE TABLE client_secrets (
    id           uuid PRIMARY KEY,
    client_id    uuid NOT NULL CONSTRAINT client_secrets_client_fkey REFERENCES clients (id),
    digest       bytea NOT NULL CONSTRAINT client_secrets_digest_key UNIQUE,
    -- The first characters, enough to recognise a secret and useless to guess it.
    hint         text NOT NULL,
    created_at   timestamptz NOT NULL,
    expires_at   timestamptz,
    last_used_at timestamptz
);
CREATE INDEX client_secrets_client_idx ON client_secrets (client_id, id);

CREATE TABLE revoked_tokens (
    jti        uuid PRIMARY KEY,
    expires_at timestamptz NOT NULL
);
