-- What is behind an address outside the site, for all posts that have it. kind: '' not known yet, page, picture, other,
-- failed. wanted_at > 0: it waits to be looked at.
CREATE TABLE links (
  url TEXT PRIMARY KEY, kind TEXT NOT NULL DEFAULT '', data JSONB NOT NULL DEFAULT '{}', expires_at BIGINT NOT NULL DEFAULT 0,
  wanted_at BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX links_wanted ON links (wanted_at) WHERE wanted_at > 0;
-- Which addresses a post has. told: its readers were sent what was found.
CREATE TABLE post_links (
  post_id TEXT NOT NULL, position BIGINT NOT NULL, role TEXT NOT NULL, url TEXT NOT NULL, told BOOLEAN NOT NULL,
  PRIMARY KEY (post_id, position)
);
CREATE INDEX post_links_url ON post_links (url);
CREATE INDEX post_links_untold ON post_links (url) WHERE told = FALSE;
