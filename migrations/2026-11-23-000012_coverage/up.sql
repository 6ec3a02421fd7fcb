-- What the coverage of a convention is counted from.

-- Whether a declination that was activated carries its convention on a day, the convention's own
-- dates aside. A closed one never changes again: `updated_at` is the moment it was closed, and from
-- that day on (in Paris) it carries nothing.
CREATE FUNCTION declination_in_force(status text, starts_on date, ends_on date, updated_at timestamptz, day date)
    RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN starts_on <= day AND coalesce(ends_on >= day, true) AND CASE status
        WHEN 'active' THEN true
        WHEN 'closed' THEN (updated_at AT TIME ZONE 'Europe/Paris')::date > day
        ELSE false
    END;

-- Open schools are counted by academy and by what they teach: on this index alone.
CREATE INDEX establishments_coverage_idx ON establishments (academy, levels) INCLUDE (uai, department)
    WHERE state = 'open' AND levels <> '{}';
