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

-- Tells the feed that objects of a type came into other perimeters: those who gained or lost them, and
-- nobody else, since nothing of the objects themselves changed.
CREATE OR REPLACE FUNCTION tell_moved(kind text, moved moved_object[], moment timestamptz) RETURNS void
    LANGUAGE sql VOLATILE
    BEGIN ATOMIC
        INSERT INTO changes (type, object_type, object_id, object_key, parent_id, version, occurred_at, audience)
        SELECT kind || '.moved', kind, m.id, m.id::text, m.parent_id, m.version, moment,
               ARRAY(SELECT 'within:' || code
                       FROM (SELECT code FROM unnest(m.before) AS code WHERE code <> ALL (m.after)
                             UNION SELECT code FROM unnest(m.after) AS code WHERE code <> ALL (m.before)) AS crossed)
          FROM unnest(moved) AS m
         ORDER BY m.id;
    END;

-- When one of these territories (schools among them) comes to lie elsewhere, the `reach` of whatever
-- names it, or lies below it, is worked out again: whoever had it in charge no longer has. Nothing that
-- is read changes but who may read and write it: no version, and an event for those alone.
CREATE OR REPLACE FUNCTION refresh_reach(codes text[], moment timestamptz) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    moved moved_object[];
BEGIN
    -- Everyone reads every partner: where a local one lies decides who may write it.
    UPDATE partners SET reach = reach_of(ARRAY[territory]) WHERE reach && codes;

    WITH old AS (SELECT id, reach, reach_of(territories) AS now FROM representatives WHERE reach && codes),
    new AS (UPDATE representatives o SET reach = old.now FROM old WHERE o.id = old.id AND NOT (old.reach @> old.now AND old.reach <@ old.now)
            RETURNING o.id, o.partner_id, o.version, old.reach, old.now)
    SELECT array_agg((id, partner_id, version, reach, now)::moved_object) INTO moved FROM new;
    PERFORM tell_moved('representative', moved, moment);

    WITH old AS (SELECT id, reach, reach_of(ARRAY[territory]) AS now FROM conventions WHERE reach && codes),
    new AS (UPDATE conventions o SET reach = old.now FROM old WHERE o.id = old.id AND NOT (old.reach @> old.now AND old.reach <@ old.now)
            RETURNING o.id, o.version, old.reach, old.now)
    SELECT array_agg((id, NULL, version, reach, now)::moved_object) INTO moved FROM new;
    PERFORM tell_moved('convention', moved, moment);
    -- An amendment is where its convention is.
    PERFORM tell_moved('amendment', array_agg((a.id, a.convention_id, a.version, m.before, m.after)::moved_object), moment)
       FROM unnest(moved) AS m JOIN amendments a ON a.convention_id = m.id;

    WITH old AS (SELECT id, reach, reach_of(territories) AS now FROM declinations WHERE reach && codes),
    new AS (UPDATE declinations o SET reach = old.now FROM old WHERE o.id = old.id AND NOT (old.reach @> old.now AND old.reach <@ old.now)
            RETURNING o.id, o.version, old.reach, old.now)
    SELECT array_agg((id, NULL, version, reach, now)::moved_object) INTO moved FROM new;
    PERFORM tell_moved('declination', moved, moment);

    WITH old AS (SELECT id, reach, reach_of(ARRAY[territory]) AS now FROM reports WHERE reach && codes),
    new AS (UPDATE reports o SET reach = old.now FROM old WHERE o.id = old.id AND NOT (old.reach @> old.now AND old.reach <@ old.now)
            RETURNING o.id, o.version, old.reach, old.now)
    SELECT array_agg((id, NULL, version, reach, now)::moved_object) INTO moved FROM new;
    PERFORM tell_moved('report', moved, moment);

    WITH old AS (SELECT id, reach, reach_of(ARRAY[territory]) AS now FROM contacts WHERE reach && codes),
    new AS (UPDATE contacts o SET reach = old.now FROM old WHERE o.id = old.id AND NOT (old.reach @> old.now AND old.reach <@ old.now)
            RETURNING o.id, o.version, old.reach, old.now)
    SELECT array_agg((id, NULL, version, reach, now)::moved_object) INTO moved FROM new;
    PERFORM tell_moved('contact', moved, moment);

    WITH old AS (SELECT id, reach, reach_of(ARRAY['uai:' || uai]) AS now FROM solicitations WHERE reach && codes),
    new AS (UPDATE solicitations o SET reach = old.now FROM old WHERE o.id = old.id AND NOT (old.reach @> old.now AND old.reach <@ old.now)
            RETURNING o.id, o.version, old.reach, old.now)
    SELECT array_agg((id, NULL, version, reach, now)::moved_object) INTO moved FROM new;
    PERFORM tell_moved('solicitation', moved, moment);

    -- Everyone reads an intervention: where it is held decides what its convention is to it, what it reaches where
    -- it is found.
    UPDATE interventions
       SET held_by = ARRAY(SELECT code FROM unnest(territories) AS territory, unnest(reach_of(ARRAY[territory])) AS code
                            GROUP BY code HAVING count(*) = cardinality(territories)),
           reach = reach_of(territories || (place ->> 'department'))
     WHERE covers && codes OR reach && codes;
END $$;

-- The same for schools. What an older program calls.
CREATE OR REPLACE FUNCTION refresh_reach(uais text[]) RETURNS void LANGUAGE sql VOLATILE
    BEGIN ATOMIC
        SELECT refresh_reach(ARRAY(SELECT 'uai:' || uai FROM unnest(uais) AS uai), now());
    END;

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
