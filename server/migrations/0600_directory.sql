-- Groups of a directory, the teams and channels that they are linked to, and places that only members of linked groups are in.
ALTER TABLE user_groups ADD COLUMN source TEXT NOT NULL DEFAULT 'custom';
ALTER TABLE user_groups ADD COLUMN remote_id TEXT;
CREATE UNIQUE INDEX user_groups_remote ON user_groups (source, remote_id);
CREATE TABLE group_links (
  group_id TEXT NOT NULL, place_id TEXT NOT NULL, kind TEXT NOT NULL, auto_add BOOLEAN NOT NULL DEFAULT FALSE,
  scheme_admin BOOLEAN NOT NULL DEFAULT FALSE, create_at BIGINT NOT NULL, update_at BIGINT NOT NULL,
  delete_at BIGINT NOT NULL DEFAULT 0, PRIMARY KEY (group_id, place_id)
);
CREATE INDEX group_links_place ON group_links (place_id, delete_at);
-- Whom a link has brought to a place already: who leaves by choice is not brought again.
CREATE TABLE group_brought (
  place_id TEXT NOT NULL, user_id TEXT NOT NULL, create_at BIGINT NOT NULL, PRIMARY KEY (place_id, user_id)
);
ALTER TABLE teams ADD COLUMN group_constrained BOOLEAN;
ALTER TABLE channels ADD COLUMN group_constrained BOOLEAN;
CREATE INDEX users_auth ON users (auth_service, auth_data);
-- What the directory's side keeps of an account: when it was found missing, and which picture it has.
CREATE TABLE directory_people (
  user_id TEXT PRIMARY KEY, gone_at BIGINT NOT NULL DEFAULT 0, picture TEXT NOT NULL DEFAULT ''
);
