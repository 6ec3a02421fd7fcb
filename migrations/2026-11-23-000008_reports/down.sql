DROP TABLE report_lines, reports;
