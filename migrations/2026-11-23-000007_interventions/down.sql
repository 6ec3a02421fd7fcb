DROP VIEW intervention_standing;
DROP TABLE interventions;
DROP TEXT SEARCH CONFIGURATION french_plain;
