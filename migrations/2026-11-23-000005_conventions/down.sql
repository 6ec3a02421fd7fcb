DROP TABLE convention_partners, conventions, reference_counters;
DROP FUNCTION conventions_follow_partners, convention_effective_status, convention_last_day, iso_date, above_schools;
DROP INDEX partners_source_key, changes_type_idx;
ALTER TABLE partners DROP COLUMN source_id;
ALTER TABLE changes DROP COLUMN audience;
