DROP TABLE revoked_tokens;
DROP TABLE client_secrets;
DROP TABLE clients;
