CREATE TABLE commands (
  id TEXT PRIMARY KEY, token TEXT NOT NULL, create_at BIGINT NOT NULL, update_at BIGINT NOT NULL,
  delete_at BIGINT NOT NULL DEFAULT 0, creator_id TEXT NOT NULL, team_id TEXT NOT NULL, trigger_word TEXT NOT NULL,
  method TEXT NOT NULL, username TEXT NOT NULL DEFAULT '', icon_url TEXT NOT NULL DEFAULT '',
  auto_complete BOOLEAN NOT NULL DEFAULT FALSE, auto_complete_desc TEXT NOT NULL DEFAULT '',
  auto_complete_hint TEXT NOT NULL DEFAULT '', display_name TEXT NOT NULL DEFAULT '', description TEXT NOT NULL DEFAULT '',
  url TEXT NOT NULL
);
CREATE UNIQUE INDEX commands_trigger ON commands (team_id, trigger_word) WHERE delete_at = 0;
-- Where a program can answer a command later.
CREATE TABLE command_responses (
  id TEXT PRIMARY KEY, create_at BIGINT NOT NULL, command_id TEXT NOT NULL, user_id TEXT NOT NULL, channel_id TEXT NOT NULL,
  root_id TEXT NOT NULL DEFAULT '', uses BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX command_responses_age ON command_responses (create_at);
