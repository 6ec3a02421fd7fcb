-- $1: the establishments to close, $2: the ids of their audit rows.
INSERT INTO import_target
SELECT e.uai, e.name, e.type, e.sector, e.contract, e.nature_code, e.address, e.postal_code, e.city,
       e.city_code, e.department, e.academy, e.academic_region, e.latitude, e.longitude, e.phone,
       e.email, e.website, e.siret, e.tracks, e.priority_education, e.levels, 'closed',
       e.parent_uai, e.sites, e.source_updated_on, NULL, m.audit_id, e.id, e.version, true
  FROM unnest($1::text[], $2::uuid[]) AS m (uai, audit_id)
  JOIN establishments e USING (uai)
