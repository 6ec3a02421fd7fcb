-- Figures kept added up: a year by academy, and by one more of convention, type of action, level, axis,
-- moment and event; and by academic region. Written where a report is validated or superseded, in its
-- transaction; `ree indicators verify` compares, `ree indicators rebuild` begins anew.

-- Two lists of numbers, added place by place.
CREATE OR REPLACE FUNCTION plus(a bigint[], b bigint[]) RETURNS bigint[] LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (SELECT array_agg(x + y ORDER BY place) FROM unnest(a, b) WITH ORDINALITY AS t (x, y, place));

-- What reports add to the cells, those that `taken` names with a minus sign.
CREATE OR REPLACE FUNCTION indicator_contributions(added uuid[], taken uuid[])
    RETURNS TABLE (school_year text, dimension text, place text, value text, reports bigint, sums bigint[], known bigint[],
                   changed_at timestamptz)
    LANGUAGE sql STABLE AS $$
    WITH line AS (
        SELECT r.school_year, r.convention_id, r.validated_at, a.parent AS academic_region, l.*,
               CASE WHEN r.id = ANY (taken) THEN -1 ELSE 1 END AS sign
          FROM reports r JOIN report_lines l ON l.report_id = r.id LEFT JOIN territories a ON a.code = l.academy
         WHERE r.id = ANY (added || taken)
    )
    SELECT line.school_year, d.dimension, p.place, d.value,
           count(DISTINCT report_id) FILTER (WHERE sign > 0) - count(DISTINCT report_id) FILTER (WHERE sign < 0),
           ARRAY[coalesce(sum(sign * actions), 0), coalesce(sum(sign * pupils), 0), coalesce(sum(sign * girls), 0),
                 coalesce(sum(sign * priority_education_pupils), 0), coalesce(sum(sign * teachers), 0),
                 coalesce(sum(sign * professionals), 0), coalesce(sum(sign * companies), 0),
                 coalesce(sum(sign * hours), 0), coalesce(sum(sign * internships_offered), 0),
                 coalesce(sum(sign * internships_filled), 0),
                 coalesce(sum(sign * girls) FILTER (WHERE pupils IS NOT NULL), 0),
                 coalesce(sum(sign * pupils) FILTER (WHERE girls IS NOT NULL), 0),
                 coalesce(sum(sign * priority_education_pupils) FILTER (WHERE pupils IS NOT NULL), 0),
                 coalesce(sum(sign * pupils) FILTER (WHERE priority_education_pupils IS NOT NULL), 0),
                 coalesce(sum(sign * internships_filled) FILTER (WHERE internships_offered IS NOT NULL), 0),
                 coalesce(sum(sign * internships_offered) FILTER (WHERE internships_filled IS NOT NULL), 0)],
           ARRAY[coalesce(sum(sign) FILTER (WHERE actions IS NOT NULL), 0),
                 coalesce(sum(sign) FILTER (WHERE pupils IS NOT NULL), 0),
                 coalesce(sum(sign) FILTER (WHERE girls IS NOT NULL), 0),
                 coalesce(sum(sign) FILTER (WHERE priority_education_pupils IS NOT NULL), 0),
                 coalesce(sum(sign) FILTER (WHERE teachers IS NOT NULL), 0),
                 coalesce(sum(sign) FILTER (WHERE professionals IS NOT NULL), 0),
                 coalesce(sum(sign) FILTER (WHERE companies IS NOT NULL), 0),
                 coalesce(sum(sign) FILTER (WHERE hours IS NOT NULL), 0),
                 coalesce(sum(sign) FILTER (WHERE internships_offered IS NOT NULL), 0),
                 coalesce(sum(sign) FILTER (WHERE internships_filled IS NOT NULL), 0),
                 coalesce(sum(sign) FILTER (WHERE girls IS NOT NULL AND pupils IS NOT NULL), 0),
                 coalesce(sum(sign) FILTER (WHERE pupils IS NOT NULL AND girls IS NOT NULL), 0),
                 coalesce(sum(sign) FILTER (WHERE priority_education_pupils IS NOT NULL AND pupils IS NOT NULL), 0),
                 coalesce(sum(sign) FILTER (WHERE pupils IS NOT NULL AND priority_education_pupils IS NOT NULL), 0),
                 coalesce(sum(sign) FILTER (WHERE internships_filled IS NOT NULL AND internships_offered IS NOT NULL), 0),
                 coalesce(sum(sign) FILTER (WHERE internships_offered IS NOT NULL AND internships_filled IS NOT NULL), 0)],
           max(line.validated_at)
      FROM line
     CROSS JOIN LATERAL (VALUES ('FR'), (coalesce(line.academy, '-'))) AS p (place)
     CROSS JOIN LATERAL (VALUES ('', ''), ('convention', line.convention_id::text), ('action_type', line.action_type),
                                ('level', coalesce(line.level, '-')), ('axis', coalesce(line.axis, '-')),
                                ('moment', coalesce(line.moment, '-')), ('event', coalesce(line.event, '-')),
                                ('academic_region', coalesce(line.academic_region, '-'))) AS d (dimension, value)
     -- A region is told of the country alone: within an academy it is that academy's.
     WHERE d.dimension <> 'academic_region' OR p.place = 'FR'
     GROUP BY line.school_year, d.dimension, p.place, d.value
$$;

-- Adds the lines of one report to the cells, and takes those of the one it supersedes from them. In one statement, whose
-- rows are locked in one order, the year's total first: who writes at the same time waits, and
-- nobody waits for each other.
CREATE OR REPLACE FUNCTION count_lines(added uuid, taken uuid, moment timestamptz) RETURNS void LANGUAGE sql AS $$
    INSERT INTO indicator_cells AS c (school_year, dimension, place, value, reports, sums, known, changed_at)
    SELECT n.school_year, n.dimension, n.place, n.value, n.reports, n.sums, n.known, moment
      FROM indicator_contributions(ARRAY[added], array_remove(ARRAY[taken], NULL)) AS n
     ORDER BY n.dimension COLLATE "C", n.place COLLATE "C", n.value COLLATE "C"
    ON CONFLICT (school_year, dimension, place, value) DO UPDATE
       SET reports = c.reports + excluded.reports, sums = plus(c.sums, excluded.sums),
           known = plus(c.known, excluded.known), changed_at = greatest(c.changed_at, excluded.changed_at);
$$;

-- Counts one report, where it is expected, among those that are validated: a correction was counted with
-- the report it supersedes. A campaign that opens waits for it, and it for the campaign; what replaces
-- the row meanwhile is waited for too, and has not counted it yet.
CREATE OR REPLACE FUNCTION count_expected(added uuid, taken uuid) RETURNS void LANGUAGE sql AS $$
    SELECT pg_advisory_xact_lock_shared(x'63616d706169676e'::bigint);
    INSERT INTO expected_counts AS c (school_year, convention_id, academic_region, academy, expected, validated)
    SELECT e.school_year, e.convention_id, coalesce(e.academic_region, ''), coalesce(e.academy, ''), 1, 1
      FROM reports r
      JOIN expected_reports e ON e.school_year = r.school_year AND e.territory = r.territory
                             AND e.object_id = coalesce(r.declination_id, r.convention_id)
     WHERE r.id = added AND taken IS NULL
    ON CONFLICT (school_year, convention_id, academic_region, academy) DO UPDATE SET validated = c.validated + 1;
$$;

-- Counts one report that is validated, and takes the one it supersedes out, in all that is kept.
CREATE OR REPLACE FUNCTION count_report(added uuid, taken uuid, moment timestamptz) RETURNS void LANGUAGE sql AS $$
    SELECT count_lines(added, taken, moment);
    SELECT count_expected(added, taken);
$$;

-- The cells of a year as its lines have them.
CREATE OR REPLACE FUNCTION indicator_cells_of(year text)
    RETURNS TABLE (dimension text, place text, value text, reports bigint, sums bigint[], known bigint[], changed_at timestamptz)
    LANGUAGE sql STABLE AS $$
    SELECT n.dimension, n.place, n.value, n.reports, n.sums, n.known, n.changed_at
      FROM indicator_contributions(ARRAY(SELECT id FROM reports WHERE school_year = year AND status = 'validated' AND NOT superseded), '{}') AS n
$$;

-- Writes the cells of a year anew. Who validates waits meanwhile, who reads does not; returns how
-- many there are.
CREATE OR REPLACE FUNCTION rebuild_indicator_cells(year text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    written bigint;
BEGIN
    LOCK TABLE indicator_cells IN SHARE ROW EXCLUSIVE MODE;
    DELETE FROM indicator_cells WHERE school_year = year;
    INSERT INTO indicator_cells (school_year, dimension, place, value, reports, sums, known, changed_at)
    SELECT year, n.dimension, n.place, n.value, n.reports, n.sums, n.known, n.changed_at FROM indicator_cells_of(year) AS n;
    GET DIAGNOSTICS written = ROW_COUNT;
    RETURN written;
END $$;

-- Where the cells of a year differ from its lines: as they are, and as they should be.
CREATE OR REPLACE FUNCTION indicator_cells_drift(year text)
    RETURNS TABLE (dimension text, place text, value text, is_reports bigint, should_reports bigint,
                   is_sums bigint[], should_sums bigint[])
    LANGUAGE sql STABLE AS $$
    SELECT coalesce(c.dimension, n.dimension), coalesce(c.place, n.place), coalesce(c.value, n.value),
           coalesce(c.reports, 0), coalesce(n.reports, 0), c.sums, n.sums
      FROM (SELECT * FROM indicator_cells WHERE school_year = year) AS c
      FULL JOIN indicator_cells_of(year) AS n USING (dimension, place, value)
     -- What is left of a cell that has no report is nothing.
     WHERE (coalesce(c.reports, 0), array_remove(c.sums, 0), array_remove(c.known, 0))
               IS DISTINCT FROM (coalesce(n.reports, 0), array_remove(n.sums, 0), array_remove(n.known, 0))
       AND NOT (n.dimension IS NULL AND c.reports = 0 AND 0 = ALL (c.sums) AND 0 = ALL (c.known))
$$;
