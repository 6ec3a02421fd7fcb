-- Reports: their lines, what they are drafted from, and what they are compared with.

-- Writes the lines of a report, in their order: [{action_type, level, …, internships_filled}].
CREATE OR REPLACE FUNCTION insert_report_lines(report uuid, lines jsonb) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO report_lines
    SELECT report, given.place, l.action_type, l.level, l.moment, l.axis, l.academy, l.event, l.actions, l.pupils, l.girls,
           l.priority_education_pupils, l.teachers, l.professionals, l.companies, l.hours, l.internships_offered,
           l.internships_filled
      FROM jsonb_array_elements(lines) WITH ORDINALITY AS given (line, place)
     CROSS JOIN LATERAL jsonb_populate_record(NULL::report_lines, given.line) AS l;
    RETURN true;
END $$;

-- What the reports below one add, whatever their declination: validated, not superseded, of the same
-- convention and school year, of a territory strictly inside its own. The keys are those of the
-- answer's `consolidated`; a sum is null where no line knows.
-- In PL/pgSQL, which keeps its plans: planning it costs more than most readings of it.
CREATE OR REPLACE FUNCTION report_consolidated(report uuid) RETURNS jsonb LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
DECLARE
    own record;
BEGIN
    SELECT r.convention_id, r.school_year, r.territory INTO own FROM reports r WHERE r.id = report;
    IF own.territory LIKE 'uai:%' THEN
        -- Nothing is below a school.
        RETURN '{"reports": 0, "establishments": 0, "actions": null, "pupils": null, "girls": null,
                 "priority_education_pupils": null, "teachers": null, "professionals": null, "companies": null,
                 "hours": null, "internships_offered": null, "internships_filled": null}';
    END IF;
    RETURN (
        WITH below AS MATERIALIZED (
            SELECT b.id, b.establishments
              FROM reports b
             WHERE b.school_year = own.school_year AND b.convention_id = own.convention_id
               AND b.status = 'validated' AND NOT b.superseded
               AND b.territory <> own.territory AND own.territory = ANY (b.reach))
        SELECT jsonb_build_object(
                   'reports', (SELECT count(*) FROM below),
                   'establishments', (SELECT count(DISTINCT uai) FROM below, unnest(establishments) AS uai),
                   'actions', sum(actions), 'pupils', sum(pupils), 'girls', sum(girls),
                   'priority_education_pupils', sum(priority_education_pupils), 'teachers', sum(teachers),
                   'professionals', sum(professionals), 'companies', sum(companies), 'hours', sum(hours),
                   'internships_offered', sum(internships_offered), 'internships_filled', sum(internships_filled))
          FROM below JOIN report_lines l ON l.report_id = below.id);
END $$;

-- Of the schools that a report names, those that have one of their own, of the same convention and
-- school year.
CREATE OR REPLACE FUNCTION report_schools_reporting(report uuid) RETURNS text[] LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
DECLARE
    own record;
BEGIN
    SELECT r.convention_id, r.school_year, r.territory, r.establishments INTO own FROM reports r WHERE r.id = report;
    IF own.territory LIKE 'uai:%' THEN
        RETURN '{}';
    END IF;
    RETURN (
        SELECT coalesce(array_agg(DISTINCT substr(b.territory, 5)), '{}')
          FROM unnest(own.establishments) AS uai
          JOIN reports b ON b.territory = 'uai:' || uai AND b.school_year = own.school_year
                        AND b.convention_id = own.convention_id);
END $$;

-- What a report's cross-checks compare it with:
--   unlined    the academies of its schools that none of its lines names, where lines name academies,
--              each with the place of its first school: [{academy, place}]
--   last_year  the lines of the validated report of the same key on the school year before
-- In PL/pgSQL, which keeps its plans.
CREATE OR REPLACE FUNCTION report_checks(report uuid) RETURNS jsonb LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
DECLARE
    own record;
    unlined jsonb := '[]';
    before text;
BEGIN
    SELECT r.convention_id, r.declination_id, r.territory, r.school_year, r.establishments INTO own
      FROM reports r WHERE r.id = report;
    before := (left(own.school_year, 4)::integer - 1)::text || '-' || left(own.school_year, 4);
    -- Elsewhere there is one academy, and every line names it.
    IF own.territory = 'FR' OR own.territory LIKE 'region:%' THEN
        SELECT coalesce(jsonb_agg(jsonb_build_object('academy', a.academy, 'place', a.place) ORDER BY a.place), '[]')
          INTO unlined
          FROM (SELECT e.academy, min(named.place) - 1 AS place
                  FROM unnest(own.establishments) WITH ORDINALITY AS named (uai, place)
                  JOIN establishments e USING (uai)
                 WHERE e.academy IS NOT NULL
                 GROUP BY e.academy) AS a
         WHERE EXISTS (SELECT FROM report_lines l WHERE l.report_id = report AND l.academy IS NOT NULL)
           AND NOT EXISTS (SELECT FROM report_lines l WHERE l.report_id = report AND l.academy = a.academy);
    END IF;
    RETURN jsonb_build_object(
        'unlined', unlined,
        'last_year', (
            SELECT coalesce(jsonb_agg(to_jsonb(l) - 'report_id' ORDER BY l.place), '[]')
              FROM reports b JOIN report_lines l ON l.report_id = b.id
             WHERE b.territory = own.territory AND b.convention_id = own.convention_id
               AND b.declination_id IS NOT DISTINCT FROM own.declination_id
               AND b.school_year = before AND b.status = 'validated' AND NOT b.superseded));
END $$;

-- A sum as a line counts it: no more than the largest count that a line may say.
CREATE OR REPLACE FUNCTION report_count(total numeric) RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN total > 100000000 THEN 100000000 ELSE total::integer END;

-- What took place under a convention in a school year, in a territory and, of a declination, in its
-- territories; but for what the reports of territories inside it, or another report of its own, are
-- there to state. A line for each type of action, level, moment, axis, academy and event as far as
-- they are known: of several levels, moments or axes none is. Where that makes too many lines, `grain`
-- leaves out the event (1), the moment and the axis (2), the level (3).
--   {solicitations, unplaced, schools, establishments, lines}
CREATE OR REPLACE FUNCTION held_for_report(
    convention uuid, declination uuid, own text, school_year text, grain integer, most integer
) RETURNS jsonb LANGUAGE sql STABLE AS $$
    WITH held AS MATERIALIZED (
        SELECT s.uai, o.*, i.action_type,
               CASE WHEN grain < 3 AND cardinality(s.levels) = 1 THEN s.levels[1] END AS level,
               CASE WHEN grain < 2 AND cardinality(i.moments) = 1 THEN i.moments[1] END AS moment,
               CASE WHEN grain < 2 AND cardinality(i.axes) = 1 THEN i.axes[1] END AS axis,
               CASE WHEN grain < 1 THEN i.event END AS event,
               (SELECT min(code) FROM unnest(s.reach) AS code WHERE code ~ '^academy:[0-9]') AS academy
          FROM solicitations s
          LEFT JOIN interventions i ON i.id = s.intervention_id
         CROSS JOIN LATERAL jsonb_to_record(s.outcome) AS o (
               pupils bigint, girls bigint, priority_education_pupils bigint, teachers bigint, professionals bigint,
               hours bigint)
         WHERE s.outcome IS NOT NULL AND s.convention_id = $1 AND s.held_school_year = $4 AND s.reach @> ARRAY[$3]
           AND ($2 IS NULL OR s.reach && (SELECT d.territories FROM declinations d WHERE d.id = $2))
           AND NOT EXISTS (
               SELECT FROM reports b
                WHERE b.convention_id = $1 AND b.school_year = $4 AND $3 = ANY (b.reach) AND b.territory = ANY (s.reach)
                  AND (b.territory, b.declination_id) IS DISTINCT FROM ($3, $2))
    ), placed AS (
        -- A line needs its type of action, and its academy but for a school's report.
        SELECT * FROM held WHERE action_type IS NOT NULL AND (academy IS NOT NULL OR $3 LIKE 'uai:%')
    ), lines AS (
        SELECT action_type, level, moment, axis, academy, event, count(*) AS actions, report_count(sum(pupils)) AS pupils,
               -- Of whom the pupils are known, so that a part is no more than its whole.
               report_count(CASE WHEN count(pupils) = 0 THEN sum(girls)
                                 ELSE sum(girls) FILTER (WHERE pupils IS NOT NULL) END) AS girls,
               report_count(CASE WHEN count(pupils) = 0 THEN sum(priority_education_pupils)
                                 ELSE sum(priority_education_pupils) FILTER (WHERE pupils IS NOT NULL) END) AS priority_education_pupils,
               report_count(sum(teachers)) AS teachers, report_count(sum(professionals)) AS professionals,
               report_count(sum(hours)) AS hours
          FROM placed GROUP BY action_type, level, moment, axis, academy, event
         ORDER BY academy COLLATE "C", action_type COLLATE "C", level COLLATE "C", moment COLLATE "C", axis COLLATE "C",
                  event COLLATE "C"
         LIMIT most + 1
    ), schools AS (
        SELECT DISTINCT uai FROM held
    )
    SELECT jsonb_build_object(
        'solicitations', (SELECT count(*) FROM held),
        'unplaced', (SELECT count(*) FROM held) - (SELECT count(*) FROM placed),
        'schools', (SELECT count(*) FROM schools),
        'establishments', (SELECT coalesce(jsonb_agg(uai ORDER BY uai COLLATE "C"), '[]') FROM schools),
        'lines', (SELECT coalesce(jsonb_agg(to_jsonb(l)), '[]') FROM lines l))
$$;
