-- Indexes for searching: derived from posts and files, filled behind them by chat/src/search/index.rs, in no backup.
-- All rows of the table up to the rowid `done` are in the index (those that can be found at all).
CREATE TABLE search_state (subject TEXT PRIMARY KEY, done BIGINT NOT NULL);
INSERT INTO search_state (subject, done) VALUES ('posts', 0), ('files', 0);
-- What changed since it was put into the index.
CREATE TABLE search_queue (number INTEGER PRIMARY KEY, subject TEXT NOT NULL, item TEXT NOT NULL);
CREATE INDEX search_queue_item ON search_queue (subject, item);
-- Numbers ascend with the time of the post or file, so that the newest are found first; item is its rowid.
CREATE TABLE search_posts_numbers (number INTEGER PRIMARY KEY, item INTEGER NOT NULL UNIQUE);
CREATE TABLE search_files_numbers (number INTEGER PRIMARY KEY, item INTEGER NOT NULL UNIQUE);
-- Words are ours (chat/src/search/words.rs): ASCII letters and digits or anything beyond ASCII, which is what `ascii` takes.
CREATE VIRTUAL TABLE search_posts USING fts5(words, content = '', contentless_delete = 1, tokenize = 'ascii');
CREATE VIRTUAL TABLE search_files USING fts5(words, content = '', contentless_delete = 1, tokenize = 'ascii');

CREATE TRIGGER search_posts_changed AFTER UPDATE OF message, type, delete_at ON posts
WHEN old.message <> new.message OR old.type <> new.type OR old.delete_at <> new.delete_at BEGIN
  INSERT INTO search_queue (subject, item) VALUES ('posts', new.id);
END;
-- A rowid that is free again may be given again: `done` never stays beyond the last row.
CREATE TRIGGER search_posts_erased AFTER DELETE ON posts BEGIN
  DELETE FROM search_posts WHERE rowid = (SELECT number FROM search_posts_numbers WHERE item = old.rowid);
  DELETE FROM search_posts_numbers WHERE item = old.rowid;
  DELETE FROM search_queue WHERE subject = 'posts' AND item = old.id;
  UPDATE search_state SET done = (SELECT COALESCE(MAX(rowid), 0) FROM posts)
  WHERE subject = 'posts' AND done > (SELECT COALESCE(MAX(rowid), 0) FROM posts);
END;

CREATE TRIGGER search_files_changed AFTER UPDATE OF name, path, delete_at ON file_infos
WHEN old.name <> new.name OR old.path <> new.path OR old.delete_at <> new.delete_at BEGIN
  INSERT INTO search_queue (subject, item) VALUES ('files', new.id);
END;
CREATE TRIGGER search_files_erased AFTER DELETE ON file_infos BEGIN
  DELETE FROM search_files WHERE rowid = (SELECT number FROM search_files_numbers WHERE item = old.rowid);
  DELETE FROM search_files_numbers WHERE item = old.rowid;
  DELETE FROM search_queue WHERE subject = 'files' AND item = old.id;
  UPDATE search_state SET done = (SELECT COALESCE(MAX(rowid), 0) FROM file_infos)
  WHERE subject = 'files' AND done > (SELECT COALESCE(MAX(rowid), 0) FROM file_infos);
END;
CREATE TRIGGER search_texts_came AFTER INSERT ON file_texts WHEN new.content <> '' BEGIN
  INSERT INTO search_queue (subject, item) SELECT 'files', f.id FROM file_infos f WHERE f.path = new.path;
END;
CREATE TRIGGER search_texts_changed AFTER UPDATE OF content ON file_texts WHEN old.content <> new.content BEGIN
  INSERT INTO search_queue (subject, item) SELECT 'files', f.id FROM file_infos f WHERE f.path = new.path;
END;
