-- What every resource stands on: reference data, the journal (audit rows and the change feed)
-- and the answers kept for idempotency keys.

CREATE EXTENSION IF NOT EXISTS unaccent;
CREATE EXTENSION IF NOT EXISTS pg_trgm;

-- `unaccent` is only STABLE because its dictionary could be altered; ours never is, and generated
-- columns and indexes need an IMMUTABLE function.
CREATE FUNCTION fold(input text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
    RETURN lower(public.unaccent('public.unaccent'::regdictionary, input));

-- One row: what belongs to this database and not to a process.
CREATE TABLE installation (
    only_row    boolean PRIMARY KEY DEFAULT true CONSTRAINT installation_one_row CHECK (only_row),
    -- Signs cursors, so that every instance of the service accepts those of the others.
    cursor_key  bytea NOT NULL,
    -- Added to transaction ids to make change positions: raised when a restored database starts
    -- again with smaller transaction ids, so that positions never go back.
    feed_shift  bigint NOT NULL DEFAULT 0,
    created_at  timestamptz NOT NULL DEFAULT now()
);
INSERT INTO installation (cursor_key)
    VALUES (uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()));

CREATE TABLE territories (
    code          text PRIMARY KEY,
    kind          text NOT NULL
        CONSTRAINT territories_kind CHECK (kind IN ('country', 'academic_region', 'academy', 'overseas_service', 'department')),
    name          text NOT NULL,
    parent        text CONSTRAINT territories_parent_fkey REFERENCES territories (code),
    official_code text NOT NULL,
    created_at    timestamptz NOT NULL,
    updated_at    timestamptz NOT NULL
);

CREATE TABLE nomenclatures (
    name       text PRIMARY KEY,
    entries    jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);

-- Who did what to which object, from what to what. Personal fields are named in `fields`; their
-- values are in neither `before` nor `after`.
CREATE TABLE audit_events (
    id          uuid PRIMARY KEY,
    occurred_at timestamptz NOT NULL,
    subject     text NOT NULL,
    role        text NOT NULL,
    client_id   text NOT NULL,
    request_id  text NOT NULL,
    action      text NOT NULL,
    object_type text NOT NULL,
    object_id   uuid NOT NULL,
    fields      text[] NOT NULL,
    before      jsonb,
    after       jsonb
);
CREATE INDEX audit_events_object_idx ON audit_events (object_id, id);

-- The change feed. A row's place is (transaction id, sequence): a reader only sees rows of
-- transactions older than every one still running, so none can appear behind its cursor.
CREATE TABLE changes (
    position    bigint NOT NULL,
    seq         bigint GENERATED ALWAYS AS IDENTITY,
    type        text NOT NULL,
    object_type text NOT NULL,
    object_id   uuid NOT NULL,
    -- The last part of the object's URL (its id, or its UAI).
    object_key  text NOT NULL,
    -- The object it belongs to, when its URL is below another one's.
    parent_id   uuid,
    version     bigint NOT NULL,
    occurred_at timestamptz NOT NULL,
    CONSTRAINT changes_pkey PRIMARY KEY (position, seq)
);
CREATE FUNCTION feed_position() RETURNS bigint
    LANGUAGE sql VOLATILE
    RETURN pg_current_xact_id()::text::bigint + (SELECT feed_shift FROM installation);
CREATE FUNCTION feed_horizon() RETURNS bigint
    LANGUAGE sql STABLE
    RETURN pg_snapshot_xmin(pg_current_snapshot())::text::bigint + (SELECT feed_shift FROM installation);
ALTER TABLE changes ALTER COLUMN position SET DEFAULT feed_position();

-- The first answer to a request that carried an Idempotency-Key.
CREATE TABLE idempotency_keys (
    -- SHA-256 over client, subject, method, path and key.
    scope        bytea PRIMARY KEY,
    request_hash bytea NOT NULL,
    status       smallint NOT NULL,
    location     text,
    etag         text,
    -- Null once the person it spoke of was erased.
    body         bytea,
    -- The person the answer contains, if any.
    person_id    uuid,
    created_at   timestamptz NOT NULL
);
CREATE INDEX idempotency_keys_person_idx ON idempotency_keys (person_id) WHERE person_id IS NOT NULL;
CREATE INDEX idempotency_keys_created_idx ON idempotency_keys (created_at);
