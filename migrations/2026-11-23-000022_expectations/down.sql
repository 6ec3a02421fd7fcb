CREATE OR REPLACE FUNCTION follow_expectations(of_convention uuid, of_declination uuid) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    year text;
BEGIN
    PERFORM pg_advisory_xact_lock_shared(x'63616d706169676e'::bigint);
    FOR year IN SELECT school_year FROM campaigns WHERE closed_at IS NULL ORDER BY school_year LOOP
        PERFORM expect_reports(year, of_convention, of_declination);
    END LOOP;
END $$;

DROP VIEW expected_report_states;
-- Where each expected report stands: `validated` once there is one that counts, else as the one in
-- the making, `missing` without any.
CREATE VIEW expected_report_states AS
SELECT e.*, coalesce(v.id, o.id) AS report_id,
       CASE WHEN v.id IS NOT NULL THEN 'validated' ELSE coalesce(o.status, 'missing') END AS state
  FROM expected_reports e
  LEFT JOIN reports v ON v.convention_id = e.convention_id AND v.territory = e.territory AND v.school_year = e.school_year
                     AND v.declination_id IS NOT DISTINCT FROM e.declination_id
                     AND v.status = 'validated' AND NOT v.superseded
  LEFT JOIN reports o ON o.convention_id = e.convention_id AND o.territory = e.territory AND o.school_year = e.school_year
                     AND o.declination_id IS NOT DISTINCT FROM e.declination_id
                     AND o.status <> 'validated';

DROP FUNCTION school_year_days;
