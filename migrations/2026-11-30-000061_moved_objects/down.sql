DROP FUNCTION refresh_reach(text[]);
DROP FUNCTION IF EXISTS refresh_reach(text[], timestamptz);
DROP FUNCTION IF EXISTS tell_moved(text, moved_object[], timestamptz);
DROP TYPE moved_object;
CREATE FUNCTION refresh_reach(uais text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    moved text[] := ARRAY(SELECT 'uai:' || uai FROM unnest(uais) AS uai);
BEGIN
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
