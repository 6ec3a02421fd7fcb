-- Another day for a request that was accepted, proposed by one side until the other agrees.

ALTER TABLE solicitations
    ADD COLUMN proposed_on date,
    ADD COLUMN proposed_by text
        CONSTRAINT solicitations_proposed_by CHECK (proposed_by IN ('school', 'partner')),
    ADD CONSTRAINT solicitations_proposal CHECK ((proposed_on IS NULL) = (proposed_by IS NULL));
