DROP FUNCTION intervention_status;
DROP FUNCTION intervention_reasons;
DROP VIEW intervention_standing;
DROP FUNCTION french_query;
DROP TABLE interventions;
DROP TEXT SEARCH CONFIGURATION french_plain;
