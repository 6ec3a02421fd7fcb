-- $1: now.
INSERT INTO establishments (
    uai, id, version, name, type, sector, contract, nature_code, address, postal_code, city,
    city_code, department, academy, academic_region, latitude, longitude, phone, email, website,
    siret, tracks, priority_education, levels, state, parent_uai, sites, source_updated_on,
    created_at, updated_at)
SELECT uai, id, version, name, type, sector, contract, nature_code, address, postal_code, city,
       city_code, department, academy, academic_region, latitude, longitude, phone, email, website,
       siret, tracks, priority_education, levels, state, parent_uai, sites, source_updated_on,
       $1, $1
  FROM import_changed
 WHERE known_id IS NULL
