-- What a channel's header counts each time somebody opens it: without these, every post of the channel was read.
CREATE INDEX posts_pinned ON posts (channel_id, create_at) WHERE is_pinned = TRUE AND delete_at = 0;
CREATE INDEX file_infos_attached ON file_infos (channel_id, create_at) WHERE delete_at = 0 AND post_id <> '';
