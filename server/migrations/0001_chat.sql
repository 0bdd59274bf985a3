-- The chat schema. One text for both engines: ids are text, times are epoch milliseconds, JSON is JSONB.
CREATE TABLE system (name TEXT PRIMARY KEY, value TEXT NOT NULL);

CREATE TABLE users (
  id TEXT PRIMARY KEY, create_at BIGINT NOT NULL, update_at BIGINT NOT NULL, delete_at BIGINT NOT NULL DEFAULT 0,
  username TEXT NOT NULL UNIQUE, email TEXT NOT NULL UNIQUE, password TEXT NOT NULL DEFAULT '',
  auth_service TEXT NOT NULL DEFAULT '', auth_data TEXT NOT NULL DEFAULT '', email_verified BOOLEAN NOT NULL DEFAULT FALSE,
  nickname TEXT NOT NULL DEFAULT '', first_name TEXT NOT NULL DEFAULT '', last_name TEXT NOT NULL DEFAULT '',
  position TEXT NOT NULL DEFAULT '', roles TEXT NOT NULL, props JSONB NOT NULL, notify_props JSONB NOT NULL,
  timezone JSONB NOT NULL, locale TEXT NOT NULL DEFAULT 'en', failed_attempts BIGINT NOT NULL DEFAULT 0,
  last_password_update BIGINT NOT NULL DEFAULT 0, last_picture_update BIGINT NOT NULL DEFAULT 0,
  last_login BIGINT NOT NULL DEFAULT 0, mfa_active BOOLEAN NOT NULL DEFAULT FALSE, mfa_secret TEXT NOT NULL DEFAULT '',
  is_bot BOOLEAN NOT NULL DEFAULT FALSE, remote_id TEXT
);
CREATE TABLE bots (
  user_id TEXT PRIMARY KEY, description TEXT NOT NULL DEFAULT '', owner_id TEXT NOT NULL,
  last_icon_update BIGINT NOT NULL DEFAULT 0, create_at BIGINT NOT NULL, update_at BIGINT NOT NULL, delete_at BIGINT NOT NULL DEFAULT 0
);
-- token_hash is hex SHA-256: a stolen database opens no session.
CREATE TABLE sessions (
  id TEXT PRIMARY KEY, token_hash TEXT NOT NULL UNIQUE, user_id TEXT NOT NULL, create_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL, last_activity_at BIGINT NOT NULL, device_id TEXT NOT NULL DEFAULT '',
  roles TEXT NOT NULL DEFAULT '', is_oauth BOOLEAN NOT NULL DEFAULT FALSE, props JSONB NOT NULL
);
CREATE INDEX sessions_user ON sessions (user_id);
CREATE TABLE user_access_tokens (
  id TEXT PRIMARY KEY, token_hash TEXT NOT NULL UNIQUE, user_id TEXT NOT NULL, description TEXT NOT NULL DEFAULT '',
  is_active BOOLEAN NOT NULL DEFAULT TRUE, create_at BIGINT NOT NULL
);
CREATE INDEX user_access_tokens_user ON user_access_tokens (user_id);
CREATE TABLE statuses (
  user_id TEXT PRIMARY KEY, status TEXT NOT NULL, manual BOOLEAN NOT NULL, last_activity_at BIGINT NOT NULL,
  dnd_end_time BIGINT NOT NULL DEFAULT 0
);
CREATE TABLE preferences (
  user_id TEXT NOT NULL, category TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL,
  PRIMARY KEY (user_id, category, name)
);
CREATE TABLE profile_images (user_id TEXT PRIMARY KEY, mime_type TEXT NOT NULL, data BYTEA NOT NULL);

CREATE TABLE teams (
  id TEXT PRIMARY KEY, create_at BIGINT NOT NULL, update_at BIGINT NOT NULL, delete_at BIGINT NOT NULL DEFAULT 0,
  display_name TEXT NOT NULL, name TEXT NOT NULL UNIQUE, description TEXT NOT NULL DEFAULT '', email TEXT NOT NULL DEFAULT '',
  type TEXT NOT NULL, company_name TEXT NOT NULL DEFAULT '', allowed_domains TEXT NOT NULL DEFAULT '',
  invite_id TEXT NOT NULL UNIQUE, allow_open_invite BOOLEAN NOT NULL DEFAULT FALSE, last_team_icon_update BIGINT NOT NULL DEFAULT 0
);
CREATE TABLE team_members (
  team_id TEXT NOT NULL, user_id TEXT NOT NULL, roles TEXT NOT NULL DEFAULT '', delete_at BIGINT NOT NULL DEFAULT 0,
  scheme_guest BOOLEAN NOT NULL DEFAULT FALSE, scheme_user BOOLEAN NOT NULL DEFAULT TRUE, scheme_admin BOOLEAN NOT NULL DEFAULT FALSE,
  create_at BIGINT NOT NULL, PRIMARY KEY (team_id, user_id)
);
CREATE INDEX team_members_user ON team_members (user_id, delete_at);

CREATE TABLE channels (
  id TEXT PRIMARY KEY, create_at BIGINT NOT NULL, update_at BIGINT NOT NULL, delete_at BIGINT NOT NULL DEFAULT 0,
  team_id TEXT NOT NULL, type TEXT NOT NULL, display_name TEXT NOT NULL, name TEXT NOT NULL, header TEXT NOT NULL DEFAULT '',
  purpose TEXT NOT NULL DEFAULT '', last_post_at BIGINT NOT NULL DEFAULT 0, total_msg_count BIGINT NOT NULL DEFAULT 0,
  creator_id TEXT NOT NULL DEFAULT '', props JSONB NOT NULL, total_msg_count_root BIGINT NOT NULL DEFAULT 0,
  last_root_post_at BIGINT NOT NULL DEFAULT 0, autotranslation BOOLEAN NOT NULL DEFAULT FALSE, UNIQUE (team_id, name)
);
CREATE TABLE channel_members (
  channel_id TEXT NOT NULL, user_id TEXT NOT NULL, roles TEXT NOT NULL DEFAULT '', last_viewed_at BIGINT NOT NULL DEFAULT 0,
  msg_count BIGINT NOT NULL DEFAULT 0, mention_count BIGINT NOT NULL DEFAULT 0, mention_count_root BIGINT NOT NULL DEFAULT 0,
  urgent_mention_count BIGINT NOT NULL DEFAULT 0, msg_count_root BIGINT NOT NULL DEFAULT 0, notify_props JSONB NOT NULL,
  last_update_at BIGINT NOT NULL, scheme_guest BOOLEAN NOT NULL DEFAULT FALSE, scheme_user BOOLEAN NOT NULL DEFAULT TRUE,
  scheme_admin BOOLEAN NOT NULL DEFAULT FALSE, PRIMARY KEY (channel_id, user_id)
);
CREATE INDEX channel_members_user ON channel_members (user_id);
CREATE TABLE sidebar_categories (
  id TEXT PRIMARY KEY, user_id TEXT NOT NULL, team_id TEXT NOT NULL, sort_order BIGINT NOT NULL, sorting TEXT NOT NULL DEFAULT '',
  type TEXT NOT NULL, display_name TEXT NOT NULL, muted BOOLEAN NOT NULL DEFAULT FALSE, collapsed BOOLEAN NOT NULL DEFAULT FALSE
);
CREATE INDEX sidebar_categories_user ON sidebar_categories (user_id, team_id);
CREATE TABLE sidebar_channels (
  channel_id TEXT NOT NULL, user_id TEXT NOT NULL, team_id TEXT NOT NULL, category_id TEXT NOT NULL, sort_order BIGINT NOT NULL,
  PRIMARY KEY (channel_id, user_id, team_id)
);

CREATE TABLE posts (
  id TEXT PRIMARY KEY, create_at BIGINT NOT NULL, update_at BIGINT NOT NULL, edit_at BIGINT NOT NULL DEFAULT 0,
  delete_at BIGINT NOT NULL DEFAULT 0, is_pinned BOOLEAN NOT NULL DEFAULT FALSE, user_id TEXT NOT NULL, channel_id TEXT NOT NULL,
  root_id TEXT NOT NULL DEFAULT '', original_id TEXT NOT NULL DEFAULT '', message TEXT NOT NULL, type TEXT NOT NULL DEFAULT '',
  props JSONB NOT NULL, hashtags TEXT NOT NULL DEFAULT '', file_ids JSONB NOT NULL, has_reactions BOOLEAN NOT NULL DEFAULT FALSE,
  remote_id TEXT
);
CREATE INDEX posts_channel ON posts (channel_id, delete_at, create_at);
CREATE INDEX posts_channel_update ON posts (channel_id, update_at);
CREATE INDEX posts_root ON posts (root_id, delete_at, create_at);
-- A client that repeats a send after a lost answer gets the post that is already stored.
CREATE TABLE pending_posts (user_id TEXT NOT NULL, pending_post_id TEXT NOT NULL, post_id TEXT NOT NULL, create_at BIGINT NOT NULL,
  PRIMARY KEY (user_id, pending_post_id));
CREATE TABLE threads (
  post_id TEXT PRIMARY KEY, channel_id TEXT NOT NULL, reply_count BIGINT NOT NULL DEFAULT 0, last_reply_at BIGINT NOT NULL DEFAULT 0,
  participants JSONB NOT NULL, delete_at BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX threads_channel ON threads (channel_id, last_reply_at);
CREATE TABLE thread_memberships (
  post_id TEXT NOT NULL, user_id TEXT NOT NULL, following BOOLEAN NOT NULL, last_viewed_at BIGINT NOT NULL DEFAULT 0,
  last_update_at BIGINT NOT NULL DEFAULT 0, unread_mentions BIGINT NOT NULL DEFAULT 0, PRIMARY KEY (post_id, user_id)
);
CREATE INDEX thread_memberships_user ON thread_memberships (user_id, following);
CREATE TABLE reactions (
  user_id TEXT NOT NULL, post_id TEXT NOT NULL, emoji_name TEXT NOT NULL, create_at BIGINT NOT NULL, update_at BIGINT NOT NULL,
  channel_id TEXT NOT NULL, PRIMARY KEY (post_id, user_id, emoji_name)
);
CREATE TABLE drafts (
  user_id TEXT NOT NULL, channel_id TEXT NOT NULL, root_id TEXT NOT NULL DEFAULT '', create_at BIGINT NOT NULL,
  update_at BIGINT NOT NULL, message TEXT NOT NULL, props JSONB NOT NULL, file_ids JSONB NOT NULL, PRIMARY KEY (user_id, channel_id, root_id)
);
CREATE TABLE file_infos (
  id TEXT PRIMARY KEY, user_id TEXT NOT NULL, post_id TEXT NOT NULL DEFAULT '', channel_id TEXT NOT NULL, create_at BIGINT NOT NULL,
  update_at BIGINT NOT NULL, delete_at BIGINT NOT NULL DEFAULT 0, path TEXT NOT NULL, thumbnail_path TEXT NOT NULL DEFAULT '',
  preview_path TEXT NOT NULL DEFAULT '', name TEXT NOT NULL, extension TEXT NOT NULL, size BIGINT NOT NULL, mime_type TEXT NOT NULL,
  width BIGINT, height BIGINT, has_preview_image BOOLEAN NOT NULL DEFAULT FALSE, mini_preview TEXT
);
CREATE INDEX file_infos_post ON file_infos (post_id);
CREATE TABLE upload_sessions (
  id TEXT PRIMARY KEY, type TEXT NOT NULL, create_at BIGINT NOT NULL, user_id TEXT NOT NULL, channel_id TEXT NOT NULL,
  filename TEXT NOT NULL, path TEXT NOT NULL, file_size BIGINT NOT NULL, file_offset BIGINT NOT NULL
);

CREATE TABLE calls_channels (channel_id TEXT PRIMARY KEY, enabled BOOLEAN NOT NULL);
CREATE TABLE calls (
  id TEXT PRIMARY KEY, channel_id TEXT NOT NULL, start_at BIGINT NOT NULL, end_at BIGINT NOT NULL DEFAULT 0, title TEXT NOT NULL DEFAULT '',
  post_id TEXT NOT NULL, thread_id TEXT NOT NULL, owner_id TEXT NOT NULL, participants JSONB NOT NULL, props JSONB NOT NULL
);
CREATE INDEX calls_channel ON calls (channel_id, end_at);
CREATE TABLE calls_jobs (
  id TEXT PRIMARY KEY, call_id TEXT NOT NULL, type TEXT NOT NULL, creator_id TEXT NOT NULL, init_at BIGINT NOT NULL,
  start_at BIGINT NOT NULL DEFAULT 0, end_at BIGINT NOT NULL DEFAULT 0, props JSONB NOT NULL
);
CREATE INDEX calls_jobs_call ON calls_jobs (call_id);
CREATE TABLE agent_runs (
  id TEXT PRIMARY KEY, post_id TEXT NOT NULL, user_id TEXT NOT NULL, bot_id TEXT NOT NULL, create_at BIGINT NOT NULL,
  end_at BIGINT NOT NULL DEFAULT 0, kind TEXT NOT NULL, prompt JSONB NOT NULL, outcome TEXT NOT NULL DEFAULT ''
);
CREATE INDEX agent_runs_post ON agent_runs (post_id);
CREATE TABLE translation_channels (channel_id TEXT PRIMARY KEY, enabled BOOLEAN NOT NULL);
