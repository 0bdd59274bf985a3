-- Groups of users that can be mentioned, and the fields that administrators add to profiles.
CREATE TABLE user_groups (
  id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, display_name TEXT NOT NULL, description TEXT NOT NULL DEFAULT '',
  allow_reference BOOLEAN NOT NULL DEFAULT TRUE, create_at BIGINT NOT NULL, update_at BIGINT NOT NULL,
  delete_at BIGINT NOT NULL DEFAULT 0
);
CREATE TABLE group_members (
  group_id TEXT NOT NULL, user_id TEXT NOT NULL, create_at BIGINT NOT NULL, PRIMARY KEY (group_id, user_id)
);
CREATE INDEX group_members_user ON group_members (user_id);
CREATE TABLE profile_fields (
  id TEXT PRIMARY KEY, name TEXT NOT NULL, type TEXT NOT NULL, attrs JSONB NOT NULL, create_at BIGINT NOT NULL,
  update_at BIGINT NOT NULL, delete_at BIGINT NOT NULL DEFAULT 0
);
CREATE TABLE profile_values (
  field_id TEXT NOT NULL, user_id TEXT NOT NULL, value JSONB NOT NULL, update_at BIGINT NOT NULL,
  PRIMARY KEY (field_id, user_id)
);
CREATE INDEX profile_values_user ON profile_values (user_id);
