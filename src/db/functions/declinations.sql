-- Declinations: the days they carry their convention, its own dates aside.

-- Whether a declination that was activated carries its convention on a day. A closed one never changes
-- again: `updated_at` is the moment it was closed, and from that day on (in Paris) it carries nothing.
CREATE OR REPLACE FUNCTION declination_in_force(status text, starts_on date, ends_on date, updated_at timestamptz, day date)
    RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN starts_on <= day AND coalesce(ends_on >= day, true) AND CASE status
        WHEN 'active' THEN true
        WHEN 'closed' THEN (updated_at AT TIME ZONE 'Europe/Paris')::date > day
        ELSE false
    END;

-- The days of which declination_in_force is true; null of one that was never activated.
CREATE OR REPLACE FUNCTION declination_days(status text, starts_on date, ends_on date, updated_at timestamptz)
    RETURNS daterange LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE status
        WHEN 'active' THEN daterange(starts_on, ends_on, '[]')
        WHEN 'closed' THEN daterange(starts_on, greatest(starts_on,
            least(ends_on + 1, (updated_at AT TIME ZONE 'Europe/Paris')::date)), '[)')
    END;
