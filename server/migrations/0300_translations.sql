-- Posts that wait for their translation. A row goes when the post is translated, gone, or was given up.
CREATE TABLE translation_queue (
  post_id TEXT PRIMARY KEY, channel_id TEXT NOT NULL, create_at BIGINT NOT NULL, tries BIGINT NOT NULL DEFAULT 0,
  next_at BIGINT NOT NULL
);
CREATE INDEX translation_queue_next ON translation_queue (next_at);
CREATE INDEX translation_queue_channel ON translation_queue (channel_id);
