-- Text as it is searched, compared and sorted.

-- Lower case, without accents. `unaccent` is only STABLE because its dictionary could be altered; ours
-- never is, and generated columns and indexes need an IMMUTABLE function.
-- Its results are stored, in generated columns of partners, establishments and conventions:
-- a change takes a migration that computes them again.
CREATE OR REPLACE FUNCTION fold(input text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
    RETURN lower(public.unaccent('public.unaccent'::regdictionary, input));

-- What is searched for, as a user writes it: words, "a phrase", -without.
CREATE OR REPLACE FUNCTION french_query(q text) RETURNS tsquery
    LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
    RETURN websearch_to_tsquery('public.french_plain'::regconfig, q);
