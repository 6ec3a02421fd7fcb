-- $1: now. The position is that of the transaction: one for all.
INSERT INTO changes (position, horizon, type, object_type, object_id, object_key, version, occurred_at)
SELECT (SELECT feed_position()), (SELECT feed_horizon()), happened, 'establishment', id, uai, version, $1
  FROM import_changed
 ORDER BY uai COLLATE "C"
