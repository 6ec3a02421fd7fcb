-- Reports: what one territory did under a convention in one school year, version after version.

CREATE TABLE reports (
    id             uuid PRIMARY KEY,
    version        bigint NOT NULL DEFAULT 1,
    convention_id  uuid NOT NULL CONSTRAINT reports_convention_fkey REFERENCES conventions (id),
    declination_id uuid CONSTRAINT reports_declination_fkey REFERENCES declinations (id),
    territory      text NOT NULL,
    -- The territory and all above it.
    reach          text[] NOT NULL,
    school_year    text NOT NULL CONSTRAINT reports_school_year CHECK (school_year ~ '^[0-9]{4}-[0-9]{4}$'),
    -- 1 for the first, one more for each correction.
    number         integer NOT NULL,
    supersedes_id  uuid CONSTRAINT reports_supersedes_fkey REFERENCES reports (id),
    status         text NOT NULL DEFAULT 'draft'
        CONSTRAINT reports_status CHECK (status IN ('draft', 'submitted', 'returned', 'validated')),
    -- Whether a later version was validated in its place. Figures count what is validated and not superseded.
    superseded     boolean NOT NULL DEFAULT false,
    establishments text[] NOT NULL,
    narrative      jsonb NOT NULL,
    -- The subjects of those who created, edited or submitted this version.
    authors        text[] NOT NULL,
    submitted_at   timestamptz,
    validated_at   timestamptz,
    return_reason  text,
    created_at     timestamptz NOT NULL,
    updated_at     timestamptz NOT NULL,
    CONSTRAINT reports_number_key UNIQUE NULLS NOT DISTINCT (convention_id, declination_id, territory, school_year, number),
    CONSTRAINT reports_validated CHECK ((status = 'validated') = (validated_at IS NOT NULL)),
    CONSTRAINT reports_superseded CHECK (NOT superseded OR status = 'validated')
);
-- One version in the making, one that counts.
CREATE UNIQUE INDEX reports_open_key ON reports (convention_id, declination_id, territory, school_year)
    NULLS NOT DISTINCT WHERE status <> 'validated';
CREATE UNIQUE INDEX reports_current_key ON reports (convention_id, declination_id, territory, school_year)
    NULLS NOT DISTINCT WHERE status = 'validated' AND NOT superseded;
CREATE INDEX reports_declination_idx ON reports (declination_id) WHERE declination_id IS NOT NULL;
CREATE INDEX reports_supersedes_idx ON reports (supersedes_id) WHERE supersedes_id IS NOT NULL;
CREATE INDEX reports_updated_idx ON reports (updated_at, id);
CREATE INDEX reports_territory_idx ON reports (territory, id);
CREATE INDEX reports_reach_idx ON reports USING gin (reach);
-- Figures are counted on indexes alone: from the reports of a year or a convention, or from all of them.
CREATE INDEX reports_counted_idx ON reports (school_year, convention_id) INCLUDE (id, validated_at)
    WHERE status = 'validated' AND NOT superseded;
CREATE INDEX reports_counted_id_idx ON reports (id) INCLUDE (school_year, convention_id, validated_at)
    WHERE status = 'validated' AND NOT superseded;

CREATE TABLE report_lines (
    report_id                uuid NOT NULL CONSTRAINT report_lines_report_fkey REFERENCES reports (id) ON DELETE CASCADE,
    place                    integer NOT NULL,
    action_type              text NOT NULL,
    level                    text,
    moment                   text,
    axis                     text,
    academy                  text,
    event                    text,
    -- Null: not known. 0: none.
    actions                  integer,
    pupils                   integer,
    girls                    integer,
    priority_education_pupils integer,
    teachers                 integer,
    professionals            integer,
    companies                integer,
    hours                    integer,
    internships_offered      integer,
    internships_filled       integer,
    CONSTRAINT report_lines_pkey PRIMARY KEY (report_id, place),
    -- With the counters: what figures read of a report's lines is in this index.
    CONSTRAINT report_lines_key UNIQUE NULLS NOT DISTINCT (report_id, action_type, level, moment, axis, academy, event)
        INCLUDE (actions, pupils, girls, priority_education_pupils, teachers, professionals, companies, hours,
                 internships_offered, internships_filled),
    CONSTRAINT report_lines_girls CHECK (girls <= pupils),
    CONSTRAINT report_lines_priority CHECK (priority_education_pupils <= pupils),
    CONSTRAINT report_lines_filled CHECK (internships_filled <= internships_offered),
    CONSTRAINT report_lines_counted CHECK (least(actions, pupils, girls, priority_education_pupils, teachers,
        professionals, companies, hours, internships_offered, internships_filled) >= 0)
);

-- What the reports below one add, whatever their declination: validated, not superseded, of the same
-- convention and school year, of a territory strictly inside its own. The keys are those of the
-- answer's `consolidated`; a sum is null where no line knows.
-- In PL/pgSQL, which keeps its plans: planning it costs more than most readings of it.
CREATE FUNCTION report_consolidated(report uuid) RETURNS jsonb LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
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
CREATE FUNCTION report_schools_reporting(report uuid) RETURNS text[] LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
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

-- The lines of a report, in their order: [{action_type, level, …, internships_filled}].
CREATE FUNCTION insert_report_lines(report uuid, lines jsonb) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO report_lines
    SELECT report, given.place, l.action_type, l.level, l.moment, l.axis, l.academy, l.event, l.actions, l.pupils, l.girls,
           l.priority_education_pupils, l.teachers, l.professionals, l.companies, l.hours, l.internships_offered,
           l.internships_filled
      FROM jsonb_array_elements(lines) WITH ORDINALITY AS given (line, place)
     CROSS JOIN LATERAL jsonb_populate_record(NULL::report_lines, given.line) AS l;
    RETURN true;
END $$;
