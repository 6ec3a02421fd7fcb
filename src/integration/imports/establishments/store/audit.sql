-- $1: now, $2: subject, $3: role, $4: client, $5: request.
-- A creation keeps the whole, a change only what changed.
INSERT INTO audit_events (
    id, occurred_at, subject, role, client_id, request_id, action, object_type, object_id, fields,
    before, after)
SELECT c.audit_id, $1::timestamptz, $2, $3, $4, $5, c.happened, 'establishment', c.id,
       -- Every creation has all the fields: they are listed once.
       (SELECT array_agg(key ORDER BY key COLLATE "C")
          FROM jsonb_object_keys((SELECT after FROM import_changed LIMIT 1)) AS key),
       NULL, c.after
  FROM import_changed c
 WHERE c.known_id IS NULL
UNION ALL
SELECT c.audit_id, $1::timestamptz, $2, $3, $4, $5, c.happened, 'establishment', c.id, d.fields,
       d.before, d.after
  FROM import_changed c
 CROSS JOIN LATERAL (
      SELECT array_agg(n.key ORDER BY n.key COLLATE "C") AS fields,
             jsonb_object_agg(n.key, o.value) AS before,
             jsonb_object_agg(n.key, n.value) AS after
        FROM jsonb_each(c.after) n
        JOIN jsonb_each(c.before) o USING (key)
       WHERE o.value IS DISTINCT FROM n.value
 ) d
 WHERE c.known_id IS NOT NULL
