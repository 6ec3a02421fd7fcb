-- The reports that schools are expected to write follow the schools.
SELECT follow_schools(NULL, NULL) WHERE EXISTS (SELECT FROM import_changed)
