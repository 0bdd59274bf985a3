-- Urgent messages that are told again until somebody whom they mention answers. next_at in milliseconds.
CREATE TABLE persistent_notifications (
  post_id TEXT PRIMARY KEY, next_at BIGINT NOT NULL, sent BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX persistent_notifications_due ON persistent_notifications (next_at);
CREATE INDEX post_reminders_user ON post_reminders (user_id);
