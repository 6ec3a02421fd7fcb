-- Campaigns: for one school year, the reports that are expected and by when.

CREATE TABLE campaigns (
    id            uuid PRIMARY KEY,
    version       bigint NOT NULL DEFAULT 1,
    school_year   text NOT NULL CONSTRAINT campaigns_school_year_key UNIQUE
        CONSTRAINT campaigns_school_year CHECK (school_year ~ '^[0-9]{4}-[0-9]{4}$'),
    opens_on      date NOT NULL,
    due_on        date NOT NULL,
    -- Closed: no report of the year is written until it is reopened.
    closed_at     timestamptz,
    -- Why it was last reopened; the journal has the earlier ones.
    reopen_reason text,
    status        text NOT NULL GENERATED ALWAYS AS (CASE WHEN closed_at IS NULL THEN 'open' ELSE 'closed' END) STORED,
    created_at    timestamptz NOT NULL,
    updated_at    timestamptz NOT NULL,
    CONSTRAINT campaigns_in_order CHECK (due_on >= opens_on)
);
CREATE INDEX campaigns_updated_idx ON campaigns (updated_at, id);

-- What a campaign expects: a report on each convention and declination in force on a day of its
-- year, from each territory. They follow conventions and declinations while the campaign is open,
-- and stay as they are once it is closed.
CREATE TABLE expected_reports (
    school_year     text NOT NULL CONSTRAINT expected_reports_campaign_fkey REFERENCES campaigns (school_year),
    convention_id   uuid NOT NULL CONSTRAINT expected_reports_convention_fkey REFERENCES conventions (id) ON DELETE CASCADE,
    declination_id  uuid CONSTRAINT expected_reports_declination_fkey REFERENCES declinations (id) ON DELETE CASCADE,
    -- What the report is on: the declination, else the convention.
    object_id       uuid NOT NULL GENERATED ALWAYS AS (coalesce(declination_id, convention_id)) STORED,
    territory       text NOT NULL,
    -- The territory and all above it.
    reach           text[] NOT NULL,
    academy         text,
    academic_region text,
    -- The days of the year that it is about: fewer in a first or last one.
    first_day       date NOT NULL,
    last_day        date NOT NULL,
    CONSTRAINT expected_reports_pkey PRIMARY KEY (school_year, object_id, territory)
);
CREATE INDEX expected_reports_declination_idx ON expected_reports (declination_id) WHERE declination_id IS NOT NULL;
CREATE INDEX expected_reports_territory_idx ON expected_reports (territory);
CREATE INDEX expected_reports_convention_idx ON expected_reports (convention_id);

-- How many of them there are: figures are told beside what they are measured against.
CREATE TABLE expected_counts (
    school_year     text NOT NULL,
    convention_id   uuid NOT NULL CONSTRAINT expected_counts_convention_fkey REFERENCES conventions (id) ON DELETE CASCADE,
    -- Empty where it is not in one.
    academic_region text NOT NULL,
    academy         text NOT NULL,
    expected        bigint NOT NULL,
    CONSTRAINT expected_counts_pkey PRIMARY KEY (school_year, convention_id, academic_region, academy)
);

-- The days a declination that was activated carries its convention, the convention's own dates
-- aside: see declination_in_force.
CREATE FUNCTION declination_days(status text, starts_on date, ends_on date, updated_at timestamptz)
    RETURNS daterange LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE status
        WHEN 'active' THEN daterange(starts_on, ends_on, '[]')
        WHEN 'closed' THEN daterange(starts_on, greatest(starts_on,
            least(ends_on + 1, (updated_at AT TIME ZONE 'Europe/Paris')::date)), '[)')
    END;

-- What is expected of a year as conventions and declinations stand: all of it, or of one convention
-- (its own report), or of one declination.
CREATE FUNCTION reports_to_expect(year text, of_convention uuid, of_declination uuid)
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
               CASE WHEN cardinality(d.territories) = 1 THEN d.reach ELSE reach_of(ARRAY[t.territory]) END,
               convention_days(c.status, c.starts_on, c.in_force_until) * y.days * declination_days(d.status, d.starts_on, d.ends_on, d.updated_at)
          FROM y JOIN conventions c ON convention_days(c.status, c.starts_on, c.in_force_until) && y.days
                 JOIN declinations d ON d.convention_id = c.id AND d.status IN ('active', 'closed')
         CROSS JOIN LATERAL unnest(d.territories) AS t (territory)
         WHERE CASE WHEN of_declination IS NOT NULL THEN d.id = of_declination
                    ELSE of_convention IS NULL OR d.convention_id = of_convention END
    )
    SELECT convention_id, declination_id, territory, reach, lower(days), upper(days) - 1
      FROM expected WHERE NOT isempty(days)
$$;

-- Works out what an open campaign expects: all of it, or of one convention or declination.
CREATE FUNCTION expect_reports(year text, of_convention uuid, of_declination uuid) RETURNS void LANGUAGE sql AS $$
    DELETE FROM expected_reports e
     WHERE e.school_year = year AND (of_convention IS NULL OR e.convention_id = of_convention)
       AND (of_declination IS NULL OR e.declination_id = of_declination);
    INSERT INTO expected_reports (school_year, convention_id, declination_id, territory, reach, academy, academic_region,
                                  first_day, last_day)
    SELECT year, n.convention_id, n.declination_id, n.territory, n.reach,
           (SELECT min(code) FROM unnest(n.reach) AS code WHERE code LIKE 'academy:%' AND code <> 'academy:none'),
           (SELECT min(code) FROM unnest(n.reach) AS code WHERE code LIKE 'region:%'),
           n.first_day, n.last_day
      FROM reports_to_expect(year, of_convention, of_declination) AS n;
    DELETE FROM expected_counts c
     WHERE c.school_year = year AND (of_convention IS NULL OR c.convention_id = of_convention)
       AND (of_declination IS NULL OR c.convention_id = (SELECT d.convention_id FROM declinations d WHERE d.id = of_declination));
    INSERT INTO expected_counts
    SELECT year, e.convention_id, coalesce(e.academic_region, ''), coalesce(e.academy, ''), count(*)
      FROM expected_reports e
     WHERE e.school_year = year AND (of_convention IS NULL OR e.convention_id = of_convention)
       AND (of_declination IS NULL OR e.convention_id = (SELECT d.convention_id FROM declinations d WHERE d.id = of_declination))
     GROUP BY e.convention_id, e.academic_region, e.academy;
$$;

-- A campaign that opens waits for those who change what is expected, and they for it: neither
-- misses what the other has not committed yet. "campaign" in ASCII.
CREATE FUNCTION open_campaign(year text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(x'63616d706169676e'::bigint);
    PERFORM expect_reports(year, NULL, NULL);
END $$;

CREATE FUNCTION follow_expectations(of_convention uuid, of_declination uuid) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    year text;
BEGIN
    PERFORM pg_advisory_xact_lock_shared(x'63616d706169676e'::bigint);
    FOR year IN SELECT school_year FROM campaigns WHERE closed_at IS NULL ORDER BY school_year LOOP
        PERFORM expect_reports(year, of_convention, of_declination);
    END LOOP;
END $$;

-- The targets of a convention by the text of a day: [{measure, school_year, value, territory}].
CREATE FUNCTION convention_targets(terms jsonb, amendments jsonb, day date)
    RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (SELECT coalesce(follow_up -> 'targets', '[]')
              FROM (SELECT 0 AS place, terms -> 'follow_up' AS follow_up
                    UNION ALL
                    SELECT place, change -> 'follow_up'
                      FROM jsonb_array_elements(amendments) WITH ORDINALITY AS a (one, place)
                     CROSS JOIN jsonb_array_elements(one -> 'changes') AS change
                     WHERE iso_date(one ->> 'effective_on') <= day AND change ->> 'op' = 'set_follow_up') AS said
             ORDER BY place DESC LIMIT 1);

-- Whatever writes a convention or a declination, what is expected follows.
CREATE FUNCTION expectations_follow_conventions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM follow_expectations(NEW.id, NULL);
    RETURN NULL;
END $$;
CREATE TRIGGER conventions_expected_inserted AFTER INSERT ON conventions
    FOR EACH ROW WHEN (NEW.status IN ('signed', 'terminated', 'replaced'))
    EXECUTE FUNCTION expectations_follow_conventions();
CREATE TRIGGER conventions_expected_updated AFTER UPDATE ON conventions
    FOR EACH ROW WHEN ((OLD.status, OLD.starts_on, OLD.in_force_until, OLD.reach)
                       IS DISTINCT FROM (NEW.status, NEW.starts_on, NEW.in_force_until, NEW.reach))
    EXECUTE FUNCTION expectations_follow_conventions();

CREATE FUNCTION expectations_follow_declinations() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM follow_expectations(NULL, NEW.id);
    RETURN NULL;
END $$;
CREATE TRIGGER declinations_expected_inserted AFTER INSERT ON declinations
    FOR EACH ROW WHEN (NEW.status IN ('active', 'closed'))
    EXECUTE FUNCTION expectations_follow_declinations();
CREATE TRIGGER declinations_expected_updated AFTER UPDATE ON declinations
    FOR EACH ROW WHEN ((OLD.status, OLD.starts_on, OLD.ends_on, OLD.territories, OLD.reach)
                       IS DISTINCT FROM (NEW.status, NEW.starts_on, NEW.ends_on, NEW.territories, NEW.reach))
    EXECUTE FUNCTION expectations_follow_declinations();

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
