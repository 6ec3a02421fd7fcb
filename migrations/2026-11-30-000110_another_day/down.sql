ALTER TABLE solicitations
    DROP CONSTRAINT solicitations_proposal,
    DROP COLUMN proposed_by,
    DROP COLUMN proposed_on;
