-- Work that takes longer than a request. data: what the protocol's clients read and write there, texts by name.
CREATE TABLE jobs (
  id TEXT PRIMARY KEY, type TEXT NOT NULL, priority BIGINT NOT NULL DEFAULT 0, create_at BIGINT NOT NULL,
  start_at BIGINT NOT NULL DEFAULT 0, last_activity_at BIGINT NOT NULL, status TEXT NOT NULL,
  progress BIGINT NOT NULL DEFAULT 0, data JSONB NOT NULL
);
CREATE INDEX jobs_status ON jobs (status, create_at);
CREATE INDEX jobs_type ON jobs (type, create_at);
