-- How a convention is followed up, said once: its periodicity and its targets were each worked out anew.

-- The days of a school year, as values/days.rs has them.
CREATE FUNCTION school_year_days(year text) RETURNS daterange LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
    RETURN daterange(make_date(left(year, 4)::integer, 9, 1), make_date(right(year, 4)::integer, 9, 1));

-- How a convention is followed up, by the text of a day: {periodicity, committee, targets}.
CREATE FUNCTION convention_follow_up(terms jsonb, amendments jsonb, day date)
    RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (SELECT follow_up
              FROM (SELECT 0 AS place, terms -> 'follow_up' AS follow_up
                    UNION ALL
                    SELECT place, change -> 'follow_up'
                      FROM jsonb_array_elements(amendments) WITH ORDINALITY AS a (one, place)
                     CROSS JOIN jsonb_array_elements(one -> 'changes') AS change
                     WHERE iso_date(one ->> 'effective_on') <= day AND change ->> 'op' = 'set_follow_up') AS said
             ORDER BY place DESC LIMIT 1);

DROP FUNCTION convention_periodicity, convention_targets;
