DROP FUNCTION insert_report_lines, report_schools_reporting, report_consolidated;
DROP TABLE report_lines, reports;
