DROP FUNCTION refresh_reach, reach_of;
