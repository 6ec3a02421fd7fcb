-- The tree of territories, what lies above a territory, and distances.

-- The whole tree, as territories are read: reference territories and, as leaves, establishments.
-- PostgreSQL reads it branch by branch: a filter or an order on a column of the view goes down to
-- both tables, where an index has the very expression of the branch.
CREATE OR REPLACE VIEW territory_tree AS
    SELECT code, kind, name, parent, official_code, created_at, updated_at,
           fold(name || ' ' || official_code) AS search
      FROM territories
    UNION ALL
    SELECT 'uai:' || uai, 'establishment', coalesce(name, uai), coalesce(department, academy, academic_region), uai,
           created_at, updated_at, search
      FROM establishments;

-- These schools and every territory above them.
CREATE OR REPLACE FUNCTION above_schools(uais text[]) RETURNS text[]
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN (SELECT coalesce(array_agg(DISTINCT code), '{}')
              FROM establishments e
             CROSS JOIN unnest(ARRAY['FR', 'uai:' || e.uai, e.department, e.academy, e.academic_region,
                    (SELECT parent FROM territories WHERE code = e.department),
                    (SELECT parent FROM territories WHERE code = e.academy)]) AS code
             WHERE e.uai = ANY (uais) AND code IS NOT NULL);

-- These territories and all above them: the `reach` that is kept beside an object and that perimeters
-- are compared with. The program works it out by the same rule when the object is written.
CREATE OR REPLACE FUNCTION reach_of(codes text[]) RETURNS text[] LANGUAGE sql STABLE
    RETURN (
        WITH RECURSIVE up AS (
            SELECT code, parent FROM territories WHERE code = ANY (codes)
            UNION
            SELECT t.code, t.parent FROM territories t JOIN up ON t.code = up.parent
        ), schools AS (
            SELECT substr(code, 5) AS uai FROM unnest(codes) AS code WHERE code LIKE 'uai:%'
        )
        SELECT coalesce(array_agg(DISTINCT code COLLATE "C" ORDER BY code COLLATE "C"), '{}')
          FROM (SELECT code FROM up
                UNION ALL SELECT unnest(above_schools(ARRAY(SELECT uai FROM schools)))
                -- A word that no perimeter has: a school of no academy is in no academy's.
                UNION ALL SELECT 'academy:none' FROM schools JOIN establishments e USING (uai) WHERE e.academy IS NULL
               ) AS above);

-- When the directory moves these schools, the `reach` of whatever names one of them is worked out
-- again: whoever had it in charge no longer has. Nothing that is read changes but who may read and
-- write it: no version, no event.
CREATE OR REPLACE FUNCTION refresh_reach(uais text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    moved text[] := ARRAY(SELECT 'uai:' || uai FROM unnest(uais) AS uai);
BEGIN
    UPDATE partners SET reach = reach_of(ARRAY[territory]) WHERE territory = ANY (moved);
    UPDATE representatives SET reach = reach_of(territories) WHERE territories && moved;
    UPDATE conventions SET reach = reach_of(ARRAY[territory]) WHERE territory = ANY (moved);
    UPDATE declinations SET reach = reach_of(territories) WHERE territories && moved;
    UPDATE reports SET reach = reach_of(ARRAY[territory]) WHERE territory = ANY (moved);
    UPDATE contacts SET reach = reach_of(ARRAY[territory]) WHERE territory = ANY (moved);
    UPDATE solicitations SET reach = reach_of(ARRAY['uai:' || uai]) WHERE uai = ANY (uais);
    UPDATE interventions
       SET held_by = ARRAY(SELECT code FROM unnest(territories) AS territory, unnest(reach_of(ARRAY[territory])) AS code
                            GROUP BY code HAVING count(*) = cardinality(territories))
     WHERE covers && moved;
END $$;

-- The distance between two points in kilometres, on a sphere (haversine); null where one is not known.
-- The sum is made a hair smaller before its root is taken: rounding must not bring it over 1, which
-- has no arcsine. Not STRICT, so that PostgreSQL writes it into the statements that ask for it
-- instead of calling it row by row: 200,000 distances took 720 ms and take 330.
CREATE OR REPLACE FUNCTION distance_km(latitude double precision, longitude double precision,
                                       other_latitude double precision, other_longitude double precision)
    RETURNS double precision LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN 12742 * asin(sqrt((1 - 1e-15) * (
        power(sind((other_latitude - latitude) / 2), 2)
        + cosd(latitude) * cosd(other_latitude) * power(sind((other_longitude - longitude) / 2), 2))));
