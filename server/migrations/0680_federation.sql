-- Connections to partner sites, and the channels that are shared with them. Times are epoch milliseconds.
ALTER TABLE channels ADD COLUMN shared BOOLEAN NOT NULL DEFAULT FALSE;

-- token is what the other site shows us, remote_token what we show it; both are sealed. invite_at: when the present code was
-- made; failure: why the last call did not come through, empty when it did.
CREATE TABLE remote_clusters (
  id TEXT PRIMARY KEY, name TEXT NOT NULL, display_name TEXT NOT NULL DEFAULT '', site_url TEXT NOT NULL,
  default_team_id TEXT NOT NULL DEFAULT '', create_at BIGINT NOT NULL, delete_at BIGINT NOT NULL DEFAULT 0,
  last_ping_at BIGINT NOT NULL DEFAULT 0, token TEXT NOT NULL DEFAULT '', remote_token TEXT NOT NULL DEFAULT '',
  creator_id TEXT NOT NULL DEFAULT '', options BIGINT NOT NULL DEFAULT 0, invite_at BIGINT NOT NULL, failure TEXT NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX remote_clusters_name ON remote_clusters (name) WHERE delete_at = 0;

-- remote_id: whose channel it is; empty when it is ours.
CREATE TABLE shared_channels (
  channel_id TEXT PRIMARY KEY, team_id TEXT NOT NULL, home BOOLEAN NOT NULL, readonly BOOLEAN NOT NULL DEFAULT FALSE,
  name TEXT NOT NULL, display_name TEXT NOT NULL, purpose TEXT NOT NULL DEFAULT '', header TEXT NOT NULL DEFAULT '',
  creator_id TEXT NOT NULL, create_at BIGINT NOT NULL, update_at BIGINT NOT NULL, remote_id TEXT NOT NULL DEFAULT ''
);
-- The queue: what changed in the channel after (post_at, post_id) still has to be told to the site. began_at: posts of
-- before are not.
CREATE TABLE shared_channel_remotes (
  id TEXT PRIMARY KEY, channel_id TEXT NOT NULL, remote_id TEXT NOT NULL, creator_id TEXT NOT NULL, create_at BIGINT NOT NULL,
  update_at BIGINT NOT NULL, delete_at BIGINT NOT NULL DEFAULT 0, accepted BOOLEAN NOT NULL, confirmed BOOLEAN NOT NULL,
  began_at BIGINT NOT NULL, post_at BIGINT NOT NULL, post_id TEXT NOT NULL DEFAULT '', members_at BIGINT NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX shared_channel_remotes_live ON shared_channel_remotes (channel_id, remote_id) WHERE delete_at = 0;
CREATE INDEX shared_channel_remotes_of ON shared_channel_remotes (remote_id, delete_at);

-- What the other site knows already: user_at and picture_at as they were when they were told. member: told as a member.
CREATE TABLE shared_channel_users (
  remote_id TEXT NOT NULL, channel_id TEXT NOT NULL, user_id TEXT NOT NULL, user_at BIGINT NOT NULL, picture_at BIGINT NOT NULL,
  member BOOLEAN NOT NULL DEFAULT FALSE, PRIMARY KEY (remote_id, channel_id, user_id)
);
-- Reactions (kind 'reaction', name is the emoji) and confirmations ('ack', name empty) that it was told of.
CREATE TABLE shared_channel_marks (
  remote_id TEXT NOT NULL, post_id TEXT NOT NULL, kind TEXT NOT NULL, user_id TEXT NOT NULL, name TEXT NOT NULL,
  PRIMARY KEY (remote_id, post_id, kind, user_id, name)
);
