-- The pieces of an upload that has not ended. Each is an object of its own until the file is put together.
CREATE TABLE upload_parts (
  upload_id TEXT NOT NULL, start BIGINT NOT NULL, path TEXT NOT NULL, PRIMARY KEY (upload_id, start)
);
CREATE INDEX upload_sessions_user ON upload_sessions (user_id, create_at);
CREATE INDEX upload_sessions_age ON upload_sessions (create_at);
