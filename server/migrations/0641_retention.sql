-- How long messages of some teams and channels are kept; each is in one policy at most. post_duration: days, -1 for ever.
CREATE TABLE retention_policies (
  id TEXT PRIMARY KEY, display_name TEXT NOT NULL, post_duration BIGINT NOT NULL, create_at BIGINT NOT NULL
);
CREATE TABLE retention_teams (team_id TEXT PRIMARY KEY, policy_id TEXT NOT NULL);
CREATE INDEX retention_teams_policy ON retention_teams (policy_id);
CREATE TABLE retention_channels (channel_id TEXT PRIMARY KEY, policy_id TEXT NOT NULL);
CREATE INDEX retention_channels_policy ON retention_channels (policy_id);
-- A run reads the old end of each channel, whatever became of its posts.
CREATE INDEX posts_age ON posts (channel_id, create_at);
CREATE INDEX file_infos_age ON file_infos (create_at);
