-- The stored values that the file says are no more, by column.
SELECT CASE key WHEN 'latitude' THEN 'coordinates' ELSE key END AS name, count(*) AS cleared
  FROM import_changed
 CROSS JOIN LATERAL jsonb_each(before - '{sites,levels,academic_region,longitude}'::text[]) AS was
 WHERE known_id IS NOT NULL AND was.value <> 'null' AND coalesce(after -> key, 'null') = 'null'
 GROUP BY 1
