-- The view may read the column already: it is made again as it was.
DROP VIEW sync_runs;
ALTER TABLE sync_batches DROP COLUMN verdict, DROP COLUMN unidentified;
CREATE VIEW sync_runs AS
    SELECT s.id, s.version, s.partner_id, s.status, s.threshold_percent,
           b.received, b.created, b.updated, b.unchanged, b.rejected, s.withdrawn,
           s.closed_at, s.created_at, s.updated_at
      FROM syncs s
     CROSS JOIN LATERAL (
           SELECT coalesce(sum(received), 0)::integer AS received, coalesce(sum(created), 0)::integer AS created,
                  coalesce(sum(updated), 0)::integer AS updated, coalesce(sum(unchanged), 0)::integer AS unchanged,
                  coalesce(sum(rejected), 0)::integer AS rejected
             FROM sync_batches WHERE sync_id = s.id) AS b;
