//! Every statement on the indexes (tables `search_…`), which differ between the engines: FTS5 beside a table of numbers that
//! ascend with time on SQLite, `tsvector` with GIN on PostgreSQL. What is in neither yet is known from rowids and a queue.

use db::{Conn, Engine, Result, Row, Sql, Tx, Value, params};
use std::collections::{HashMap, HashSet};

/// What is searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    Posts,
    Files,
}

impl Subject {
    /// As the tables of the index call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Posts => "posts",
            Self::Files => "files",
        }
    }

    /// The table that it is made of.
    pub fn table(self) -> &'static str {
        match self {
            Self::Posts => "posts",
            Self::Files => "file_infos",
        }
    }

    /// `text` with `{name}` and `{table}` filled in.
    pub fn sql(self, text: &str) -> String {
        text.replace("{name}", self.name()).replace("{table}", self.table())
    }

    fn forked(self, engine: Engine, sqlite: &str, postgres: &str) -> Sql {
        Sql::built(self.sql(if engine == Engine::Sqlite { sqlite } else { postgres }))
    }
}

/// What waits to be put into the index: rows that came, and rows that changed since they were put there.
pub async fn waiting(conn: &mut Conn, engine: Engine, subject: Subject) -> Result<i64> {
    let queued = "SELECT (SELECT COUNT(*) FROM search_queue WHERE subject = '{name}')";
    let fresh =
        "+ (SELECT COALESCE(MAX(rowid), 0) FROM {table}) - (SELECT done FROM search_state WHERE subject = '{name}')";
    let sql = subject.forked(engine, &format!("{queued} {fresh}"), queued);
    Ok(conn.fetch_optional(&sql, vec![], Row::only).await?.unwrap_or(0))
}

/// Changes that wait: their numbers and what changed.
pub async fn changed(conn: &mut Conn, subject: Subject, limit: i64) -> Result<Vec<(i64, String)>> {
    const CHANGED: Sql = Sql::new("SELECT number, item FROM search_queue WHERE subject = $1 ORDER BY number LIMIT $2");
    let decode = |row: Row| {
        let mut r = row.read();
        Ok((r.get()?, r.get()?))
    };
    conn.fetch(&CHANGED, params![subject.name(), limit], decode).await
}

/// Ids of rows that came since; on PostgreSQL these are in the queue like any change.
pub async fn fresh(conn: &mut Conn, engine: Engine, subject: Subject, limit: i64) -> Result<Vec<String>> {
    if engine == Engine::Postgres {
        return Ok(Vec::new());
    }
    let sql = subject.sql(
        "SELECT id FROM {table} WHERE rowid > (SELECT done FROM search_state WHERE subject = '{name}') ORDER BY rowid LIMIT $1",
    );
    conn.fetch(&Sql::built(sql), params![limit], Row::only).await
}

/// A row as the index reads it.
pub struct Item {
    pub id: String,
    pub channel: String,
    pub author: String,
    /// A post's message, a file's name.
    pub text: String,
    /// A post's hashtags, the words of a file.
    pub more: String,
}

/// Those of these rows that can be found.
pub async fn items(conn: &mut Conn, subject: Subject, ids: &[String]) -> Result<Vec<Item>> {
    const POSTS: Sql = Sql::new(
        "SELECT id, channel_id, user_id, message, hashtags FROM posts
         WHERE id IN LIST($1) AND delete_at = 0 AND type NOT LIKE 'system!_%' ESCAPE '!'",
    );
    const FILES: Sql = Sql::new(
        "SELECT f.id, f.channel_id, f.user_id, f.name, COALESCE(t.content, '') FROM file_infos f
         LEFT JOIN file_texts t ON t.path = f.path WHERE f.id IN LIST($1) AND f.delete_at = 0",
    );
    let decode = |row: Row| {
        let mut r = row.read();
        Ok(Item { id: r.get()?, channel: r.get()?, author: r.get()?, text: r.get()?, more: r.get()? })
    };
    let sql = if subject == Subject::Posts { POSTS } else { FILES };
    conn.fetch(&sql, params![ids], decode).await
}

/// A batch of work: rows and the changes that it settles.
#[derive(Default)]
pub struct Batch {
    pub ids: Vec<String>,
    /// Numbers of the changes.
    pub changes: Vec<i64>,
    /// Ids among them that came, in the order of their rowids.
    pub fresh: Vec<String>,
}

/// What the index gets for a row: on PostgreSQL a `tsvector` per part.
pub struct Entry {
    pub id: String,
    pub parts: Vec<String>,
}

/// Puts a batch into the index, in place of what it has of these rows; rows without an entry are taken out. Rows that
/// were erased meanwhile stay out.
pub async fn put(tx: &mut Tx, engine: Engine, subject: Subject, batch: &Batch, entries: Vec<Entry>) -> Result<()> {
    match engine {
        Engine::Sqlite => put_sqlite(tx, subject, batch, entries).await?,
        Engine::Postgres => put_postgres(tx, subject, &batch.ids, entries).await?,
    }
    let settle = Sql::forked(
        "DELETE FROM search_queue WHERE number IN (SELECT CAST(value AS INTEGER) FROM json_each($1))",
        "DELETE FROM search_queue WHERE number = ANY($1::text[]::bigint[])",
    );
    let numbers: Vec<String> = batch.changes.iter().map(i64::to_string).collect();
    if !numbers.is_empty() {
        tx.execute(&settle, params![numbers]).await?;
    }
    Ok(())
}

/// Bits of a number below the time, filled from the rowid.
const LOW: u32 = 21;

/// The first number of a millisecond.
pub fn first_number(at: i64) -> i64 {
    at.clamp(0, (1 << 42) - 1) << LOW
}

async fn put_sqlite(tx: &mut Tx, subject: Subject, batch: &Batch, entries: Vec<Entry>) -> Result<()> {
    let built = |text: &str| Sql::built(subject.sql(text));
    let old = built(
        "DELETE FROM search_{name} WHERE rowid IN
         (SELECT n.number FROM {table} t JOIN search_{name}_numbers n ON n.item = t.rowid WHERE t.id IN LIST($1))",
    );
    tx.execute_many(&old, params![&batch.ids]).await?;
    let old =
        built("DELETE FROM search_{name}_numbers WHERE item IN (SELECT t.rowid FROM {table} t WHERE t.id IN LIST($1))");
    tx.execute_many(&old, params![&batch.ids]).await?;
    let place = |row: Row| {
        let mut r = row.read();
        Ok((r.get::<String>()?, (r.get::<i64>()?, r.get::<i64>()?)))
    };
    let places = built("SELECT id, rowid, create_at FROM {table} WHERE id IN LIST($1)");
    let places = tx.fetch(&places, params![&batch.ids], place).await?;
    let places: HashMap<String, (i64, i64)> = places.into_iter().collect();
    let (mut numbers, mut words, mut used) = (Vec::new(), Vec::new(), HashSet::new());
    for entry in entries {
        let Some((rowid, at)) = places.get(&entry.id).copied() else { continue };
        let mut number = first_number(at) | (rowid & ((1 << LOW) - 1));
        // Two rows of one millisecond, two million rows apart.
        while used.contains(&number) || is_taken(tx, subject, number).await? {
            number += 1;
        }
        used.insert(number);
        numbers.push(params![number, rowid]);
        words.push(params![number, entry.parts.join(" ")]);
    }
    tx.insert_rows(&subject.sql("search_{name}_numbers"), &["number", "item"], "", numbers).await?;
    tx.insert_rows(&subject.sql("search_{name}"), &["rowid", "words"], "", words).await?;
    // Of the rows that came, the last that is still there: a later rowid may be another row's by now.
    if let Some(done) = batch.fresh.iter().filter_map(|id| places.get(id)).map(|(rowid, _)| *rowid).max() {
        let sql = built("UPDATE search_state SET done = $1 WHERE subject = '{name}' AND done < $1");
        tx.execute(&sql, params![done]).await?;
    }
    Ok(())
}

async fn is_taken(conn: &mut Conn, subject: Subject, number: i64) -> Result<bool> {
    let sql = Sql::built(subject.sql("SELECT 1 FROM search_{name}_numbers WHERE number = $1"));
    Ok(conn.optional(&sql, params![number]).await?.is_some())
}

async fn put_postgres(tx: &mut Tx, subject: Subject, ids: &[String], entries: Vec<Entry>) -> Result<()> {
    // The lock lets edits pass, which queue themselves, and makes erasing wait: its trigger then sees these rows.
    const POSTS: Sql = Sql::new(
        "INSERT INTO search_posts (item, at, channel, author, words)
         SELECT p.id, p.create_at, p.channel_id, p.user_id, CAST(d.words AS tsvector)
         FROM unnest($1::text[], $2::text[], $3::text[]) AS d(id, part, words) JOIN posts p ON p.id = d.id AND d.part = '0'
         FOR KEY SHARE OF p",
    );
    const FILES: Sql = Sql::new(
        "INSERT INTO search_files (item, part, words) SELECT f.id, CAST(d.part AS BIGINT), CAST(d.words AS tsvector)
         FROM unnest($1::text[], $2::text[], $3::text[]) AS d(id, part, words) JOIN file_infos f ON f.id = d.id
         FOR KEY SHARE OF f",
    );
    let old = Sql::built(subject.sql("DELETE FROM search_{name} WHERE item IN LIST($1)"));
    tx.execute(&old, params![ids]).await?;
    let (mut owners, mut parts, mut words) = (Vec::new(), Vec::new(), Vec::new());
    for entry in entries {
        for (n, part) in entry.parts.into_iter().enumerate() {
            owners.push(entry.id.clone());
            parts.push(n.to_string());
            words.push(part);
        }
    }
    let sql = if subject == Subject::Posts { POSTS } else { FILES };
    tx.execute(&sql, params![owners, parts, words]).await?;
    Ok(())
}

/// A row that was found, or may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    pub at: i64,
    pub id: String,
}

/// Rows that a statement gives as time and id.
pub async fn hits(conn: &mut Conn, text: String, values: Vec<Value>) -> Result<Vec<Hit>> {
    let decode = |row: Row| {
        let mut r = row.read();
        Ok(Hit { at: r.get()?, id: r.get()? })
    };
    conn.fetch(&Sql::built(text), values, decode).await
}
