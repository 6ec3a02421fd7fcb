-- Contacts: whom a partner or a school writes to, on the education side.

CREATE TABLE contacts (
    id         uuid PRIMARY KEY,
    version    bigint NOT NULL DEFAULT 1,
    territory  text NOT NULL
        CONSTRAINT contacts_territory CHECK (territory ~ '^(academy|department|uai):'),
    -- The territory and all above it.
    reach      text[] NOT NULL,
    role       text NOT NULL,
    name       text,
    email      text,
    phone      text,
    label      text,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE INDEX contacts_territory_idx ON contacts (territory, id);
CREATE INDEX contacts_updated_idx ON contacts (updated_at, id);
CREATE INDEX contacts_reach_idx ON contacts USING gin (reach);

-- As before, and contacts: the perimeter that has a school in charge has its contacts.
CREATE OR REPLACE FUNCTION refresh_reach(uais text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    moved text[] := ARRAY(SELECT 'uai:' || uai FROM unnest(uais) AS uai);
BEGIN
    UPDATE representatives SET reach = reach_of(territories) WHERE territories && moved;
    UPDATE conventions SET reach = reach_of(ARRAY[territory]) WHERE territory = ANY (moved);
    UPDATE declinations SET reach = reach_of(territories) WHERE territories && moved;
    UPDATE reports SET reach = reach_of(ARRAY[territory]) WHERE territory = ANY (moved);
    UPDATE contacts SET reach = reach_of(ARRAY[territory]) WHERE territory = ANY (moved);
    UPDATE interventions
       SET held_by = ARRAY(SELECT code FROM unnest(territories) AS territory, unnest(reach_of(ARRAY[territory])) AS code
                            GROUP BY code HAVING count(*) = cardinality(territories))
     WHERE covers && moved;
END $$;
