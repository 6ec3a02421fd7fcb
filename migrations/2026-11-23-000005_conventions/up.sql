-- Conventions, what all agreements stand on, and who may know of a change.

-- Who may read a change in the feed, decided when it is written (db/write.rs): `everyone`, `readers`,
-- `partner:<id>`, `within:<territory>` (the object lies in it), `over:<territory>` (the object
-- covers it). A change of what only some may see is only told to those.
ALTER TABLE changes ADD COLUMN audience text[] NOT NULL DEFAULT '{everyone}';

-- A reader of a few types need not walk all the others.
CREATE INDEX changes_type_idx ON changes (type, position, seq);

-- What a file calls a partner, for the imports that refer to it.
ALTER TABLE partners ADD COLUMN source_id text;
CREATE UNIQUE INDEX partners_source_key ON partners (source_id) WHERE source_id IS NOT NULL;

-- These schools and every territory above them.
CREATE FUNCTION above_schools(uais text[]) RETURNS text[]
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN (SELECT coalesce(array_agg(DISTINCT code), '{}')
              FROM establishments e
             CROSS JOIN unnest(ARRAY['FR', 'uai:' || e.uai, e.department, e.academy, e.academic_region,
                    (SELECT parent FROM territories WHERE code = e.department),
                    (SELECT parent FROM territories WHERE code = e.academy)]) AS code
             WHERE e.uai = ANY (uais) AND code IS NOT NULL);

-- The cast depends on DateStyle for other forms than the one we store.
CREATE FUNCTION iso_date(input text) RETURNS date
    LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
    RETURN input::date;

-- The numbers given so far under each prefix (`CN-2025`, `CL-A09-2016`).
CREATE TABLE reference_counters (
    prefix text PRIMARY KEY,
    last   integer NOT NULL
);

-- The last day a convention can be in force, null when nothing ends it: the end of its last tacit
-- renewal, the day it is terminated for, the eve of its successor, whichever comes first. Of an
-- imported one whose source gives no end, the last day the source attests.
CREATE FUNCTION convention_last_day(ends_on date, renewal jsonb, attested_until text, terminated_on text, replaced_on date)
    RETURNS date LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN least(
        CASE WHEN ends_on IS NULL THEN iso_date(attested_until)
             WHEN renewal ->> 'mode' IS DISTINCT FROM 'tacit' THEN ends_on
             ELSE (ends_on + make_interval(months => (renewal ->> 'months')::integer * (renewal ->> 'max_times')::integer))::date
        END,
        iso_date(terminated_on), replaced_on - 1);

-- What a convention is on a day; null when it was never signed. The rule of `effective_status`,
-- which conventions/term.rs has too: a test compares the two.
CREATE FUNCTION convention_effective_status(
    status text, starts_on date, in_force_until date, termination jsonb, replaced_on date, day date)
    RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE
        WHEN status NOT IN ('signed', 'terminated', 'replaced') THEN NULL
        WHEN iso_date(termination ->> 'on') < day THEN 'terminated'
        WHEN replaced_on <= day THEN 'replaced'
        WHEN starts_on > day THEN 'upcoming'
        WHEN starts_on IS NULL OR in_force_until < day THEN 'expired'
        ELSE 'in_force'
    END;

CREATE TABLE conventions (
    id                uuid PRIMARY KEY,
    version           bigint NOT NULL DEFAULT 1,
    reference         text NOT NULL CONSTRAINT conventions_reference_key UNIQUE,
    status            text NOT NULL DEFAULT 'draft'
        CONSTRAINT conventions_status CHECK (
            status IN ('draft', 'negotiation', 'to_sign', 'signed', 'abandoned', 'terminated', 'replaced')),
    title             text NOT NULL,
    kind              text NOT NULL,
    scope             text NOT NULL CONSTRAINT conventions_scope CHECK (scope IN ('national', 'local')),
    territory         text,
    -- The territory and all above it; empty for a national one.
    reach             text[] NOT NULL,
    partner_ids       uuid[] NOT NULL CONSTRAINT conventions_partners CHECK (cardinality(partner_ids) > 0),
    axes              text[] NOT NULL,
    action_types      text[] NOT NULL,
    levels            text[] NOT NULL,
    moments           text[] NOT NULL,
    -- Null only for imported ones whose source does not say.
    starts_on         date,
    ends_on           date,
    -- The rest of the contractual content: {purpose, follow_up, renewal, notice_months, board_decision}.
    terms             jsonb NOT NULL,
    -- What is not contractual: {managing_office, nor, bulletin_reference, documents}.
    publication       jsonb NOT NULL,
    -- [{side, partner_id, name, function, organisation, order, signature}]
    signatories       jsonb NOT NULL,
    -- Those given to a text that changed afterwards: [{signatory, voided_at, reason}].
    voided_signatures jsonb NOT NULL,
    predecessor_id    uuid CONSTRAINT conventions_predecessor_fkey REFERENCES conventions (id),
    -- Both set when the successor is signed.
    successor_id      uuid CONSTRAINT conventions_successor_fkey REFERENCES conventions (id),
    replaced_on       date,
    -- {on, party, kind, reason}
    termination       jsonb,
    signed_on         date,
    content_hash      text NOT NULL,
    -- Of an imported one: {source, source_id, date_precision, attested_until}.
    imported          jsonb,
    in_force_until    date GENERATED ALWAYS AS (
        convention_last_day(ends_on, terms -> 'renewal', imported ->> 'attested_until', termination ->> 'on', replaced_on)) STORED,
    created_at        timestamptz NOT NULL,
    updated_at        timestamptz NOT NULL,
    search            text NOT NULL GENERATED ALWAYS AS (
        fold(title || ' ' || reference || ' ' || coalesce(publication ->> 'nor', '')
             || ' ' || coalesce(publication ->> 'bulletin_reference', ''))) STORED,
    CONSTRAINT conventions_place CHECK ((scope = 'local') = (territory IS NOT NULL)),
    CONSTRAINT conventions_dated CHECK (starts_on IS NOT NULL OR imported IS NOT NULL),
    CONSTRAINT conventions_in_order CHECK (ends_on >= starts_on),
    CONSTRAINT conventions_signed CHECK (status <> 'signed' OR signed_on IS NOT NULL OR imported IS NOT NULL),
    CONSTRAINT conventions_replaced CHECK ((successor_id IS NULL) = (replaced_on IS NULL)),
    CONSTRAINT conventions_not_its_own_predecessor CHECK (predecessor_id <> id)
);
CREATE INDEX conventions_updated_idx ON conventions (updated_at, id);
CREATE INDEX conventions_partners_idx ON conventions USING gin (partner_ids);
CREATE INDEX conventions_reach_idx ON conventions USING gin (reach);
CREATE INDEX conventions_predecessor_idx ON conventions (predecessor_id) WHERE predecessor_id IS NOT NULL;
CREATE UNIQUE INDEX conventions_source_key ON conventions ((imported ->> 'source_id')) WHERE imported IS NOT NULL;

-- `partner_ids` as rows, so that a party is really there and cannot be deleted under its conventions.
CREATE TABLE convention_partners (
    convention_id uuid NOT NULL CONSTRAINT convention_partners_convention_fkey REFERENCES conventions (id) ON DELETE CASCADE,
    partner_id    uuid NOT NULL CONSTRAINT convention_partners_partner_fkey REFERENCES partners (id),
    PRIMARY KEY (convention_id, partner_id)
);
CREATE INDEX convention_partners_partner_idx ON convention_partners (partner_id);

CREATE FUNCTION conventions_follow_partners() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM convention_partners WHERE convention_id = NEW.id AND NOT partner_id = ANY (NEW.partner_ids);
    INSERT INTO convention_partners (convention_id, partner_id)
        SELECT NEW.id, partner FROM unnest(NEW.partner_ids) AS partner
        ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER conventions_partners_inserted AFTER INSERT ON conventions
    FOR EACH ROW EXECUTE FUNCTION conventions_follow_partners();
CREATE TRIGGER conventions_partners_updated AFTER UPDATE OF partner_ids ON conventions
    FOR EACH ROW WHEN (NEW.partner_ids <> OLD.partner_ids) EXECUTE FUNCTION conventions_follow_partners();
