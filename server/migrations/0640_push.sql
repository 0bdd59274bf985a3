-- Notifications on phones. A post waits in push_posts until it is found out who is to be told, then each device in push_queue.
CREATE TABLE push_posts (
  post_id TEXT PRIMARY KEY, create_at BIGINT NOT NULL, again BOOLEAN NOT NULL
);
-- kind: message or clear. next_at: when it is (next) sent; a process that sends it puts that off, so that another one takes it
-- over when the process dies.
CREATE TABLE push_queue (
  id TEXT PRIMARY KEY, kind TEXT NOT NULL, session_id TEXT NOT NULL, user_id TEXT NOT NULL, post_id TEXT NOT NULL DEFAULT '',
  channel_id TEXT NOT NULL, root_id TEXT NOT NULL DEFAULT '', create_at BIGINT NOT NULL, next_at BIGINT NOT NULL,
  attempts BIGINT NOT NULL DEFAULT 0, refusals BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX push_queue_due ON push_queue (next_at);
CREATE INDEX push_queue_user ON push_queue (user_id, channel_id);
CREATE INDEX push_queue_session ON push_queue (session_id);
-- What a device shows, as far as this server knows: only that has to be cleared.
CREATE TABLE push_shown (
  session_id TEXT NOT NULL, user_id TEXT NOT NULL, channel_id TEXT NOT NULL, root_id TEXT NOT NULL,
  PRIMARY KEY (session_id, channel_id, root_id)
);
CREATE INDEX push_shown_user ON push_shown (user_id, channel_id);
CREATE INDEX sessions_device ON sessions (user_id) WHERE device_id <> '';
