-- What was published stays as it was.

-- Refuses whatever would change or delete it.
CREATE OR REPLACE FUNCTION refuse_change_of_published() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what was published does not change';
END $$;
-- Of a publication itself, only that it is withdrawn, once.
CREATE OR REPLACE FUNCTION refuse_all_but_withdrawal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.withdrawn_at IS NULL AND NEW.withdrawn_at IS NOT NULL
       AND to_jsonb(NEW) - '{version,updated_at,withdrawn_at,withdrawal_reason}'::text[]
         = to_jsonb(OLD) - '{version,updated_at,withdrawn_at,withdrawal_reason}'::text[] THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'what was published does not change';
END $$;
CREATE OR REPLACE TRIGGER publications_withdrawn_only BEFORE UPDATE OR DELETE ON publications
    FOR EACH ROW EXECUTE FUNCTION refuse_all_but_withdrawal();
CREATE OR REPLACE TRIGGER publication_cells_frozen BEFORE UPDATE OR DELETE ON publication_cells
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_published();
CREATE OR REPLACE TRIGGER publication_secrets_frozen BEFORE UPDATE OR DELETE ON publication_secrets
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_published();
