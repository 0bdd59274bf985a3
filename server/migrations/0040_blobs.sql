-- The bytes of files, each kept once: key is the SHA-256 of what was received, state is 0 while it is being stored, 1 when
-- it is there, 2 when it is being deleted. A blob that is there stays as long as a file_infos row has its path.
CREATE TABLE blobs (
  path TEXT PRIMARY KEY, key TEXT NOT NULL, state BIGINT NOT NULL, touch_at BIGINT NOT NULL, width BIGINT, height BIGINT,
  has_preview_image BOOLEAN NOT NULL DEFAULT FALSE, mini_preview TEXT
);
CREATE UNIQUE INDEX blobs_there ON blobs (key) WHERE state = 1;
CREATE INDEX blobs_touched ON blobs (state, touch_at);
CREATE INDEX file_infos_path ON file_infos (path);
-- The text inside documents, and which documents wait to be read: state is 0 while one waits, 1 when it was read, 2 when it
-- was given up. content is in lower case.
CREATE TABLE file_texts (
  path TEXT PRIMARY KEY, kind TEXT NOT NULL, state BIGINT NOT NULL, attempts BIGINT NOT NULL DEFAULT 0, next_at BIGINT NOT NULL,
  content TEXT NOT NULL DEFAULT '', reason TEXT NOT NULL DEFAULT ''
);
CREATE INDEX file_texts_waiting ON file_texts (state, next_at);
INSERT INTO file_texts (path, kind, state, next_at)
  SELECT path, MIN(extension), 0, 0 FROM file_infos WHERE delete_at = 0 AND extension IN
  ('pdf', 'docx', 'xlsx', 'pptx', 'odt', 'ods', 'odp', 'txt', 'md', 'csv', 'vtt', 'srt', 'json', 'html', 'log') GROUP BY path;
