DELETE FROM indicator_cells WHERE dimension IN ('axis', 'moment', 'event', 'academic_region');

CREATE OR REPLACE FUNCTION indicator_contributions(added uuid[], taken uuid[])
    RETURNS TABLE (school_year text, dimension text, place text, value text, reports bigint, sums bigint[], known bigint[],
                   changed_at timestamptz)
    LANGUAGE sql STABLE AS $$
    WITH line AS (
        SELECT r.school_year, r.convention_id, r.validated_at, l.*, CASE WHEN r.id = ANY (taken) THEN -1 ELSE 1 END AS sign
          FROM reports r JOIN report_lines l ON l.report_id = r.id
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
                                ('level', coalesce(line.level, '-'))) AS d (dimension, value)
     GROUP BY line.school_year, d.dimension, p.place, d.value
$$;

ALTER TABLE indicator_cells DROP CONSTRAINT indicator_cells_dimension;
ALTER TABLE indicator_cells ADD CONSTRAINT indicator_cells_dimension
    CHECK (dimension IN ('', 'convention', 'action_type', 'level'));
