-- Publications one can make twice: provisional and final ones, what each revises, withdrawal, and
-- figures that stay what an earlier publication said.

ALTER TABLE publications
    -- Those there are were said without a word of being provisional.
    ADD COLUMN status text NOT NULL DEFAULT 'final'
        CONSTRAINT publications_status CHECK (status IN ('provisional', 'final')),
    -- The one of the same year that stood before.
    ADD COLUMN revises uuid REFERENCES publications (id),
    ADD COLUMN withdrawn_at timestamptz,
    ADD COLUMN withdrawal_reason text,
    ADD CONSTRAINT publications_withdrawal CHECK ((withdrawn_at IS NULL) = (withdrawal_reason IS NULL));
ALTER TABLE publications ALTER COLUMN status SET DEFAULT 'provisional';

-- {measure: number}: figures that are those of an earlier publication.
ALTER TABLE publication_cells ADD COLUMN carried jsonb NOT NULL DEFAULT '{}';

-- The trigger of each row, which lets a withdrawal through, is loaded with the functions.
DROP TRIGGER publications_frozen ON publications;
