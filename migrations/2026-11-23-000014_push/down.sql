DROP FUNCTION intervention_status;
CREATE FUNCTION intervention_status(
    withdrawn_at timestamptz, available_to date, in_force_from date, in_force_until date, reasons text[], day date)
    RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE
        WHEN withdrawn_at IS NOT NULL THEN 'withdrawn'
        WHEN available_to < day THEN 'expired'
        WHEN in_force_from <= day AND coalesce(in_force_until >= day, true) AND reasons = '{}' THEN 'published'
        ELSE 'withheld'
    END;
DROP VIEW sync_runs;
DROP TABLE sync_batches;
DROP TABLE syncs;
ALTER TABLE interventions RESET (fillfactor);
