DROP FUNCTION held_for_report(uuid, uuid, text, text, integer, integer);
DROP FUNCTION report_count(numeric);
DROP FUNCTION report_checks(uuid);
ALTER TABLE reports DROP COLUMN prefilled, DROP COLUMN confirmed;
