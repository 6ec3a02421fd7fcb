-- Interventions: what partners offer to schools now.

-- French, accents put aside before endings are.
CREATE TEXT SEARCH CONFIGURATION french_plain (COPY = french);
ALTER TEXT SEARCH CONFIGURATION french_plain
    ALTER MAPPING FOR asciiword, asciihword, hword_asciipart, word, hword, hword_part WITH unaccent, french_stem;

CREATE TABLE interventions (
    id                uuid PRIMARY KEY,
    version           bigint NOT NULL DEFAULT 1,
    partner_id        uuid NOT NULL CONSTRAINT interventions_partner_fkey REFERENCES partners (id),
    external_id       text COLLATE "C" NOT NULL
        CONSTRAINT interventions_external_id CHECK (external_id ~ '^[A-Za-z0-9._:~-]{1,128}$' AND external_id NOT IN ('batch', 'touch')),
    convention_id     uuid NOT NULL CONSTRAINT interventions_convention_fkey REFERENCES conventions (id),
    title             text NOT NULL,
    description       text,
    action_type       text NOT NULL,
    levels            text[] NOT NULL CONSTRAINT interventions_levels CHECK (cardinality(levels) > 0),
    moments           text[] NOT NULL,
    axes              text[] NOT NULL,
    event             text,
    modality          text NOT NULL,
    nationwide        boolean NOT NULL,
    territories       text[] NOT NULL,
    -- What holds all of the territories: among it is the territory of a local convention that covers them.
    held_by           text[] NOT NULL,
    -- {latitude, longitude, radius_km, label}
    place             jsonb,
    available_from    date,
    available_to      date,
    duration_minutes  integer,
    sessions          integer,
    pupils_per_session integer,
    languages         text[] NOT NULL,
    url               text,
    accessibility     text,
    confirmed_at      timestamptz NOT NULL,
    withdrawn_at      timestamptz,
    created_at        timestamptz NOT NULL,
    updated_at        timestamptz NOT NULL,
    -- What a school's territories are searched in: the territories, or the country.
    covers            text[] NOT NULL GENERATED ALWAYS AS (CASE WHEN nationwide THEN ARRAY['FR'] ELSE territories END) STORED,
    search            tsvector NOT NULL GENERATED ALWAYS AS (
        setweight(to_tsvector('public.french_plain'::regconfig, title), 'A')
        || setweight(to_tsvector('public.french_plain'::regconfig, coalesce(description, '')), 'B')) STORED,
    CONSTRAINT interventions_external_key UNIQUE (partner_id, external_id),
    CONSTRAINT interventions_somewhere CHECK (nationwide = (territories = '{}')),
    CONSTRAINT interventions_in_order CHECK (available_to >= available_from)
);
CREATE INDEX interventions_partner_idx ON interventions (partner_id, id);
CREATE INDEX interventions_convention_idx ON interventions (convention_id, id);
CREATE INDEX interventions_updated_idx ON interventions (updated_at, id);
-- One index for the three things a school searches by: they are asked together.
CREATE INDEX interventions_search_idx ON interventions USING gin (search, covers, levels);

-- What is searched for, as a user writes it: words, "a phrase", -without.
CREATE FUNCTION french_query(q text) RETURNS tsquery
    LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
    RETURN websearch_to_tsquery('public.french_plain'::regconfig, q);

-- What a convention is to what a partner offers under it: the days it is in force, whether it is the
-- partner's or its network's, what it is limited to. Joined by both ids, never read whole. It does
-- not read the interventions themselves: a view that did was joined with them again for each row,
-- and a page of a list took 570 ms where it now takes 2.
CREATE VIEW intervention_standing AS
    SELECT c.id AS convention_id,
           p.id AS partner_id,
           -- Why it carries nothing of this partner's.
           array_remove(ARRAY[
               CASE WHEN NOT (c.partner_ids && (p.member_of || p.id)) THEN 'not_a_party' END,
               CASE WHEN c.status NOT IN ('signed', 'terminated', 'replaced') THEN 'convention_not_signed' END
           ], NULL) AS obstacles,
           c.starts_on AS in_force_from,
           c.in_force_until,
           c.action_types,
           c.levels,
           c.territory
      FROM conventions c
     CROSS JOIN partners p;

-- Why a convention does not carry an intervention, whatever the day.
CREATE FUNCTION intervention_reasons(
    obstacles text[], covered_types text[], covered_levels text[], territory text,
    action_type text, levels text[], held_by text[])
    RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN obstacles || array_remove(ARRAY[
        CASE WHEN NOT (covered_types = '{}' OR action_type = ANY (covered_types)) THEN 'action_type_not_covered' END,
        CASE WHEN NOT (covered_levels = '{}' OR levels <@ covered_levels) THEN 'level_not_covered' END,
        CASE WHEN NOT (territory IS NULL OR territory = ANY (held_by)) THEN 'territory_not_covered' END
    ], NULL);

-- What an intervention is on a day. The rule of `status`, which interventions/standing.rs has too: a
-- test compares the two.
CREATE FUNCTION intervention_status(
    withdrawn_at timestamptz, available_to date, in_force_from date, in_force_until date, reasons text[], day date)
    RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE
        WHEN withdrawn_at IS NOT NULL THEN 'withdrawn'
        WHEN available_to < day THEN 'expired'
        WHEN in_force_from <= day AND coalesce(in_force_until >= day, true) AND reasons = '{}' THEN 'published'
        ELSE 'withheld'
    END;
