DROP INDEX reports_for_ministry_idx;
