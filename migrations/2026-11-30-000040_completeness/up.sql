-- A declination says who reports on it: its territories, or the schools it covers.
ALTER TABLE declinations ADD COLUMN reports_by text NOT NULL DEFAULT 'territory'
    CONSTRAINT declinations_reports_by CHECK (reports_by IN ('territory', 'establishment'));

-- Of the reports expected, those that are validated, kept beside how many there are: figures are told
-- with both.
ALTER TABLE expected_counts ADD COLUMN validated bigint NOT NULL DEFAULT 0;

-- Overseas services lie in no region: they stand under the country, as their lines do.
UPDATE expected_reports SET academic_region = 'FR'
 WHERE academic_region IS NULL AND academy IS NOT NULL;
DELETE FROM expected_counts;
INSERT INTO expected_counts (school_year, convention_id, academic_region, academy, expected, validated)
SELECT e.school_year, e.convention_id, coalesce(e.academic_region, ''), coalesce(e.academy, ''), count(*),
       count(*) FILTER (WHERE EXISTS (
           SELECT FROM reports r
            WHERE r.convention_id = e.convention_id AND r.territory = e.territory AND r.school_year = e.school_year
              AND r.declination_id IS NOT DISTINCT FROM e.declination_id
              AND r.status = 'validated' AND NOT r.superseded))
  FROM expected_reports e
 GROUP BY e.school_year, e.convention_id, e.academic_region, e.academy;
