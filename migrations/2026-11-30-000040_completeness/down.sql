DROP FUNCTION IF EXISTS follow_schools(uuid, uuid);
DROP FUNCTION IF EXISTS region_in(text[]);
DROP FUNCTION IF EXISTS declination_schools(uuid, date);
DROP FUNCTION IF EXISTS count_expected(uuid, uuid);
DROP FUNCTION IF EXISTS count_lines(uuid, uuid, timestamptz);
CREATE OR REPLACE TRIGGER declinations_expected_updated AFTER UPDATE ON declinations
    FOR EACH ROW WHEN ((OLD.status, OLD.starts_on, OLD.ends_on, OLD.territories, OLD.reach)
                       IS DISTINCT FROM (NEW.status, NEW.starts_on, NEW.ends_on, NEW.territories, NEW.reach))
    EXECUTE FUNCTION expectations_follow_declinations();
UPDATE expected_reports SET academic_region = NULL WHERE academic_region = 'FR';
UPDATE expected_counts SET academic_region = '' WHERE academic_region = 'FR';
ALTER TABLE expected_counts DROP COLUMN validated;
ALTER TABLE declinations DROP COLUMN reports_by;
