-- $1: the stored columns the file speaks of. Of the others, of a cell that could not be read and of a
-- line older than what is stored (unless nothing is), what is stored stays. A type that was worked out
-- from the nature, for want of a column, gives way to the one the ministry wrote.
-- The academic region is the academy's, never the file's, which writes 00 overseas.
INSERT INTO import_target
SELECT l.uai,
       -- A name once known is not lost to an edition that leaves it out.
       CASE WHEN older THEN coalesce(e.name, l.name) ELSE coalesce(l.name, e.name) END,
       CASE WHEN 'type' = ANY (said) THEN l.type ELSE coalesce(e.type, l.type) END,
       CASE WHEN 'sector' = ANY (said) THEN l.sector WHEN older THEN coalesce(e.sector, l.sector) ELSE e.sector END,
       CASE WHEN 'contract' = ANY (said) THEN l.contract WHEN older THEN coalesce(e.contract, l.contract) ELSE e.contract END,
       CASE WHEN 'nature_code' = ANY (said) THEN l.nature_code WHEN older THEN coalesce(e.nature_code, l.nature_code) ELSE e.nature_code END,
       CASE WHEN 'address' = ANY (said) THEN l.address WHEN older THEN coalesce(e.address, l.address) ELSE e.address END,
       CASE WHEN 'postal_code' = ANY (said) THEN l.postal_code WHEN older THEN coalesce(e.postal_code, l.postal_code) ELSE e.postal_code END,
       CASE WHEN 'city' = ANY (said) THEN l.city WHEN older THEN coalesce(e.city, l.city) ELSE e.city END,
       CASE WHEN 'city_code' = ANY (said) THEN l.city_code WHEN older THEN coalesce(e.city_code, l.city_code) ELSE e.city_code END,
       placed.department,
       placed.academy,
       region.code,
       CASE WHEN 'coordinates' = ANY (said) OR (older AND e.latitude IS NULL) THEN l.latitude ELSE e.latitude END,
       CASE WHEN 'coordinates' = ANY (said) OR (older AND e.latitude IS NULL) THEN l.longitude ELSE e.longitude END,
       CASE WHEN 'phone' = ANY (said) THEN l.phone WHEN older THEN coalesce(e.phone, l.phone) ELSE e.phone END,
       CASE WHEN 'email' = ANY (said) THEN l.email WHEN older THEN coalesce(e.email, l.email) ELSE e.email END,
       CASE WHEN 'website' = ANY (said) THEN l.website WHEN older THEN coalesce(e.website, l.website) ELSE e.website END,
       CASE WHEN 'siret' = ANY (said) THEN l.siret WHEN older THEN coalesce(e.siret, l.siret) ELSE e.siret END,
       jsonb_build_object(
           'general', CASE WHEN 'general' = ANY (said) THEN to_jsonb(l.general) WHEN older THEN coalesce(nullif(e.tracks -> 'general', 'null'), to_jsonb(l.general)) ELSE e.tracks -> 'general' END,
           'technological', CASE WHEN 'technological' = ANY (said) THEN to_jsonb(l.technological) WHEN older THEN coalesce(nullif(e.tracks -> 'technological', 'null'), to_jsonb(l.technological)) ELSE e.tracks -> 'technological' END,
           'vocational', CASE WHEN 'vocational' = ANY (said) THEN to_jsonb(l.vocational) WHEN older THEN coalesce(nullif(e.tracks -> 'vocational', 'null'), to_jsonb(l.vocational)) ELSE e.tracks -> 'vocational' END,
           'segpa', CASE WHEN 'segpa' = ANY (said) THEN to_jsonb(l.segpa) WHEN older THEN coalesce(nullif(e.tracks -> 'segpa', 'null'), to_jsonb(l.segpa)) ELSE e.tracks -> 'segpa' END,
           'ulis', CASE WHEN 'ulis' = ANY (said) THEN to_jsonb(l.ulis) WHEN older THEN coalesce(nullif(e.tracks -> 'ulis', 'null'), to_jsonb(l.ulis)) ELSE e.tracks -> 'ulis' END,
           'post_bac', CASE WHEN 'post_bac' = ANY (said) THEN to_jsonb(l.post_bac) WHEN older THEN coalesce(nullif(e.tracks -> 'post_bac', 'null'), to_jsonb(l.post_bac)) ELSE e.tracks -> 'post_bac' END),
       CASE WHEN 'priority_education' = ANY (said) THEN l.priority_education WHEN older THEN coalesce(e.priority_education, l.priority_education) ELSE e.priority_education END,
       '{}'::text[],
       -- A school of the file that does not say its state is as it was, and a new one is in service.
       CASE WHEN 'state' = ANY (said) THEN coalesce(l.state, e.state, 'open') ELSE coalesce(e.state, l.state, 'open') END,
       CASE WHEN 'parent_uai' = ANY (said) THEN l.parent_uai WHEN older THEN coalesce(e.parent_uai, l.parent_uai) ELSE e.parent_uai END,
       CASE WHEN older THEN e.sites ELSE l.sites END,
       CASE WHEN 'source_updated_on' = ANY (said) THEN l.source_updated_on WHEN older THEN coalesce(e.source_updated_on, l.source_updated_on) ELSE e.source_updated_on END,
       l.row_id, l.audit_id, e.id, e.version, false
  FROM import_lines l
  LEFT JOIN establishments e ON e.uai = l.uai
  LEFT JOIN territories d ON d.code = 'department:' || l.department_code AND d.kind = 'department'
  LEFT JOIN territories a ON a.code = 'academy:' || l.academy_code AND a.kind IN ('academy', 'overseas_service')
  CROSS JOIN LATERAL (
      SELECT coalesce(l.source_updated_on < e.source_updated_on, false) AS older
  ) edition
  CROSS JOIN LATERAL (
      -- What the line says something of.
      SELECT CASE WHEN older THEN '{}'
                  WHEN l.unread = '{}' THEN $1::text[]
                  ELSE ARRAY(SELECT unnest($1::text[]) EXCEPT SELECT unnest(l.unread))
             END AS said
  ) line
  CROSS JOIN LATERAL (
      SELECT CASE WHEN 'department' = ANY (said) THEN d.code WHEN older THEN coalesce(e.department, d.code) ELSE e.department END AS department,
             CASE WHEN older THEN coalesce(e.academy, a.code, d.parent)
                  -- The department tells the academy where its own cell does not.
                  WHEN said && ARRAY['academy', 'department']
                  THEN coalesce(a.code, d.parent, CASE WHEN l.unread && ARRAY['academy', 'department'] THEN e.academy END)
                  ELSE e.academy END AS academy
  ) placed
  LEFT JOIN territories own ON own.code = placed.academy
  LEFT JOIN territories region ON region.code = own.parent AND region.kind = 'academic_region'
