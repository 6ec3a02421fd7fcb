DROP INDEX establishments_postal_idx;
DROP INDEX establishments_city_idx;
DROP TRIGGER IF EXISTS interventions_reach_added ON interventions;
DROP TRIGGER IF EXISTS interventions_reach_changed ON interventions;
DROP FUNCTION IF EXISTS interventions_reach();
ALTER TABLE interventions DROP COLUMN host;
ALTER TABLE interventions DROP COLUMN reach;
