-- Publications: the figures of a school year as they stood when they were published, small groups hidden.

CREATE TABLE publications (
    id           uuid PRIMARY KEY,
    version      bigint NOT NULL DEFAULT 1,
    school_year  text NOT NULL CONSTRAINT publications_school_year CHECK (school_year ~ '^[0-9]{4}-[0-9]{4}$'),
    number       integer NOT NULL CONSTRAINT publications_number_key UNIQUE,
    -- Never before that of a smaller number.
    published_at timestamptz NOT NULL,
    -- Counts from 1 to one less are hidden.
    small_group  integer NOT NULL,
    -- [{dimensions, measures, cells, hidden_cells}]
    tables       jsonb NOT NULL,
    note         text,
    created_at   timestamptz NOT NULL,
    updated_at   timestamptz NOT NULL
);
CREATE INDEX publications_year_idx ON publications (school_year, number DESC);
CREATE INDEX publications_updated_idx ON publications (updated_at, id);

-- What is read of them.
CREATE TABLE publication_cells (
    publication_id uuid NOT NULL REFERENCES publications (id),
    -- In the order of the tables and their keys.
    place          integer NOT NULL,
    -- The dimensions beside the school year: '', 'academy', 'academy,level'…
    grouping       text NOT NULL,
    -- Their values, in that order.
    first_key      text COLLATE "C",
    second_key     text COLLATE "C",
    -- {measure: value}; null where nobody knows and where it is hidden.
    figures        jsonb NOT NULL,
    -- The measures hidden.
    suppressed     text[] NOT NULL,
    -- The reports expected, where a campaign expects some, and those counted.
    expected       bigint,
    validated      bigint NOT NULL,
    PRIMARY KEY (publication_id, place),
    CONSTRAINT publication_cells_key UNIQUE NULLS NOT DISTINCT (publication_id, grouping, first_key, second_key)
);

-- The true counts and why nobody can find them. No operation reads this table: only the next
-- publication of the same year does, which must not give away what this one hides.
CREATE TABLE publication_secrets (
    publication_id uuid PRIMARY KEY REFERENCES publications (id),
    counts         jsonb NOT NULL,
    witnesses      jsonb NOT NULL
);

-- What was published stays as it was.
CREATE FUNCTION refuse_change_of_published() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what was published does not change';
END $$;
CREATE TRIGGER publications_frozen BEFORE UPDATE OR DELETE ON publications
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_published();
CREATE TRIGGER publication_cells_frozen BEFORE UPDATE OR DELETE ON publication_cells
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_published();
CREATE TRIGGER publication_secrets_frozen BEFORE UPDATE OR DELETE ON publication_secrets
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_published();
