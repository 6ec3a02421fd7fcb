-- What the file covers, by (department, type), and what of it the file does not have.
-- $1: establishments of refused lines, which are in the file all the same.
WITH covered AS (
    SELECT DISTINCT department, type FROM import_target WHERE department IS NOT NULL
), present AS (
    SELECT uai FROM import_target UNION SELECT unnest($1::text[])
)
SELECT count(*) AS of,
       coalesce(array_agg(e.uai ORDER BY e.uai COLLATE "C") FILTER (WHERE p.uai IS NULL), '{}') AS missing
  FROM establishments e
  JOIN covered c ON c.department = e.department AND c.type IS NOT DISTINCT FROM e.type
  LEFT JOIN present p ON p.uai = e.uai
 WHERE e.state <> 'closed'
