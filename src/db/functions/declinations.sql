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

-- The schools that report on a declination which has its schools do so: open, in its territories, of a
-- level that it is for: its own, else those of the one it lies in, and of the convention's text on a
-- day. A declination of schools has those it names.
CREATE OR REPLACE FUNCTION declination_schools(declination uuid, day date) RETURNS text[] LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN own.level = 'establishment' THEN own.territories ELSE ARRAY(
               SELECT 'uai:' || e.uai
                 FROM territories a JOIN establishments e ON e.academy = a.code
                WHERE (a.code = ANY (own.territories) OR a.parent = ANY (own.territories))
                  AND e.state = 'open' AND e.levels <> '{}'
                  AND (own.held = '{}' OR e.levels && own.held) AND (own.agreed = '{}' OR e.levels && own.agreed)
                ORDER BY e.uai COLLATE "C") END
      FROM (SELECT d.level, d.territories,
                   coalesce(nullif(d.levels, '{}'), nullif(p.levels, '{}'), '{}') AS held,
                   coalesce((SELECT x.levels FROM convention_texts x
                              WHERE x.convention_id = d.convention_id AND x.from_day <= day
                              ORDER BY x.from_day DESC LIMIT 1), '{}') AS agreed
              FROM declinations d LEFT JOIN declinations p ON p.id = d.parent_id
             WHERE d.id = declination) AS own
$$;
