DROP INDEX conventions_to_sign_idx, amendments_to_sign_idx, solicitations_waiting_idx, solicitations_accepted_idx,
    reports_submitted_idx;
