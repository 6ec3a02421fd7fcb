DROP INDEX reports_open_idx;
DROP INDEX reports_convention_idx;
DROP INDEX reports_year_idx;

DROP INDEX reports_current_key;
CREATE UNIQUE INDEX reports_current_key ON reports (convention_id, declination_id, territory, school_year)
    NULLS NOT DISTINCT WHERE status = 'validated' AND NOT superseded;

DROP INDEX reports_open_key;
CREATE UNIQUE INDEX reports_open_key ON reports (convention_id, declination_id, territory, school_year)
    NULLS NOT DISTINCT WHERE status <> 'validated';

ALTER TABLE reports DROP CONSTRAINT reports_number_key;
ALTER TABLE reports ADD CONSTRAINT reports_number_key
    UNIQUE NULLS NOT DISTINCT (convention_id, declination_id, territory, school_year, number);
