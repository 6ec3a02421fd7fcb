ALTER TABLE installation DROP COLUMN issuer;
DROP TABLE signing_keys;
