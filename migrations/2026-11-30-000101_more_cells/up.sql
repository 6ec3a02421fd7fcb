-- Figures are kept by axis, moment, event and academic region too: these took from 0.5 to 13 s of the lines
-- of a year or of all years. The conventions' cells answer for partners and sectors, so that nothing is kept
-- for those.

ALTER TABLE indicator_cells DROP CONSTRAINT indicator_cells_dimension;
ALTER TABLE indicator_cells ADD CONSTRAINT indicator_cells_dimension
    CHECK (dimension IN ('', 'convention', 'action_type', 'level', 'axis', 'moment', 'event', 'academic_region'));

-- Who validates waits until what was validated before is added up.
LOCK TABLE indicator_cells IN SHARE ROW EXCLUSIVE MODE;

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

-- What was validated before, a year at a time.
DO $$
DECLARE
    year text;
BEGIN
    FOR year IN SELECT DISTINCT school_year FROM reports WHERE status = 'validated' AND NOT superseded LOOP
        INSERT INTO indicator_cells (school_year, dimension, place, value, reports, sums, known, changed_at)
        SELECT n.school_year, n.dimension, n.place, n.value, n.reports, n.sums, n.known, n.changed_at
          FROM indicator_contributions(
                   ARRAY(SELECT id FROM reports WHERE school_year = year AND status = 'validated' AND NOT superseded), '{}') AS n
         WHERE n.dimension IN ('axis', 'moment', 'event', 'academic_region');
    END LOOP;
END $$;
