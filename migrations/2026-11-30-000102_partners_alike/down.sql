DROP INDEX partners_search_idx;
