-- Declinations: a convention carried to academic regions, academies or schools.

CREATE TABLE declinations (
    id                uuid PRIMARY KEY,
    version           bigint NOT NULL DEFAULT 1,
    convention_id     uuid NOT NULL CONSTRAINT declinations_convention_fkey REFERENCES conventions (id),
    parent_id         uuid CONSTRAINT declinations_parent_fkey REFERENCES declinations (id),
    level             text NOT NULL
        CONSTRAINT declinations_level CHECK (level IN ('academic_region', 'academy', 'establishment')),
    territories       text[] NOT NULL
        CONSTRAINT declinations_somewhere CHECK (cardinality(territories) > 0),
    -- The territories and all above them.
    reach             text[] NOT NULL,
    title             text,
    axes              text[] NOT NULL,
    action_types      text[] NOT NULL,
    levels            text[] NOT NULL,
    moments           text[] NOT NULL,
    -- {name, function, email, phone}: a person.
    coordinator       jsonb,
    representative_id uuid CONSTRAINT declinations_representative_fkey REFERENCES representatives (id) ON DELETE SET NULL,
    starts_on         date NOT NULL,
    ends_on           date,
    targets           jsonb NOT NULL,
    planned_actions   jsonb NOT NULL,
    board_decision    jsonb,
    signatories       jsonb NOT NULL,
    status            text NOT NULL DEFAULT 'draft'
        CONSTRAINT declinations_status CHECK (status IN ('draft', 'active', 'closed', 'abandoned')),
    created_at        timestamptz NOT NULL,
    updated_at        timestamptz NOT NULL,
    CONSTRAINT declinations_in_order CHECK (ends_on >= starts_on),
    CONSTRAINT declinations_not_their_own_parent CHECK (parent_id <> id)
);
CREATE INDEX declinations_convention_idx ON declinations (convention_id, id);
CREATE INDEX declinations_parent_idx ON declinations (parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX declinations_representative_idx ON declinations (representative_id) WHERE representative_id IS NOT NULL;
CREATE INDEX declinations_updated_idx ON declinations (updated_at, id);
CREATE INDEX declinations_reach_idx ON declinations USING gin (reach);

-- The territories of the active ones: one declination of a convention for each, at each level.
CREATE TABLE declination_claims (
    convention_id  uuid NOT NULL CONSTRAINT declination_claims_convention_fkey REFERENCES conventions (id),
    level          text NOT NULL,
    territory      text NOT NULL,
    declination_id uuid NOT NULL CONSTRAINT declination_claims_declination_fkey REFERENCES declinations (id) ON DELETE CASCADE,
    CONSTRAINT declination_claims_key PRIMARY KEY (convention_id, level, territory)
);
CREATE INDEX declination_claims_declination_idx ON declination_claims (declination_id);
