DROP TABLE representatives;
DROP TABLE partner_networks;
DROP TABLE partners;
DROP FUNCTION partners_follow_networks();
