CREATE TABLE oauth_apps (
  id TEXT PRIMARY KEY, creator_id TEXT NOT NULL, create_at BIGINT NOT NULL, update_at BIGINT NOT NULL,
  client_secret TEXT NOT NULL DEFAULT '', name TEXT NOT NULL, description TEXT NOT NULL DEFAULT '',
  icon_url TEXT NOT NULL DEFAULT '', callback_urls JSONB NOT NULL, homepage TEXT NOT NULL DEFAULT '',
  is_trusted BOOLEAN NOT NULL DEFAULT FALSE, is_public BOOLEAN NOT NULL DEFAULT FALSE
);
-- Which apps a user lets act for them.
CREATE TABLE oauth_authorizations (
  user_id TEXT NOT NULL, app_id TEXT NOT NULL, scope TEXT NOT NULL, create_at BIGINT NOT NULL, PRIMARY KEY (user_id, app_id)
);
-- Hashes (hex SHA-256): a stolen database opens nothing.
CREATE TABLE oauth_codes (
  code_hash TEXT PRIMARY KEY, app_id TEXT NOT NULL, user_id TEXT NOT NULL, expires_at BIGINT NOT NULL, redirect_uri TEXT NOT NULL,
  scope TEXT NOT NULL, code_challenge TEXT NOT NULL DEFAULT ''
);
CREATE TABLE oauth_grants (
  refresh_hash TEXT PRIMARY KEY, app_id TEXT NOT NULL, user_id TEXT NOT NULL, session_id TEXT NOT NULL, expires_at BIGINT NOT NULL,
  scope TEXT NOT NULL
);
CREATE INDEX oauth_grants_user ON oauth_grants (user_id, app_id);
