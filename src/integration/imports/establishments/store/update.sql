-- $1: now.
UPDATE establishments e
   SET version = c.version, name = c.name, type = c.type, sector = c.sector,
       contract = c.contract, nature_code = c.nature_code, address = c.address,
       postal_code = c.postal_code, city = c.city, city_code = c.city_code,
       department = c.department, academy = c.academy, academic_region = c.academic_region,
       latitude = c.latitude, longitude = c.longitude, phone = c.phone, email = c.email,
       website = c.website, siret = c.siret, tracks = c.tracks,
       priority_education = c.priority_education, levels = c.levels, state = c.state,
       parent_uai = c.parent_uai, sites = c.sites, source_updated_on = c.source_updated_on,
       updated_at = $1
  FROM import_changed c
 WHERE e.uai = c.uai AND e.version = c.known_version
