-- The second factor: the code's time step that was used last, so that no code counts twice, and a secret not yet confirmed.
ALTER TABLE users ADD COLUMN mfa_last_step BIGINT NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN mfa_pending TEXT NOT NULL DEFAULT '';
-- When failed_attempts last grew: an account that was locked opens again after a while.
ALTER TABLE users ADD COLUMN last_failed_at BIGINT NOT NULL DEFAULT 0;
-- 0: never.
ALTER TABLE user_access_tokens ADD COLUMN expires_at BIGINT NOT NULL DEFAULT 0;
CREATE INDEX sessions_expiry ON sessions (expires_at);

-- Who did what to which account, from where.
CREATE TABLE audits (
  id TEXT PRIMARY KEY, create_at BIGINT NOT NULL, user_id TEXT NOT NULL, action TEXT NOT NULL, extra_info TEXT NOT NULL DEFAULT '',
  ip_address TEXT NOT NULL DEFAULT '', session_id TEXT NOT NULL DEFAULT ''
);
CREATE INDEX audits_time ON audits (create_at);
CREATE INDEX audits_user ON audits (user_id, create_at);
