//! Every statement on `emoji`.

use db::{Conn, Result, Row, Sql, Tx, params};
use wire::Emoji;

macro_rules! select {
    ($rest:literal) => {
        Sql::new(concat!("SELECT id, create_at, update_at, delete_at, creator_id, name FROM emoji ", $rest))
    };
}

const BY_ID: Sql = select!("WHERE id = $1 AND delete_at = 0");
const BY_NAMES: Sql = select!("WHERE name IN LIST($1) AND delete_at = 0 ORDER BY name");
const PAGE: Sql = select!("WHERE delete_at = 0 ORDER BY name LIMIT $1 OFFSET $2");
const SEARCH: Sql = select!("WHERE delete_at = 0 AND name LIKE $1 ESCAPE '\\' ORDER BY name LIMIT $2");
const INSERT: Sql = Sql::new(
    "INSERT INTO emoji (id, create_at, update_at, creator_id, name, mime_type) VALUES ($1, $2, $2, $3, $4, $5)",
);
const DELETE: Sql = Sql::new("UPDATE emoji SET delete_at = $2, update_at = $2 WHERE id = $1");
const MIME_TYPE: Sql = Sql::new("SELECT mime_type FROM emoji WHERE id = $1");

fn row(row: Row) -> Result<Emoji> {
    let mut r = row.read();
    Ok(Emoji {
        id: r.get()?,
        create_at: r.get()?,
        update_at: r.get()?,
        delete_at: r.get()?,
        creator_id: r.get()?,
        name: r.get()?,
    })
}

pub async fn get(conn: &mut Conn, id: &str) -> Result<Option<Emoji>> {
    conn.fetch_optional(&BY_ID, params![id], row).await
}

pub async fn by_names(conn: &mut Conn, names: &[String]) -> Result<Vec<Emoji>> {
    conn.fetch(&BY_NAMES, params![names], row).await
}

pub async fn page(conn: &mut Conn, limit: i64, offset: i64) -> Result<Vec<Emoji>> {
    conn.fetch(&PAGE, params![limit, offset], row).await
}

/// Names that begin with `term`, or hold it when `anywhere`.
pub async fn search(conn: &mut Conn, term: &str, anywhere: bool, limit: i64) -> Result<Vec<Emoji>> {
    let pattern = format!("{}{}%", if anywhere { "%" } else { "" }, crate::search::escaped(&term.to_lowercase()));
    conn.fetch(&SEARCH, params![pattern, limit], row).await
}

pub async fn mime_type(conn: &mut Conn, id: &str) -> Result<Option<String>> {
    conn.fetch_optional(&MIME_TYPE, params![id], Row::only).await
}

pub async fn insert(tx: &mut Tx, e: &Emoji, mime_type: &str) -> Result<()> {
    tx.execute(&INSERT, params![&e.id, e.create_at, &e.creator_id, &e.name, mime_type]).await?;
    Ok(())
}

pub async fn delete(tx: &mut Tx, id: &str, now: i64) -> Result<()> {
    tx.execute(&DELETE, params![id, now]).await?;
    Ok(())
}
