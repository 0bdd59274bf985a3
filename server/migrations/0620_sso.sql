-- Tokens by which an app gets the session of a login that happened in a browser, by their hashes; each is used once.
CREATE TABLE sso_tokens (
  token_hash TEXT PRIMARY KEY, kind TEXT NOT NULL, user_id TEXT NOT NULL, service TEXT NOT NULL,
  challenge TEXT NOT NULL DEFAULT '', state TEXT NOT NULL DEFAULT '', expires_at BIGINT NOT NULL
);
CREATE INDEX sso_tokens_end ON sso_tokens (expires_at);
