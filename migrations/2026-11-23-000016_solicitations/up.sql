-- Solicitations: what schools ask of partners, and what became of it.

-- The school year that a day is in, as values/days.rs has it.
CREATE FUNCTION school_year(day date) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
    RETURN extract(year FROM day - interval '8 months')::integer::text || '-'
        || (extract(year FROM day - interval '8 months')::integer + 1)::text;

CREATE TABLE solicitations (
    id                uuid PRIMARY KEY,
    version           bigint NOT NULL DEFAULT 1,
    uai               text NOT NULL,
    -- The school and all above it.
    reach             text[] NOT NULL,
    intervention_id   uuid CONSTRAINT solicitations_intervention_fkey REFERENCES interventions (id),
    -- Asked of a person: an erased one leaves the request, and its partner answers it.
    representative_id uuid CONSTRAINT solicitations_representative_fkey REFERENCES representatives (id) ON DELETE SET NULL,
    partner_id        uuid NOT NULL CONSTRAINT solicitations_partner_fkey REFERENCES partners (id),
    convention_id     uuid CONSTRAINT solicitations_convention_fkey REFERENCES conventions (id),
    levels            text[] NOT NULL CONSTRAINT solicitations_levels CHECK (cardinality(levels) > 0),
    pupils_expected   integer,
    wished_from       date,
    wished_to         date,
    message           text,
    status            text NOT NULL DEFAULT 'requested'
        CONSTRAINT solicitations_status CHECK (status IN ('requested', 'accepted', 'declined', 'held', 'not_held', 'cancelled')),
    scheduled_on      date,
    reason            text,
    -- {held_on, pupils, girls, priority_education_pupils, teachers, professionals, hours}
    outcome           jsonb,
    created_at        timestamptz NOT NULL,
    updated_at        timestamptz NOT NULL,
    -- Whether a session of the intervention is taken: one that did not take place was, one cancelled is not.
    takes_session     boolean NOT NULL GENERATED ALWAYS AS (status IN ('accepted', 'held', 'not_held')) STORED,
    held_school_year  text GENERATED ALWAYS AS (school_year(iso_date(outcome ->> 'held_on'))) STORED,
    CONSTRAINT solicitations_of_one CHECK (num_nonnulls(intervention_id, representative_id) <= 1),
    CONSTRAINT solicitations_in_order CHECK (wished_to >= wished_from),
    CONSTRAINT solicitations_scheduled CHECK ((status IN ('accepted', 'held', 'not_held')) <= (scheduled_on IS NOT NULL)),
    CONSTRAINT solicitations_explained CHECK ((status IN ('declined', 'not_held')) <= (reason IS NOT NULL)),
    CONSTRAINT solicitations_held CHECK ((status = 'held') = (outcome IS NOT NULL))
);
CREATE INDEX solicitations_school_idx ON solicitations (uai, id);
CREATE INDEX solicitations_partner_idx ON solicitations (partner_id, id);
CREATE INDEX solicitations_intervention_idx ON solicitations (intervention_id, id) WHERE intervention_id IS NOT NULL;
CREATE INDEX solicitations_representative_idx ON solicitations (representative_id) WHERE representative_id IS NOT NULL;
CREATE INDEX solicitations_convention_idx ON solicitations (convention_id) WHERE convention_id IS NOT NULL;
CREATE INDEX solicitations_updated_idx ON solicitations (updated_at, id);
CREATE INDEX solicitations_reach_idx ON solicitations USING gin (reach);
-- The sessions that are taken of an intervention.
CREATE INDEX solicitations_session_idx ON solicitations (intervention_id) WHERE takes_session;
-- What a school's report on a year begins with.
CREATE INDEX solicitations_held_idx ON solicitations (uai, convention_id, held_school_year) WHERE outcome IS NOT NULL;

-- As before, and solicitations: the perimeter that has a school in charge has what it asks for.
CREATE OR REPLACE FUNCTION refresh_reach(uais text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    moved text[] := ARRAY(SELECT 'uai:' || uai FROM unnest(uais) AS uai);
BEGIN
    UPDATE representatives SET reach = reach_of(territories) WHERE territories && moved;
    UPDATE conventions SET reach = reach_of(ARRAY[territory]) WHERE territory = ANY (moved);
    UPDATE declinations SET reach = reach_of(territories) WHERE territories && moved;
    UPDATE reports SET reach = reach_of(ARRAY[territory]) WHERE territory = ANY (moved);
    UPDATE contacts SET reach = reach_of(ARRAY[territory]) WHERE territory = ANY (moved);
    UPDATE solicitations SET reach = reach_of(ARRAY['uai:' || uai]) WHERE uai = ANY (uais);
    UPDATE interventions
       SET held_by = ARRAY(SELECT code FROM unnest(territories) AS territory, unnest(reach_of(ARRAY[territory])) AS code
                            GROUP BY code HAVING count(*) = cardinality(territories))
     WHERE covers && moved;
END $$;
