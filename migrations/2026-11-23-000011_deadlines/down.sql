DROP INDEX conventions_followed_idx, declinations_ending_idx;
DROP FUNCTION convention_period_end, convention_renewals, months_from;
