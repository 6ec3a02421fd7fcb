-- What is expected follows a write in the years it touches only, and a list of it tells what changed.

-- The days of a school year, as values/days.rs has them.
CREATE FUNCTION school_year_days(year text) RETURNS daterange LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
    RETURN daterange(make_date(left(year, 4)::integer, 9, 1), make_date(right(year, 4)::integer, 9, 1));

CREATE OR REPLACE FUNCTION follow_expectations(of_convention uuid, of_declination uuid) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    year text;
BEGIN
    PERFORM pg_advisory_xact_lock_shared(x'63616d706169676e'::bigint);
    -- Only those whose year the convention is, or was, in force in.
    FOR year IN
        SELECT k.school_year
          FROM campaigns k JOIN conventions c
            ON c.id = coalesce(of_convention, (SELECT d.convention_id FROM declinations d WHERE d.id = of_declination))
         WHERE k.closed_at IS NULL
           AND (convention_days(c.status, c.starts_on, c.in_force_until)
                    && school_year_days(k.school_year)
                OR EXISTS (SELECT FROM expected_reports e WHERE e.convention_id = c.id AND e.school_year = k.school_year))
         ORDER BY k.school_year
    LOOP
        PERFORM expect_reports(year, of_convention, of_declination);
    END LOOP;
END $$;

DROP VIEW expected_report_states;
-- Where each expected report stands: `validated` once there is one that counts, else as the one in
-- the making, `missing` without any.
CREATE VIEW expected_report_states AS
SELECT e.*, coalesce(v.id, o.id) AS report_id, coalesce(v.updated_at, o.updated_at) AS report_updated_at,
       CASE WHEN v.id IS NOT NULL THEN 'validated' ELSE coalesce(o.status, 'missing') END AS state
  FROM expected_reports e
  LEFT JOIN reports v ON v.convention_id = e.convention_id AND v.territory = e.territory AND v.school_year = e.school_year
                     AND v.declination_id IS NOT DISTINCT FROM e.declination_id
                     AND v.status = 'validated' AND NOT v.superseded
  LEFT JOIN reports o ON o.convention_id = e.convention_id AND o.territory = e.territory AND o.school_year = e.school_year
                     AND o.declination_id IS NOT DISTINCT FROM e.declination_id
                     AND o.status <> 'validated';
