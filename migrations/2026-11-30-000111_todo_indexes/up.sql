-- What waits for somebody's step, found without what does not.

CREATE INDEX conventions_to_sign_idx ON conventions (id) WHERE status = 'to_sign';
CREATE INDEX amendments_to_sign_idx ON amendments (convention_id) WHERE status = 'to_sign';
CREATE INDEX solicitations_waiting_idx ON solicitations (partner_id, status) WHERE status IN ('requested', 'accepted');
CREATE INDEX solicitations_accepted_idx ON solicitations (uai) WHERE status = 'accepted';
CREATE INDEX reports_submitted_idx ON reports USING gin (reach) WHERE status = 'submitted';
