-- How many values of these columns are known.
SELECT key AS name, count(*) AS known
  FROM establishments e
 CROSS JOIN LATERAL jsonb_each(to_jsonb(e) || e.tracks || jsonb_build_object('coordinates', e.latitude)) AS has
 WHERE key = ANY ($1) AND has.value <> 'null'
 GROUP BY 1
