-- What falls due: the periods of tacitly renewed conventions, and what the list of deadlines walks.

-- The months from the month of one day to that of another.
CREATE FUNCTION months_from(first date, second date)
    RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (extract(year FROM second) * 12 + extract(month FROM second)
            - extract(year FROM first) * 12 - extract(month FROM first))::integer;

-- How many tacit renewals of a convention have begun by a day: as many as it takes to reach the day
-- and the agreement allows. Null when the agreement has no end. Beside convention_last_day, which
-- takes them all.
CREATE FUNCTION convention_renewals(ends_on date, renewal jsonb, day date)
    RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE
        WHEN ends_on IS NULL THEN NULL
        WHEN day <= ends_on OR renewal ->> 'mode' IS DISTINCT FROM 'tacit'
             OR coalesce((renewal ->> 'months')::integer, 0) < 1 THEN 0
        -- The months to that month, and one more where its day is not reached; in periods, rounded up.
        ELSE least((renewal ->> 'max_times')::integer,
            (months_from(ends_on, day)
             + ((ends_on + make_interval(months => months_from(ends_on, day)))::date < day)::integer
             + (renewal ->> 'months')::integer - 1) / (renewal ->> 'months')::integer)
    END;

-- The last day of the period that a day falls in: the agreed end, or that of the last tacit renewal
-- begun by then. The rule of `effective_ends_on`, which conventions/term.rs has too: a test compares
-- the two.
CREATE FUNCTION convention_period_end(ends_on date, renewal jsonb, day date)
    RETURNS date LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (ends_on + make_interval(months =>
        convention_renewals(ends_on, renewal, day) * coalesce((renewal ->> 'months')::integer, 0)))::date;

-- Declinations that end, in the order of their ends.
CREATE INDEX declinations_ending_idx ON declinations (ends_on, id) WHERE status = 'active' AND ends_on IS NOT NULL;
-- The end that is agreed on a day: that of the text then.
CREATE FUNCTION convention_agreed_end_on(ends_on date, amendments jsonb, day date)
    RETURNS date LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN amendments = '[]' THEN ends_on
                ELSE coalesce((SELECT iso_date(one ->> 'ends_on')
                                 FROM jsonb_array_elements(amendments) WITH ORDINALITY AS a (one, place)
                                WHERE iso_date(one ->> 'effective_on') <= day ORDER BY place DESC LIMIT 1), ends_on) END;

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

-- Conventions that may have a report of their own: what tells them apart is deep in their terms.
CREATE INDEX conventions_followed_idx ON conventions (id)
    WHERE terms #>> '{follow_up,periodicity}' IN ('yearly', 'half_yearly') OR amendments <> '[]';
