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
        CONSTRAINT interventions_external_id CHECK (external_id ~ '^[A-Za-z0-9._:~-]{1,128}$' AND external_id <> 'batch'),
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
    -- The territories and all above them: what a local convention's territory is compared with.
    reach             text[] NOT NULL,
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

-- What an intervention's publication depends on besides the day: the days its convention is in force
-- (none before it is signed), and why that convention does not carry it, if so.
CREATE VIEW intervention_standing AS
    SELECT i.id AS intervention_id,
           CASE WHEN c.status IN ('signed', 'terminated', 'replaced') THEN c.starts_on END AS in_force_from,
           c.in_force_until,
           array_remove(ARRAY[
               CASE WHEN NOT (c.partner_ids && (p.member_of || p.id)) THEN 'not_a_party' END,
               CASE WHEN c.action_types <> '{}' AND NOT i.action_type = ANY (c.action_types) THEN 'action_type_not_covered' END,
               CASE WHEN c.levels <> '{}' AND NOT i.levels <@ c.levels THEN 'level_not_covered' END,
               CASE WHEN c.scope = 'local' AND (i.nationwide OR NOT c.territory = ANY (i.reach)) THEN 'territory_not_covered' END
           ], NULL) AS reasons
      FROM interventions i
      JOIN conventions c ON c.id = i.convention_id
      JOIN partners p ON p.id = i.partner_id;
