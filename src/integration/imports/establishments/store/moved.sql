-- Perimeters follow the schools that the directory moved, and those who gained or lost something are
-- told; most editions move none. $1: now.
SELECT refresh_reach(array_agg('uai:' || uai), $1)
  FROM import_changed
 WHERE known_id IS NOT NULL
   AND (academy, department, academic_region)
       IS DISTINCT FROM (before ->> 'academy', before ->> 'department', before ->> 'academic_region')
HAVING count(*) > 0
