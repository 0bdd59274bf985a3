-- What official clients keep on the server beside messages. Numbers: chat has 1 to 99, products have hundreds of their own.
CREATE TABLE emoji (
  id TEXT PRIMARY KEY, create_at BIGINT NOT NULL, update_at BIGINT NOT NULL, delete_at BIGINT NOT NULL DEFAULT 0,
  creator_id TEXT NOT NULL, name TEXT NOT NULL, mime_type TEXT NOT NULL
);
CREATE UNIQUE INDEX emoji_name ON emoji (name) WHERE delete_at = 0;

ALTER TABLE drafts ADD COLUMN type TEXT NOT NULL DEFAULT '';
ALTER TABLE drafts ADD COLUMN priority JSONB;

CREATE TABLE scheduled_posts (
  id TEXT PRIMARY KEY, create_at BIGINT NOT NULL, update_at BIGINT NOT NULL, user_id TEXT NOT NULL, channel_id TEXT NOT NULL,
  root_id TEXT NOT NULL DEFAULT '', message TEXT NOT NULL, type TEXT NOT NULL DEFAULT '', props JSONB NOT NULL,
  file_ids JSONB NOT NULL, priority JSONB, scheduled_at BIGINT NOT NULL, processed_at BIGINT NOT NULL DEFAULT 0,
  error_code TEXT NOT NULL DEFAULT ''
);
CREATE INDEX scheduled_posts_due ON scheduled_posts (processed_at, scheduled_at);
CREATE INDEX scheduled_posts_user ON scheduled_posts (user_id);

CREATE TABLE channel_bookmarks (
  id TEXT PRIMARY KEY, create_at BIGINT NOT NULL, update_at BIGINT NOT NULL, delete_at BIGINT NOT NULL DEFAULT 0,
  channel_id TEXT NOT NULL, owner_id TEXT NOT NULL, file_id TEXT NOT NULL DEFAULT '', display_name TEXT NOT NULL,
  sort_order BIGINT NOT NULL, link_url TEXT NOT NULL DEFAULT '', image_url TEXT NOT NULL DEFAULT '',
  emoji TEXT NOT NULL DEFAULT '', type TEXT NOT NULL
);
CREATE INDEX channel_bookmarks_channel ON channel_bookmarks (channel_id, delete_at);

-- Who was mentioned where: unread mentions of threads and channels are counted from this, so they are right after edits and deletions.
CREATE TABLE post_mentions (
  post_id TEXT NOT NULL, user_id TEXT NOT NULL, root_id TEXT NOT NULL, channel_id TEXT NOT NULL, create_at BIGINT NOT NULL,
  PRIMARY KEY (post_id, user_id)
);
CREATE INDEX post_mentions_user ON post_mentions (user_id, channel_id, create_at);
CREATE INDEX post_mentions_thread ON post_mentions (root_id, user_id, create_at);

CREATE TABLE post_priority (
  post_id TEXT PRIMARY KEY, priority TEXT NOT NULL, requested_ack BOOLEAN NOT NULL DEFAULT FALSE,
  persistent BOOLEAN NOT NULL DEFAULT FALSE
);
CREATE TABLE post_acknowledgements (
  post_id TEXT NOT NULL, user_id TEXT NOT NULL, channel_id TEXT NOT NULL, acknowledged_at BIGINT NOT NULL,
  PRIMARY KEY (post_id, user_id)
);
-- target_time in milliseconds.
CREATE TABLE post_reminders (
  post_id TEXT NOT NULL, user_id TEXT NOT NULL, target_time BIGINT NOT NULL, PRIMARY KEY (post_id, user_id)
);
CREATE INDEX post_reminders_due ON post_reminders (target_time);
-- What a post said before each edit.
CREATE TABLE post_versions (
  id TEXT PRIMARY KEY, post_id TEXT NOT NULL, replaced_at BIGINT NOT NULL, edit_at BIGINT NOT NULL, message TEXT NOT NULL,
  props JSONB NOT NULL, hashtags TEXT NOT NULL, file_ids JSONB NOT NULL
);
CREATE INDEX post_versions_post ON post_versions (post_id);
CREATE INDEX posts_user ON posts (user_id, create_at);
CREATE INDEX file_infos_channel ON file_infos (channel_id, create_at);
