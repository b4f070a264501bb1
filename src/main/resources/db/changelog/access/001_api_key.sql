--liquibase formatted sql

--changeset access:001
--comment API keys, of which only a hash is kept
CREATE TABLE api_key (
    id           text        NOT NULL,
    hash         bytea       NOT NULL,
    name         text,
    role         text        NOT NULL,
    collections  text[],
    created_at   timestamptz NOT NULL DEFAULT now(),
    expires_at   timestamptz,
    revoked_at   timestamptz,
    last_used_at timestamptz,
    CONSTRAINT api_key_pkey PRIMARY KEY (id),
    CONSTRAINT api_key_hash_check CHECK (octet_length(hash) = 32),
    CONSTRAINT api_key_role_check CHECK (role IN ('reader', 'writer', 'admin')),
    CONSTRAINT api_key_collections_check CHECK (cardinality(collections) > 0)
);

COMMENT ON TABLE  api_key              IS 'Who may do what, by the key that is shown';
COMMENT ON COLUMN api_key.id           IS 'The part of the key that may be seen: sheaf_<id>_<secret>';
COMMENT ON COLUMN api_key.hash         IS 'SHA-256 of the secret; the secret itself is kept nowhere';
COMMENT ON COLUMN api_key.name         IS 'What people call it';
COMMENT ON COLUMN api_key.role         IS 'reader, writer or admin; each may do what those before it may';
COMMENT ON COLUMN api_key.collections  IS 'The names of the collections it is limited to; NULL when it is not';
COMMENT ON COLUMN api_key.created_at   IS 'When it was made';
COMMENT ON COLUMN api_key.expires_at   IS 'From when on it is refused; NULL is never';
COMMENT ON COLUMN api_key.revoked_at   IS 'When it was revoked; the row stays, so that old records can be read';
COMMENT ON COLUMN api_key.last_used_at IS 'When it was last used, to the minute';

--rollback DROP TABLE api_key;
