DROP INDEX establishments_coverage_idx;
DROP FUNCTION declination_in_force(text, date, date, timestamptz, date);
