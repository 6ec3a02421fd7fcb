-- What campaigns expect: a report on each convention and declination in force on a day of the school
-- year, from each of its territories. It follows conventions and declinations while the campaign is
-- open, and stays as it is once it is closed.

-- What is expected of a year as conventions and declinations stand: all of it, or of one convention
-- (its own report and those of its declinations), or of one declination.
CREATE OR REPLACE FUNCTION reports_to_expect(year text, of_convention uuid, of_declination uuid)
    RETURNS TABLE (convention_id uuid, declination_id uuid, territory text, reach text[], first_day date, last_day date)
    LANGUAGE sql STABLE AS $$
    WITH y AS (
        SELECT daterange(make_date(left(year, 4)::integer, 9, 1), make_date(right(year, 4)::integer, 9, 1)) AS days
    ), expected AS (
        SELECT c.id AS convention_id, NULL::uuid AS declination_id, coalesce(c.territory, 'FR') AS territory,
               CASE WHEN c.territory IS NULL THEN ARRAY['FR'] ELSE c.reach END AS reach,
               convention_days(c.status, c.starts_on, c.in_force_until) * y.days AS days
          FROM y JOIN conventions c ON convention_days(c.status, c.starts_on, c.in_force_until) && y.days
         WHERE of_declination IS NULL AND (of_convention IS NULL OR c.id = of_convention)
        UNION ALL
        SELECT d.convention_id, d.id, t.territory,
               CASE WHEN d.territories = ARRAY[t.territory] THEN d.reach ELSE reach_of(ARRAY[t.territory]) END,
               convention_days(c.status, c.starts_on, c.in_force_until) * y.days * declination_days(d.status, d.starts_on, d.ends_on, d.updated_at)
          FROM y JOIN conventions c ON convention_days(c.status, c.starts_on, c.in_force_until) && y.days
                 JOIN declinations d ON d.convention_id = c.id AND d.status IN ('active', 'closed')
         CROSS JOIN LATERAL unnest(CASE WHEN d.reports_by = 'establishment' THEN declination_schools(d.id, upper(y.days) - 1)
                                        ELSE d.territories END) AS t (territory)
         WHERE CASE WHEN of_declination IS NOT NULL THEN d.id = of_declination
                    ELSE of_convention IS NULL OR d.convention_id = of_convention END
    )
    SELECT convention_id, declination_id, territory, reach, lower(days), upper(days) - 1
      FROM expected WHERE NOT isempty(days)
$$;

-- The academic region that a report is of, by the territory it is on and all above it: overseas services
-- lie in none, and stand under the country as their lines do. None for what is of the country alone.
CREATE OR REPLACE FUNCTION region_in(reach text[]) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (SELECT coalesce(min(code) FILTER (WHERE code LIKE 'region:%'),
                            min('FR') FILTER (WHERE code LIKE 'academy:%' AND code <> 'academy:none'))
              FROM unnest(reach) AS code);

-- Writes what an open campaign expects, how many there are, and how many of them are validated: all
-- of it, or of one convention or declination.
CREATE OR REPLACE FUNCTION expect_reports(year text, of_convention uuid, of_declination uuid) RETURNS void LANGUAGE sql AS $$
    DELETE FROM expected_reports e
     WHERE e.school_year = year AND (of_convention IS NULL OR e.convention_id = of_convention)
       AND (of_declination IS NULL OR e.declination_id = of_declination);
    INSERT INTO expected_reports (school_year, convention_id, declination_id, territory, reach, academy, academic_region,
                                  first_day, last_day)
    SELECT year, n.convention_id, n.declination_id, n.territory, n.reach,
           (SELECT min(code) FROM unnest(n.reach) AS code WHERE code LIKE 'academy:%' AND code <> 'academy:none'),
           region_in(n.reach),
           n.first_day, n.last_day
      FROM reports_to_expect(year, of_convention, of_declination) AS n;
    DELETE FROM expected_counts c
     WHERE c.school_year = year AND (of_convention IS NULL OR c.convention_id = of_convention)
       AND (of_declination IS NULL OR c.convention_id = (SELECT d.convention_id FROM declinations d WHERE d.id = of_declination));
    INSERT INTO expected_counts (school_year, convention_id, academic_region, academy, expected, validated)
    SELECT year, e.convention_id, coalesce(e.academic_region, ''), coalesce(e.academy, ''), count(*), count(v.id)
      FROM expected_reports e
      LEFT JOIN reports v ON v.convention_id = e.convention_id AND v.territory = e.territory AND v.school_year = e.school_year
                         AND v.declination_id IS NOT DISTINCT FROM e.declination_id
                         AND v.status = 'validated' AND NOT v.superseded
     WHERE e.school_year = year AND (of_convention IS NULL OR e.convention_id = of_convention)
       AND (of_declination IS NULL OR e.convention_id = (SELECT d.convention_id FROM declinations d WHERE d.id = of_declination))
     GROUP BY e.convention_id, e.academic_region, e.academy;
$$;

-- A campaign that opens waits for those who change what is expected, and they for it: neither
-- misses what the other has not committed yet. The key of the lock is "campaign" in ASCII.
CREATE OR REPLACE FUNCTION open_campaign(year text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(x'63616d706169676e'::bigint);
    PERFORM expect_reports(year, NULL, NULL);
END $$;

-- What is expected of one convention or declination, in the open campaigns of the years it touches.
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

-- Which schools report changed, with the directory or with the levels of an agreement: what is expected
-- of the declinations that have their schools report follows, in the open campaigns. Of all of them, or
-- of those of a convention or below a declination.
CREATE OR REPLACE FUNCTION follow_schools(of_convention uuid, below uuid) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    changed uuid;
BEGIN
    FOR changed IN
        SELECT id FROM declinations
         WHERE reports_by = 'establishment' AND status IN ('active', 'closed')
           AND (of_convention IS NULL OR convention_id = of_convention) AND (below IS NULL OR parent_id = below)
         ORDER BY id
    LOOP
        PERFORM follow_expectations(NULL, changed);
    END LOOP;
END $$;

-- Whatever changes the days or territories of a convention, what is expected follows.
CREATE OR REPLACE FUNCTION expectations_follow_conventions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM follow_expectations(NEW.id, NULL);
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER conventions_expected_inserted AFTER INSERT ON conventions
    FOR EACH ROW WHEN (NEW.status IN ('signed', 'terminated', 'replaced'))
    EXECUTE FUNCTION expectations_follow_conventions();
CREATE OR REPLACE TRIGGER conventions_expected_updated AFTER UPDATE ON conventions
    FOR EACH ROW WHEN ((OLD.status, OLD.starts_on, OLD.in_force_until, OLD.reach)
                       IS DISTINCT FROM (NEW.status, NEW.starts_on, NEW.in_force_until, NEW.reach))
    EXECUTE FUNCTION expectations_follow_conventions();

-- The same for declinations.
CREATE OR REPLACE FUNCTION expectations_follow_declinations() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM follow_expectations(NULL, NEW.id);
    PERFORM follow_schools(NEW.convention_id, NEW.id);
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER declinations_expected_inserted AFTER INSERT ON declinations
    FOR EACH ROW WHEN (NEW.status IN ('active', 'closed'))
    EXECUTE FUNCTION expectations_follow_declinations();
CREATE OR REPLACE TRIGGER declinations_expected_updated AFTER UPDATE ON declinations
    FOR EACH ROW WHEN ((OLD.status, OLD.starts_on, OLD.ends_on, OLD.territories, OLD.reach, OLD.reports_by, OLD.levels)
                       IS DISTINCT FROM (NEW.status, NEW.starts_on, NEW.ends_on, NEW.territories, NEW.reach, NEW.reports_by,
                                         NEW.levels))
    EXECUTE FUNCTION expectations_follow_declinations();

-- Where each expected report stands: `validated` once there is one that counts, else as the one in
-- the making, `missing` without any.
CREATE OR REPLACE VIEW expected_report_states AS
    SELECT e.school_year, e.convention_id, e.declination_id, e.object_id, e.territory, e.reach, e.academy,
           e.academic_region, e.first_day, e.last_day,
           coalesce(v.id, o.id) AS report_id, coalesce(v.updated_at, o.updated_at) AS report_updated_at,
           CASE WHEN v.id IS NOT NULL THEN 'validated' ELSE coalesce(o.status, 'missing') END AS state
      FROM expected_reports e
      LEFT JOIN reports v ON v.convention_id = e.convention_id AND v.territory = e.territory AND v.school_year = e.school_year
                         AND v.declination_id IS NOT DISTINCT FROM e.declination_id
                         AND v.status = 'validated' AND NOT v.superseded
      LEFT JOIN reports o ON o.convention_id = e.convention_id AND o.territory = e.territory AND o.school_year = e.school_year
                         AND o.declination_id IS NOT DISTINCT FROM e.declination_id
                         AND o.status <> 'validated';

-- Where what is kept of a year's campaign differs from what it follows: the reports that an open one
-- expects, one by one, and for any how many they are and how many of them are validated.
CREATE OR REPLACE FUNCTION expected_drift(year text)
    RETURNS TABLE (kept text, place text, value text, measure text, found bigint, expected bigint) LANGUAGE sql STABLE AS $$
    SELECT 'expected_reports', coalesce(e.territory, n.territory), coalesce(e.object_id, n.object_id)::text, 'reports_expected',
           (e.object_id IS NOT NULL)::integer::bigint, (n.object_id IS NOT NULL)::integer::bigint
      FROM (SELECT object_id, territory, academy, academic_region, first_day, last_day
              FROM expected_reports WHERE school_year = year) AS e
      FULL JOIN (SELECT coalesce(declination_id, convention_id) AS object_id, territory, region_in(reach) AS academic_region,
                        (SELECT min(code) FROM unnest(reach) AS code WHERE code LIKE 'academy:%' AND code <> 'academy:none') AS academy,
                        first_day, last_day
                   FROM reports_to_expect(year, NULL, NULL)) AS n USING (object_id, territory)
     WHERE EXISTS (SELECT FROM campaigns k WHERE k.school_year = year AND k.closed_at IS NULL)
       AND (e.object_id IS NULL OR n.object_id IS NULL
            OR (e.academy, e.academic_region, e.first_day, e.last_day)
                   IS DISTINCT FROM (n.academy, n.academic_region, n.first_day, n.last_day))
    UNION ALL
    SELECT 'expected_counts', coalesce(nullif(academy, ''), nullif(academic_region, ''), 'FR'), convention_id::text, m.measure,
           coalesce(m.found, 0), coalesce(m.expected, 0)
      FROM (SELECT convention_id, academic_region, academy, expected, validated FROM expected_counts WHERE school_year = year) AS c
      FULL JOIN (SELECT convention_id, coalesce(academic_region, '') AS academic_region, coalesce(academy, '') AS academy,
                        count(*) AS expected, count(*) FILTER (WHERE state = 'validated') AS validated
                   FROM expected_report_states WHERE school_year = year
                  GROUP BY convention_id, academic_region, academy) AS n USING (convention_id, academic_region, academy)
     CROSS JOIN LATERAL (VALUES ('reports_expected', c.expected, n.expected),
                                ('completeness_rate', c.validated, n.validated)) AS m (measure, found, expected)
     WHERE coalesce(m.found, 0) <> coalesce(m.expected, 0)
$$;

-- Writes what is kept of a year's campaign anew: what an open one expects, what a closed one expected
-- counted again.
CREATE OR REPLACE FUNCTION rebuild_expected(year text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(x'63616d706169676e'::bigint);
    IF EXISTS (SELECT FROM campaigns WHERE school_year = year AND closed_at IS NULL) THEN
        PERFORM expect_reports(year, NULL, NULL);
        RETURN;
    END IF;
    DELETE FROM expected_counts WHERE school_year = year;
    INSERT INTO expected_counts (school_year, convention_id, academic_region, academy, expected, validated)
    SELECT year, convention_id, coalesce(academic_region, ''), coalesce(academy, ''), count(*),
           count(*) FILTER (WHERE state = 'validated')
      FROM expected_report_states
     WHERE school_year = year
     GROUP BY convention_id, academic_region, academy;
END $$;
