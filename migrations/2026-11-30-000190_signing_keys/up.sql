-- The keys that sign tokens, where they are shared by several instances: encrypted under a key that is not here.

CREATE TABLE signing_keys (
    -- RFC 7638 thumbprint of the public half.
    kid            text PRIMARY KEY,
    -- The private half: <id of the encryption key>.<nonce and text, base64url>. Null once it was revoked: the row
    -- stays, so that a copy of the key is not taken for one that is missing.
    sealed         text,
    created_at     timestamptz NOT NULL,
    -- Null: it is published and does not sign yet.
    signs_from     timestamptz,
    -- Null: nothing follows it yet.
    verifies_until timestamptz,
    revoked_at     timestamptz,
    CONSTRAINT signing_keys_revoked_check CHECK ((sealed IS NULL) = (revoked_at IS NOT NULL))
);

-- The address that tokens name as their issuer, as the service was started last: commands on other machines
-- make tokens that it accepts.
ALTER TABLE installation ADD COLUMN issuer text;
