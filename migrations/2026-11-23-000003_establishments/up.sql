-- The ministry's directory of establishments.

CREATE TABLE establishments (
    uai                text PRIMARY KEY CONSTRAINT establishments_uai_form CHECK (uai ~ '^[0-9]{7}[A-HJ-NPR-Z]$'),
    id                 uuid NOT NULL CONSTRAINT establishments_id_key UNIQUE,
    version            bigint NOT NULL DEFAULT 1,
    -- Null where the directory has none yet: schools about to open.
    name               text,
    type               text,
    sector             text CONSTRAINT establishments_sector CHECK (sector IN ('public', 'private')),
    contract           text,
    nature_code        text,
    address            text,
    postal_code        text,
    city               text,
    city_code          text,
    -- Null where the directory's own codes name no territory of the reference data.
    department         text CONSTRAINT establishments_department_fkey REFERENCES territories (code),
    academy            text CONSTRAINT establishments_academy_fkey REFERENCES territories (code),
    academic_region    text CONSTRAINT establishments_region_fkey REFERENCES territories (code),
    latitude           double precision,
    longitude          double precision,
    phone              text,
    email              text,
    website            text,
    siret              text,
    -- {general, technological, vocational, segpa, ulis, post_bac}: true, false, or null where the directory is silent.
    tracks             jsonb NOT NULL,
    priority_education text CONSTRAINT establishments_priority CHECK (priority_education IN ('REP', 'REP+')),
    levels             text[] NOT NULL,
    state              text NOT NULL
        CONSTRAINT establishments_state CHECK (state IN ('open', 'opening', 'closing', 'closed')),
    parent_uai         text,
    -- The further addresses of one UAI: [{name, address, postal_code, city, city_code, latitude, longitude, phone, email, website}].
    sites              jsonb NOT NULL DEFAULT '[]',
    source_updated_on  date,
    created_at         timestamptz NOT NULL,
    updated_at         timestamptz NOT NULL,
    search             text NOT NULL GENERATED ALWAYS AS (
        fold(uai || ' ' || coalesce(name, '') || ' ' || coalesce(city, '') || ' ' || coalesce(postal_code, ''))) STORED
);
CREATE INDEX establishments_updated_idx ON establishments (updated_at, uai);
CREATE INDEX establishments_department_idx ON establishments (department, uai);
CREATE INDEX establishments_academy_idx ON establishments (academy, uai);
CREATE INDEX establishments_search_idx ON establishments USING gin (search gin_trgm_ops);

-- The whole tree, as territories are read: reference territories and, as leaves, establishments.
-- PostgreSQL reads it branch by branch: a filter or an order on a column of the view goes down to
-- both tables, where an index has the very expression of the branch.
CREATE VIEW territory_tree AS
    SELECT code, kind, name, parent, official_code, created_at, updated_at,
           fold(name || ' ' || official_code) AS search
      FROM territories
    UNION ALL
    SELECT 'uai:' || uai, 'establishment', coalesce(name, uai), coalesce(department, academy, academic_region), uai,
           created_at, updated_at, search
      FROM establishments;
CREATE INDEX establishments_territory_idx ON establishments (('uai:' || uai));
CREATE INDEX establishments_territory_parent_idx
    ON establishments ((coalesce(department, academy, academic_region)), ('uai:' || uai));
CREATE INDEX establishments_territory_updated_idx ON establishments (updated_at, ('uai:' || uai));
