-- The several lines of one UAI become one: its main line stays in import_lines, with the tracks of
-- all of them (true before false before unknown, which is what bool_or does) and their sites.
-- Which line is the main one depends on what they say, not on where they are in the file.
CREATE TEMP TABLE import_doubles ON COMMIT DROP AS
WITH several AS (
    SELECT uai FROM import_lines GROUP BY uai HAVING count(*) > 1
)
SELECT l.*,
       jsonb_build_object(
           'name', name, 'address', address, 'postal_code', postal_code, 'city', city,
           'city_code', city_code, 'latitude', latitude, 'longitude', longitude,
           'phone', phone, 'email', email, 'website', website) AS site,
       row_number() OVER (
           PARTITION BY l.uai
           ORDER BY num_nonnulls(nullif(general, false), nullif(technological, false), nullif(vocational, false)) DESC,
                    name IS NULL, length(name),
                    (to_jsonb(l) - '{line,row_id,audit_id}'::text[])::text COLLATE "C",
                    line) AS rank
  FROM import_lines l JOIN several USING (uai);

DELETE FROM import_lines l USING import_doubles d WHERE d.line = l.line AND d.rank > 1;

WITH tracks AS (
    SELECT uai, bool_or(general) AS general, bool_or(technological) AS technological,
           bool_or(vocational) AS vocational, bool_or(segpa) AS segpa, bool_or(ulis) AS ulis,
           bool_or(post_bac) AS post_bac
      FROM import_doubles GROUP BY uai
), further AS (
    -- A line that only repeats the address of another one is no further site.
    SELECT DISTINCT o.uai, o.site
      FROM import_doubles o JOIN import_doubles m ON m.uai = o.uai AND m.rank = 1
     WHERE o.rank > 1 AND o.site <> m.site
), sites AS (
    SELECT uai, jsonb_agg(site ORDER BY site::text COLLATE "C") AS sites FROM further GROUP BY uai
)
UPDATE import_lines l
   SET general = t.general, technological = t.technological, vocational = t.vocational,
       segpa = t.segpa, ulis = t.ulis, post_bac = t.post_bac, sites = coalesce(s.sites, '[]')
  FROM tracks t LEFT JOIN sites s USING (uai)
 WHERE l.uai = t.uai;

-- What the establishments of the file shall be: the columns of establishments that say something
-- about the school, and what it takes to write them.
CREATE TEMP TABLE import_target ON COMMIT DROP AS
SELECT uai, name, type, sector, contract, nature_code, address, postal_code, city, city_code,
       department, academy, academic_region, latitude, longitude, phone, email, website, siret,
       tracks, priority_education, levels, state, parent_uai, sites, source_updated_on,
       id AS row_id, id AS audit_id, id AS known_id, version AS known_version, false AS missing
  FROM establishments WITH NO DATA;

CREATE TEMP TABLE import_levels (type text, tracks jsonb, levels text[]) ON COMMIT DROP;
