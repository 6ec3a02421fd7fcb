-- What amendments and terminations made of the conventions is lost with their columns.
DROP FUNCTION codes_beyond;
DROP FUNCTION convention_end;
DROP FUNCTION convention_successor_under_way;
DROP TABLE amendment_partners;
DROP TABLE amendments;
DROP FUNCTION amendments_follow_partners;
DROP VIEW intervention_standing;
DROP TRIGGER conventions_text_updated ON conventions;
DROP TRIGGER conventions_text_inserted ON conventions;
DROP FUNCTION set_convention_texts;
DROP TABLE convention_texts;
DROP INDEX conventions_in_force_idx;
DROP FUNCTION convention_days;
ALTER TABLE conventions DROP COLUMN in_force_until;
DROP FUNCTION convention_agreed_end;
ALTER TABLE conventions
    DROP COLUMN amendments,
    DROP CONSTRAINT conventions_terminated,
    DROP CONSTRAINT conventions_replaced,
    DROP CONSTRAINT conventions_succeeded,
    ADD CONSTRAINT conventions_replaced CHECK ((successor_id IS NULL) = (replaced_on IS NULL));
ALTER TABLE conventions ADD COLUMN in_force_until date GENERATED ALWAYS AS (
    convention_last_day(ends_on, terms -> 'renewal', imported ->> 'attested_until', termination ->> 'on', replaced_on)) STORED;

ALTER FUNCTION conventions_follow_text RENAME TO conventions_follow_partners;
CREATE OR REPLACE FUNCTION conventions_follow_partners() RETURNS trigger LANGUAGE plpgsql AS $$
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
