-- How often a convention is followed up, by the text of a day.
CREATE FUNCTION convention_periodicity(terms jsonb, amendments jsonb, day date)
    RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (SELECT follow_up ->> 'periodicity'
              FROM (SELECT 0 AS place, terms -> 'follow_up' AS follow_up
                    UNION ALL
                    SELECT place, change -> 'follow_up'
                      FROM jsonb_array_elements(amendments) WITH ORDINALITY AS a (one, place)
                     CROSS JOIN jsonb_array_elements(one -> 'changes') AS change
                     WHERE iso_date(one ->> 'effective_on') <= day AND change ->> 'op' = 'set_follow_up') AS said
             ORDER BY place DESC LIMIT 1);

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

DROP FUNCTION convention_follow_up, school_year_days;
