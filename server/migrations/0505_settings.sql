-- What administrators have set; value is JSON. What a file, the environment or a flag sets comes before it.
CREATE TABLE settings (
  path TEXT PRIMARY KEY, value TEXT NOT NULL, update_at BIGINT NOT NULL, user_id TEXT NOT NULL
);
-- Which notices somebody has put away.
CREATE TABLE notices_seen (
  user_id TEXT NOT NULL, notice_id TEXT NOT NULL, seen_at BIGINT NOT NULL, PRIMARY KEY (user_id, notice_id)
);
