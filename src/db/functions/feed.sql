-- Positions of the change feed. A reader is given what lies below the horizon, the oldest transaction
-- still running, so that nothing can appear behind its cursor.

-- Where a change written now stands in the feed: the default of `changes.position`. `feed_shift` is
-- raised when a restored database starts again with smaller transaction ids.
CREATE OR REPLACE FUNCTION feed_position() RETURNS bigint
    LANGUAGE sql VOLATILE
    RETURN pg_current_xact_id()::text::bigint + (SELECT feed_shift FROM installation);

-- Every change that can still appear has this position or a higher one.
CREATE OR REPLACE FUNCTION feed_horizon() RETURNS bigint
    LANGUAGE sql STABLE
    RETURN pg_snapshot_xmin(pg_current_snapshot())::text::bigint + (SELECT feed_shift FROM installation);
