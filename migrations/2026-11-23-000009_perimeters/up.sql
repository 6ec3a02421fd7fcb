-- What perimeters are compared with is kept beside each object (`reach`), and worked out by the
-- program (establishments/reach.rs) when the object is written. When the directory moves a school,
-- it is worked out again here, by the same rule: whoever had it in charge no longer has.

CREATE FUNCTION reach_of(codes text[]) RETURNS text[] LANGUAGE sql STABLE
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
                -- A word that no perimeter has: see declinations/rules.rs.
                UNION ALL SELECT 'academy:none' FROM schools JOIN establishments e USING (uai) WHERE e.academy IS NULL
               ) AS above);

-- Of what names one of these schools. Nothing that is read changes but who may read and write it:
-- no version, no event.
CREATE FUNCTION refresh_reach(uais text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    moved text[] := ARRAY(SELECT 'uai:' || uai FROM unnest(uais) AS uai);
BEGIN
    UPDATE representatives SET reach = reach_of(territories) WHERE territories && moved;
    UPDATE conventions SET reach = reach_of(ARRAY[territory]) WHERE territory = ANY (moved);
    UPDATE declinations SET reach = reach_of(territories) WHERE territories && moved;
    UPDATE reports SET reach = reach_of(ARRAY[territory]) WHERE territory = ANY (moved);
    UPDATE interventions
       SET held_by = ARRAY(SELECT code FROM unnest(territories) AS territory, unnest(reach_of(ARRAY[territory])) AS code
                            GROUP BY code HAVING count(*) = cardinality(territories))
     WHERE covers && moved;
END $$;
