-- What was validated and what was published is not derived from anything: a digest of each, taken when
-- it was, tells whether it is still what it was.

-- Of the key, the schools and the lines of a validated report; see report_seal.
ALTER TABLE reports ADD COLUMN seal text;

CREATE TABLE publication_digests (
    publication_id uuid PRIMARY KEY REFERENCES publications (id),
    cells          bigint NOT NULL,
    digest         text NOT NULL
);

CREATE FUNCTION report_seal(r reports) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT encode(sha256(convert_to(concat_ws(E'\n', r.convention_id, coalesce(r.declination_id::text, '-'), r.territory,
               r.school_year, array_to_string(r.establishments, ' '),
               (SELECT string_agg(jsonb_strip_nulls(to_jsonb(l) - '{report_id,place}'::text[])::text, E'\n' ORDER BY l.place)
                  FROM report_lines l WHERE l.report_id = r.id)), 'UTF8')), 'hex')
$$;

CREATE FUNCTION publication_digest(publication uuid) RETURNS TABLE (cells bigint, digest text) LANGUAGE sql STABLE AS $$
    SELECT count(*), encode(sha256(convert_to(coalesce(string_agg(told, E'\n' ORDER BY told COLLATE "C"), ''), 'UTF8')), 'hex')
      FROM (SELECT concat_ws(' ', cell -> 'grouping', cell -> 'first_key', cell -> 'second_key', cell -> 'figures',
                             cell -> 'suppressed', cell -> 'expected', cell -> 'validated') AS told
              FROM (SELECT to_jsonb(c) AS cell FROM publication_cells c WHERE c.publication_id = publication) AS cells) AS texts
$$;

-- What was validated and published before is taken as it is.
UPDATE reports SET seal = report_seal(reports) WHERE status = 'validated';
INSERT INTO publication_digests
SELECT p.id, d.cells, d.digest FROM publications p CROSS JOIN LATERAL publication_digest(p.id) AS d;
