CREATE TABLE outgoing_webhooks (
  id TEXT PRIMARY KEY, token TEXT NOT NULL, create_at BIGINT NOT NULL, update_at BIGINT NOT NULL,
  delete_at BIGINT NOT NULL DEFAULT 0, creator_id TEXT NOT NULL, channel_id TEXT NOT NULL DEFAULT '', team_id TEXT NOT NULL,
  trigger_words JSONB NOT NULL, trigger_when BIGINT NOT NULL DEFAULT 0, callback_urls JSONB NOT NULL,
  display_name TEXT NOT NULL DEFAULT '', description TEXT NOT NULL DEFAULT '', content_type TEXT NOT NULL DEFAULT '',
  username TEXT NOT NULL DEFAULT '', icon_url TEXT NOT NULL DEFAULT ''
);
CREATE INDEX outgoing_webhooks_team ON outgoing_webhooks (team_id, delete_at);
