DROP INDEX declinations_covering_idx;
DROP FUNCTION distance_km;
