-- Whether a key of a report is taken is asked with `declination_id IS NOT DISTINCT FROM …`, which no index
-- serves: with the declination last, the three columns before it find the few reports that are left, where
-- all of a convention's were read (1.2 ms of each insert at 5,000 reports a convention). The same keys under
-- the same names.

ALTER TABLE reports DROP CONSTRAINT reports_number_key;
ALTER TABLE reports ADD CONSTRAINT reports_number_key
    UNIQUE NULLS NOT DISTINCT (convention_id, territory, school_year, declination_id, number);

DROP INDEX reports_open_key;
CREATE UNIQUE INDEX reports_open_key ON reports (convention_id, territory, school_year, declination_id)
    NULLS NOT DISTINCT WHERE status <> 'validated';

DROP INDEX reports_current_key;
CREATE UNIQUE INDEX reports_current_key ON reports (convention_id, territory, school_year, declination_id)
    NULLS NOT DISTINCT WHERE status = 'validated' AND NOT superseded;

-- The reports and lines of a year, of a convention or in the making, in their order: the first page of a late
-- year skipped all of those before it (0.9 s at 1,000,000 reports), and a list of drafts read every report.
CREATE INDEX reports_year_idx ON reports (school_year, id);
CREATE INDEX reports_convention_idx ON reports (convention_id, id);
CREATE INDEX reports_open_idx ON reports (status, id) WHERE status <> 'validated';
