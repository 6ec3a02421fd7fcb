DROP FUNCTION indicator_cells_drift;
DROP FUNCTION rebuild_indicator_cells;
DROP FUNCTION indicator_cells_of;
DROP FUNCTION count_report;
DROP FUNCTION indicator_contributions;
DROP FUNCTION plus(bigint[], bigint[]);
DROP TABLE indicator_cells;
