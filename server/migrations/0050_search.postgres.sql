-- Indexes for searching: derived from posts and files, filled behind them by chat/src/search/index.rs, in no backup.
-- What is not in the index yet, or changed since. A change is a row of its own, so that one that comes while another is
-- being worked on is not lost.
CREATE TABLE search_queue (number BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, subject TEXT NOT NULL, item TEXT NOT NULL);
CREATE INDEX search_queue_item ON search_queue (subject, item);
CREATE TABLE search_posts (item TEXT PRIMARY KEY, at BIGINT NOT NULL, channel TEXT NOT NULL, author TEXT NOT NULL, words TSVECTOR NOT NULL);
CREATE INDEX search_posts_words ON search_posts USING GIN (words);
CREATE INDEX search_posts_at ON search_posts (at, item);
-- A tsvector has room for some 16,000 places: a long document is several parts.
CREATE TABLE search_files (item TEXT NOT NULL, part BIGINT NOT NULL, words TSVECTOR NOT NULL, PRIMARY KEY (item, part));
CREATE INDEX search_files_words ON search_files USING GIN (words);

CREATE FUNCTION search_came() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO search_queue (subject, item) SELECT TG_ARGV[0], f.id FROM fresh f;
  RETURN NULL;
END $$;
CREATE FUNCTION search_changed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO search_queue (subject, item) VALUES (TG_ARGV[0], NEW.id);
  RETURN NULL;
END $$;
CREATE FUNCTION search_text_changed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO search_queue (subject, item) SELECT 'files', f.id FROM file_infos f WHERE f.path = NEW.path;
  RETURN NULL;
END $$;
CREATE FUNCTION search_posts_erased() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  DELETE FROM search_posts WHERE item IN (SELECT id FROM gone);
  DELETE FROM search_queue WHERE subject = 'posts' AND item IN (SELECT id FROM gone);
  RETURN NULL;
END $$;
CREATE FUNCTION search_files_erased() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  DELETE FROM search_files WHERE item IN (SELECT id FROM gone);
  DELETE FROM search_queue WHERE subject = 'files' AND item IN (SELECT id FROM gone);
  RETURN NULL;
END $$;

CREATE TRIGGER search_posts_came AFTER INSERT ON posts REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION search_came('posts');
CREATE TRIGGER search_posts_changed AFTER UPDATE OF message, type, delete_at ON posts FOR EACH ROW
  WHEN (OLD.message <> NEW.message OR OLD.type <> NEW.type OR OLD.delete_at <> NEW.delete_at)
  EXECUTE FUNCTION search_changed('posts');
CREATE TRIGGER search_posts_erased AFTER DELETE ON posts REFERENCING OLD TABLE AS gone
  FOR EACH STATEMENT EXECUTE FUNCTION search_posts_erased();
CREATE TRIGGER search_files_came AFTER INSERT ON file_infos REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION search_came('files');
CREATE TRIGGER search_files_changed AFTER UPDATE OF name, path, delete_at ON file_infos FOR EACH ROW
  WHEN (OLD.name <> NEW.name OR OLD.path <> NEW.path OR OLD.delete_at <> NEW.delete_at)
  EXECUTE FUNCTION search_changed('files');
CREATE TRIGGER search_files_erased AFTER DELETE ON file_infos REFERENCING OLD TABLE AS gone
  FOR EACH STATEMENT EXECUTE FUNCTION search_files_erased();
CREATE TRIGGER search_texts_came AFTER INSERT ON file_texts FOR EACH ROW WHEN (NEW.content <> '')
  EXECUTE FUNCTION search_text_changed();
CREATE TRIGGER search_texts_changed AFTER UPDATE OF content ON file_texts FOR EACH ROW
  WHEN (OLD.content <> NEW.content) EXECUTE FUNCTION search_text_changed();

INSERT INTO search_queue (subject, item) SELECT 'posts', id FROM posts WHERE delete_at = 0 ORDER BY create_at DESC;
INSERT INTO search_queue (subject, item) SELECT 'files', id FROM file_infos WHERE delete_at = 0;
