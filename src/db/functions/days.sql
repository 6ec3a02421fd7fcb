-- Days, months and school years.

-- A date as JSON has it. A cast alone is not IMMUTABLE: for other forms than the one we store, it
-- depends on DateStyle.
-- Its results are stored, in `conventions.in_force_until` and `solicitations.held_school_year`:
-- a change takes a migration that computes them again.
CREATE OR REPLACE FUNCTION iso_date(input text) RETURNS date
    LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
    RETURN input::date;

-- The months from the month of one day to that of another.
CREATE OR REPLACE FUNCTION months_from(first date, second date)
    RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (extract(year FROM second) * 12 + extract(month FROM second)
            - extract(year FROM first) * 12 - extract(month FROM first))::integer;

-- The school year of a day, `2025-2026`: it begins on the 1st of September. The program has the same
-- rule.
-- Its results are stored, in `solicitations.held_school_year`:
-- a change takes a migration that computes them again.
CREATE OR REPLACE FUNCTION school_year(day date) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
    RETURN extract(year FROM day - interval '8 months')::integer::text || '-'
        || (extract(year FROM day - interval '8 months')::integer + 1)::text;

-- The days of a school year, which begins on the 1st of September. The program has the same rule.
CREATE OR REPLACE FUNCTION school_year_days(year text) RETURNS daterange LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
    RETURN daterange(make_date(left(year, 4)::integer, 9, 1), make_date(right(year, 4)::integer, 9, 1));
