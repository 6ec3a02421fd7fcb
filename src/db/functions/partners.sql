-- The networks of partners, as rows.

-- Keeps `partner_networks` as `partners.member_of` says: a network is really there and cannot be deleted
-- under its members.
CREATE OR REPLACE FUNCTION partners_follow_networks() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM partner_networks WHERE partner_id = NEW.id AND NOT network_id = ANY (NEW.member_of);
    INSERT INTO partner_networks (partner_id, network_id)
        SELECT NEW.id, network FROM unnest(NEW.member_of) AS network
        ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER partners_networks_inserted AFTER INSERT ON partners
    FOR EACH ROW WHEN (NEW.member_of <> '{}') EXECUTE FUNCTION partners_follow_networks();
CREATE OR REPLACE TRIGGER partners_networks_updated AFTER UPDATE OF member_of ON partners
    FOR EACH ROW WHEN (NEW.member_of <> OLD.member_of) EXECUTE FUNCTION partners_follow_networks();
