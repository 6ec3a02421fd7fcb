-- What is not derived from anything: the lines of validated reports and the cells of publications, each
-- sealed by a digest taken when it was validated or published. `ree indicators verify` compares them;
-- nothing mends them.

-- The digest of what a validated report says. A column added to the lines changes none, as long as it
-- says nothing.
-- What it answers is kept in `reports.seal`: another rule takes a migration that works it out again.
CREATE OR REPLACE FUNCTION report_seal(r reports) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT encode(sha256(convert_to(concat_ws(E'\n', r.convention_id, coalesce(r.declination_id::text, '-'), r.territory,
               r.school_year, array_to_string(r.establishments, ' '),
               (SELECT string_agg(jsonb_strip_nulls(to_jsonb(l) - '{report_id,place}'::text[])::text, E'\n' ORDER BY l.place)
                  FROM report_lines l WHERE l.report_id = r.id)), 'UTF8')), 'hex')
$$;

-- A report is sealed by the step that validates it.
CREATE OR REPLACE FUNCTION seal_report() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.seal := report_seal(NEW);
    RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER reports_sealed BEFORE UPDATE OF status ON reports
    FOR EACH ROW WHEN (NEW.status = 'validated' AND OLD.status <> 'validated') EXECUTE FUNCTION seal_report();

-- The validated reports of a year that are not what they were when they were validated.
CREATE OR REPLACE FUNCTION unsealed_reports(year text) RETURNS TABLE (report_id uuid, territory text, lines bigint)
    LANGUAGE sql STABLE AS $$
    SELECT r.id, r.territory, (SELECT count(*) FROM report_lines l WHERE l.report_id = r.id)
      FROM reports r
     WHERE r.school_year = year AND r.status = 'validated' AND r.seal IS DISTINCT FROM report_seal(r)
$$;

-- The digest of the cells of a publication, and how many they are.
-- What it answers is kept in `publication_digests`: another rule takes a migration that works it out again.
CREATE OR REPLACE FUNCTION publication_digest(publication uuid) RETURNS TABLE (cells bigint, digest text) LANGUAGE sql STABLE AS $$
    SELECT count(*), encode(sha256(convert_to(coalesce(string_agg(told, E'\n' ORDER BY told COLLATE "C"), ''), 'UTF8')), 'hex')
      FROM (SELECT concat_ws(' ', cell -> 'grouping', cell -> 'first_key', cell -> 'second_key', cell -> 'figures',
                             cell -> 'suppressed', cell -> 'expected', cell -> 'validated',
                             nullif(cell -> 'carried', '{}')) AS told
              FROM (SELECT to_jsonb(c) AS cell FROM publication_cells c WHERE c.publication_id = publication) AS cells) AS texts
$$;

-- Taken as cells are published.
CREATE OR REPLACE FUNCTION digest_publication() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO publication_digests AS k (publication_id, cells, digest)
    SELECT p.publication_id, d.cells, d.digest
      FROM (SELECT DISTINCT publication_id FROM published) AS p CROSS JOIN LATERAL publication_digest(p.publication_id) AS d
    ON CONFLICT (publication_id) DO UPDATE SET cells = excluded.cells, digest = excluded.digest;
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER publication_cells_digested AFTER INSERT ON publication_cells
    REFERENCING NEW TABLE AS published FOR EACH STATEMENT EXECUTE FUNCTION digest_publication();

-- The publications whose cells are not those that were published, with how many there are and were.
CREATE OR REPLACE FUNCTION altered_publications()
    RETURNS TABLE (school_year text, number integer, cells bigint, published bigint) LANGUAGE sql STABLE AS $$
    SELECT p.school_year, p.number, d.cells, coalesce(k.cells, 0)
      FROM publications p CROSS JOIN LATERAL publication_digest(p.id) AS d
      LEFT JOIN publication_digests k ON k.publication_id = p.id
     WHERE (k.cells, k.digest) IS DISTINCT FROM (d.cells, d.digest)
       -- One without a cell has none to hold it against.
       AND NOT (k.publication_id IS NULL AND d.cells = 0)
     ORDER BY p.number
$$;
