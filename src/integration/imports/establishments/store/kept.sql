-- The stored values that stay although the file has a cell for them: it could not be read, or its line
-- is older and says otherwise.
WITH known AS (
    SELECT l.unread, coalesce(l.source_updated_on < e.source_updated_on, false) AS older,
           to_jsonb(e) || e.tracks || jsonb_build_object('coordinates', e.latitude) AS stored,
           to_jsonb(l) || jsonb_build_object('department', 'department:' || l.department_code,
                                             'academy', 'academy:' || l.academy_code,
                                             'coordinates', l.latitude) AS stated
      FROM import_lines l
      JOIN establishments e USING (uai)
     WHERE l.unread <> '{}' OR l.source_updated_on < e.source_updated_on
)
SELECT name, count(*) AS kept
  FROM known
 CROSS JOIN LATERAL (
      SELECT unnest(unread) AS name
       UNION
      SELECT said FROM unnest($1::text[]) AS said
       WHERE older AND stated ->> said IS DISTINCT FROM stored ->> said AND stated ->> said IS NOT NULL
 ) AS untaken
 WHERE stored ->> name IS NOT NULL
 GROUP BY 1
