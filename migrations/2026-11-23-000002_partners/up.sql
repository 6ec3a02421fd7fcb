-- Partners, the national networks they are members of, and their representatives.

CREATE TABLE partners (
    id          uuid PRIMARY KEY,
    version     bigint NOT NULL DEFAULT 1,
    legal_name  text NOT NULL,
    usual_name  text,
    acronym     text,
    kind        text NOT NULL,
    siren       text CONSTRAINT partners_siren_form CHECK (siren ~ '^[0-9]{9}$'),
    rna         text CONSTRAINT partners_rna_form CHECK (rna ~ '^W[0-9][0-9A-Z][0-9]{7}$'),
    sectors     text[] NOT NULL,
    member_of   uuid[] NOT NULL,
    website     text,
    description text,
    status      text NOT NULL DEFAULT 'active'
        CONSTRAINT partners_status CHECK (status IN ('active', 'archived')),
    created_at  timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL,
    -- What `sort=legal_name` orders by, and what `q` looks into.
    sort_name   text COLLATE "C" NOT NULL GENERATED ALWAYS AS (fold(legal_name)) STORED,
    search      text NOT NULL GENERATED ALWAYS AS (
        fold(legal_name || ' ' || coalesce(usual_name, '') || ' ' || coalesce(acronym, '')
             || ' ' || coalesce(siren, '') || ' ' || coalesce(rna, ''))) STORED,
    CONSTRAINT partners_not_its_own_network CHECK (NOT id = ANY (member_of))
);
CREATE UNIQUE INDEX partners_siren_key ON partners (siren) WHERE siren IS NOT NULL;
CREATE UNIQUE INDEX partners_rna_key ON partners (rna) WHERE rna IS NOT NULL;
CREATE INDEX partners_name_idx ON partners (sort_name, id);
CREATE INDEX partners_updated_idx ON partners (updated_at, id);

-- `member_of` as rows, so that a network is really there and cannot be deleted under its members.
CREATE TABLE partner_networks (
    partner_id uuid NOT NULL CONSTRAINT partner_networks_partner_fkey REFERENCES partners (id) ON DELETE CASCADE,
    network_id uuid NOT NULL CONSTRAINT partner_networks_network_fkey REFERENCES partners (id),
    PRIMARY KEY (partner_id, network_id)
);
CREATE INDEX partner_networks_network_idx ON partner_networks (network_id);

CREATE FUNCTION partners_follow_networks() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM partner_networks WHERE partner_id = NEW.id AND NOT network_id = ANY (NEW.member_of);
    INSERT INTO partner_networks (partner_id, network_id)
        SELECT NEW.id, network FROM unnest(NEW.member_of) AS network
        ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER partners_networks_inserted AFTER INSERT ON partners
    FOR EACH ROW WHEN (NEW.member_of <> '{}') EXECUTE FUNCTION partners_follow_networks();
CREATE TRIGGER partners_networks_updated AFTER UPDATE OF member_of ON partners
    FOR EACH ROW WHEN (NEW.member_of <> OLD.member_of) EXECUTE FUNCTION partners_follow_networks();

CREATE TABLE representatives (
    id          uuid PRIMARY KEY,
    version     bigint NOT NULL DEFAULT 1,
    partner_id  uuid NOT NULL CONSTRAINT representatives_partner_fkey REFERENCES partners (id),
    name        text NOT NULL,
    function    text,
    email       text,
    phone       text,
    territories text[] NOT NULL
        CONSTRAINT representatives_somewhere CHECK (cardinality(territories) > 0),
    -- The territories and all that are above them: what a perimeter is compared with.
    reach       text[] NOT NULL,
    created_at  timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL
);
CREATE INDEX representatives_partner_idx ON representatives (partner_id, id);
CREATE INDEX representatives_updated_idx ON representatives (partner_id, updated_at, id);
