-- Levels were worked out once for each type and tracks that occur.
UPDATE import_target t
   SET levels = v.levels
  FROM import_levels v
 WHERE v.tracks = t.tracks AND v.type = t.type AND NOT t.missing;

ANALYZE import_target (uai);

-- Equal rows are left out here, before anything is written or even described: an import that
-- changes nothing costs one join. `before` is null for a new establishment.
CREATE TEMP TABLE import_changed ON COMMIT DROP AS
SELECT t.*,
       coalesce(t.known_id, t.row_id) AS id,
       coalesce(t.known_version + 1, 1) AS version,
       CASE WHEN t.known_id IS NULL THEN 'establishment.created'
            WHEN t.state = 'closed' AND e.state <> 'closed' THEN 'establishment.closed'
            ELSE 'establishment.updated' END AS happened,
       (to_jsonb(e) || e.tracks) - '{id,version,created_at,updated_at,search,tracks}'::text[] AS before,
       (to_jsonb(t) || t.tracks) - '{row_id,audit_id,known_id,known_version,missing,tracks}'::text[] AS after
  FROM import_target t
  LEFT JOIN establishments e ON e.uai = t.uai
 WHERE e.uai IS NULL
    OR (t.name, t.type, t.sector, t.contract, t.nature_code, t.address, t.postal_code, t.city,
        t.city_code, t.department, t.academy, t.academic_region, t.latitude, t.longitude, t.phone,
        t.email, t.website, t.siret, t.tracks, t.priority_education, t.levels, t.state,
        t.parent_uai, t.sites, t.source_updated_on)
       IS DISTINCT FROM
       (e.name, e.type, e.sector, e.contract, e.nature_code, e.address, e.postal_code, e.city,
        e.city_code, e.department, e.academy, e.academic_region, e.latitude, e.longitude, e.phone,
        e.email, e.website, e.siret, e.tracks, e.priority_education, e.levels, e.state,
        e.parent_uai, e.sites, e.source_updated_on);

ANALYZE import_changed (uai, known_id);
