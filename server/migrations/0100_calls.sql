-- Who is in a call, so that a restart of the server can take the call over.
CREATE TABLE calls_sessions (
  id TEXT PRIMARY KEY, call_id TEXT NOT NULL, user_id TEXT NOT NULL, join_at BIGINT NOT NULL, unmuted BOOLEAN NOT NULL,
  raised_hand BIGINT NOT NULL, video BOOLEAN NOT NULL, job_id TEXT NOT NULL
);
CREATE INDEX calls_sessions_call ON calls_sessions (call_id);
CREATE INDEX calls_start ON calls (start_at);
