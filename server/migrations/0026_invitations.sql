-- Links that let somebody in. token_hash is hex SHA-256; the link itself is shown once, to whoever made it.
CREATE TABLE invitations (
  id TEXT PRIMARY KEY, token_hash TEXT NOT NULL UNIQUE, team_id TEXT NOT NULL, creator_id TEXT NOT NULL,
  guest BOOLEAN NOT NULL DEFAULT FALSE, channel_ids JSONB NOT NULL, email TEXT NOT NULL DEFAULT '', note TEXT NOT NULL DEFAULT '',
  create_at BIGINT NOT NULL, expires_at BIGINT NOT NULL, max_uses BIGINT NOT NULL, uses BIGINT NOT NULL DEFAULT 0,
  revoked_at BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX invitations_team ON invitations (team_id, create_at);
CREATE TABLE invitation_uses (
  invitation_id TEXT NOT NULL, user_id TEXT NOT NULL, used_at BIGINT NOT NULL, PRIMARY KEY (invitation_id, user_id)
);
-- Codes for one account, each good once: a new password, a confirmed address.
CREATE TABLE account_codes (
  code_hash TEXT PRIMARY KEY, kind TEXT NOT NULL, user_id TEXT NOT NULL, email TEXT NOT NULL, creator_id TEXT NOT NULL,
  create_at BIGINT NOT NULL, expires_at BIGINT NOT NULL, used_at BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX account_codes_user ON account_codes (user_id, kind);
