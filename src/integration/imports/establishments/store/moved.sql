-- Perimeters follow the schools that the directory moved; most editions move none.
SELECT refresh_reach(array_agg(uai))
  FROM import_changed
 WHERE known_id IS NOT NULL
   AND (academy, department, academic_region)
       IS DISTINCT FROM (before ->> 'academy', before ->> 'department', before ->> 'academic_region')
HAVING count(*) > 0;

-- So do the reports that schools are expected to write.
SELECT follow_schools(NULL, NULL) WHERE EXISTS (SELECT FROM import_changed)
