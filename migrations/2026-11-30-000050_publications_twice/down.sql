DROP TRIGGER IF EXISTS publications_withdrawn_only ON publications;
DROP FUNCTION IF EXISTS refuse_all_but_withdrawal();
CREATE OR REPLACE TRIGGER publications_frozen BEFORE UPDATE OR DELETE ON publications
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_published();
ALTER TABLE publication_cells DROP COLUMN carried;
ALTER TABLE publications
    DROP CONSTRAINT publications_withdrawal,
    DROP COLUMN status, DROP COLUMN revises, DROP COLUMN withdrawn_at, DROP COLUMN withdrawal_reason;
