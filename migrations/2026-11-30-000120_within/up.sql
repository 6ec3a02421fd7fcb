-- Where interventions are offered, as those look for them who ask what is offered here; and who their host is.

-- The territories, the department of the place, and all above them: an intervention is within a territory
-- that is among these, or that its territories cover. Not a generated column: where a school lies is in
-- another table. Null is what a program that does not know it writes, until the trigger fills it.
ALTER TABLE interventions ADD COLUMN reach text[];
-- {name, siret, city, postal_code, city_code}
ALTER TABLE interventions ADD COLUMN host jsonb;

-- Once for each list of territories: many interventions share one. Some seconds for 200,000.
UPDATE interventions i
   SET reach = known.reach
  FROM (SELECT territories, reach_of(territories) AS reach
          FROM (SELECT DISTINCT territories FROM interventions) AS lists) AS known
 WHERE known.territories = i.territories;

CREATE INDEX interventions_reach_idx ON interventions USING gin (reach);
-- A host by its number, the beginning of it, or a part of its name. Most interventions name none.
CREATE INDEX interventions_host_idx ON interventions
    USING gin (fold(coalesce(host ->> 'siret', '') || ' ' || coalesce(host ->> 'name', '')) gin_trgm_ops)
    WHERE host IS NOT NULL;

-- The schools of a commune and of a postal code, whose middle a place without coordinates is.
CREATE INDEX establishments_city_idx ON establishments (city_code) WHERE latitude IS NOT NULL;
CREATE INDEX establishments_postal_idx ON establishments (postal_code) WHERE latitude IS NOT NULL;
