-- What was published stays as it was.

-- Refuses whatever would change or delete it.
CREATE OR REPLACE FUNCTION refuse_change_of_published() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what was published does not change';
END $$;
CREATE OR REPLACE TRIGGER publications_frozen BEFORE UPDATE OR DELETE ON publications
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_published();
CREATE OR REPLACE TRIGGER publication_cells_frozen BEFORE UPDATE OR DELETE ON publication_cells
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_published();
CREATE OR REPLACE TRIGGER publication_secrets_frozen BEFORE UPDATE OR DELETE ON publication_secrets
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_published();
