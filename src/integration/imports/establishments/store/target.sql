-- $1: the stored columns the file speaks of. The others keep what is stored. A type that was worked
-- out from the nature, for want of a column, gives way to the one the ministry wrote.
-- Departments and academies the reference data does not have are left null: the directory is kept
-- even where it cannot be placed. The academic region is the academy's, never the file's, which
-- writes 00 overseas.
INSERT INTO import_target
SELECT l.uai,
       -- A name once known is not lost to an edition that leaves it out.
       coalesce(l.name, e.name),
       CASE WHEN 'type' = ANY ($1) THEN l.type ELSE coalesce(e.type, l.type) END,
       CASE WHEN 'sector' = ANY ($1) THEN l.sector ELSE e.sector END,
       CASE WHEN 'contract' = ANY ($1) THEN l.contract ELSE e.contract END,
       CASE WHEN 'nature_code' = ANY ($1) THEN l.nature_code ELSE e.nature_code END,
       CASE WHEN 'address' = ANY ($1) THEN l.address ELSE e.address END,
       CASE WHEN 'postal_code' = ANY ($1) THEN l.postal_code ELSE e.postal_code END,
       CASE WHEN 'city' = ANY ($1) THEN l.city ELSE e.city END,
       CASE WHEN 'city_code' = ANY ($1) THEN l.city_code ELSE e.city_code END,
       placed.department,
       placed.academy,
       region.code,
       CASE WHEN 'coordinates' = ANY ($1) THEN l.latitude ELSE e.latitude END,
       CASE WHEN 'coordinates' = ANY ($1) THEN l.longitude ELSE e.longitude END,
       CASE WHEN 'phone' = ANY ($1) THEN l.phone ELSE e.phone END,
       CASE WHEN 'email' = ANY ($1) THEN l.email ELSE e.email END,
       CASE WHEN 'website' = ANY ($1) THEN l.website ELSE e.website END,
       CASE WHEN 'siret' = ANY ($1) THEN l.siret ELSE e.siret END,
       jsonb_build_object(
           'general', CASE WHEN 'general' = ANY ($1) THEN to_jsonb(l.general) ELSE e.tracks -> 'general' END,
           'technological', CASE WHEN 'technological' = ANY ($1) THEN to_jsonb(l.technological) ELSE e.tracks -> 'technological' END,
           'vocational', CASE WHEN 'vocational' = ANY ($1) THEN to_jsonb(l.vocational) ELSE e.tracks -> 'vocational' END,
           'segpa', CASE WHEN 'segpa' = ANY ($1) THEN to_jsonb(l.segpa) ELSE e.tracks -> 'segpa' END,
           'ulis', CASE WHEN 'ulis' = ANY ($1) THEN to_jsonb(l.ulis) ELSE e.tracks -> 'ulis' END,
           'post_bac', CASE WHEN 'post_bac' = ANY ($1) THEN to_jsonb(l.post_bac) ELSE e.tracks -> 'post_bac' END),
       CASE WHEN 'priority_education' = ANY ($1) THEN l.priority_education ELSE e.priority_education END,
       '{}'::text[],
       -- A school of the file that does not say its state is in service.
       coalesce(l.state, nullif(e.state, 'closed'), 'open'),
       CASE WHEN 'parent_uai' = ANY ($1) THEN l.parent_uai ELSE e.parent_uai END,
       l.sites,
       CASE WHEN 'source_updated_on' = ANY ($1) THEN l.source_updated_on ELSE e.source_updated_on END,
       l.row_id, l.audit_id, e.id, e.version, false
  FROM import_lines l
  LEFT JOIN establishments e ON e.uai = l.uai
  LEFT JOIN territories d ON d.code = 'department:' || l.department_code AND d.kind = 'department'
  LEFT JOIN territories a ON a.code = 'academy:' || l.academy_code AND a.kind IN ('academy', 'overseas_service')
  CROSS JOIN LATERAL (
      SELECT CASE WHEN 'department' = ANY ($1) THEN d.code ELSE e.department END AS department,
             CASE WHEN $1 && ARRAY['academy', 'department'] THEN coalesce(a.code, d.parent) ELSE e.academy END AS academy
  ) placed
  LEFT JOIN territories own ON own.code = placed.academy
  LEFT JOIN territories region ON region.code = own.parent AND region.kind = 'academic_region'
