//! Every statement on `upload_sessions` and `upload_parts`.

use db::{Conn, Result, Row, Sql, Tx, params};
use wire::UploadSession;

macro_rules! select {
    ($rest:literal) => {
        Sql::new(concat!(
            "SELECT id, type, create_at, user_id, channel_id, filename, file_size, file_offset FROM upload_sessions ",
            $rest
        ))
    };
}

const BY_ID: Sql = select!("WHERE id = $1");
const OF_USER: Sql = select!("WHERE user_id = $1 ORDER BY create_at, id");
const OLDER: Sql = Sql::new("SELECT id FROM upload_sessions WHERE create_at < $1 ORDER BY create_at LIMIT $2");
const COUNT: Sql = Sql::new("SELECT COUNT(*) FROM upload_sessions WHERE user_id = $1");
const INSERT: Sql = Sql::new(
    "INSERT INTO upload_sessions (id, type, create_at, user_id, channel_id, filename, path, file_size, file_offset)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
);
const MOVE: Sql = Sql::new("UPDATE upload_sessions SET file_offset = $3 WHERE id = $1 AND file_offset = $2");
const DELETE: Sql = Sql::new("DELETE FROM upload_sessions WHERE id = $1");
const INSERT_PART: Sql = Sql::new("INSERT INTO upload_parts (upload_id, start, path) VALUES ($1, $2, $3)");
const PARTS: Sql = Sql::new("SELECT path FROM upload_parts WHERE upload_id = $1 ORDER BY start");
const DELETE_PARTS: Sql = Sql::new("DELETE FROM upload_parts WHERE upload_id = $1 AND start >= $2");

fn session(row: Row) -> Result<UploadSession> {
    let mut r = row.read();
    Ok(UploadSession {
        id: r.get()?,
        kind: r.get()?,
        create_at: r.get()?,
        user_id: r.get()?,
        channel_id: r.get()?,
        filename: r.get()?,
        file_size: r.get()?,
        file_offset: r.get()?,
        ..UploadSession::default()
    })
}

pub async fn get(conn: &mut Conn, id: &str) -> Result<Option<UploadSession>> {
    conn.fetch_optional(&BY_ID, params![id], session).await
}

/// Oldest first.
pub async fn of_user(conn: &mut Conn, user: &str) -> Result<Vec<UploadSession>> {
    conn.fetch(&OF_USER, params![user], session).await
}

/// Ids of sessions from before `at`, oldest first.
pub async fn older(conn: &mut Conn, at: i64, limit: i64) -> Result<Vec<String>> {
    conn.fetch(&OLDER, params![at, limit], Row::only).await
}

pub async fn count(conn: &mut Conn, user: &str) -> Result<i64> {
    Ok(conn.fetch_optional(&COUNT, params![user], Row::only).await?.unwrap_or(0))
}

pub async fn insert(tx: &mut Tx, s: &UploadSession) -> Result<()> {
    let values =
        params![&s.id, &s.kind, s.create_at, &s.user_id, &s.channel_id, &s.filename, "", s.file_size, s.file_offset];
    tx.execute(&INSERT, values).await?;
    Ok(())
}

/// Adds the piece from `start` to `end`; false when the session is not at `start` (any more).
pub async fn add_part(tx: &mut Tx, id: &str, start: i64, end: i64, path: &str) -> Result<bool> {
    if tx.execute(&MOVE, params![id, start, end]).await? == 0 {
        return Ok(false);
    }
    tx.execute(&INSERT_PART, params![id, start, path]).await?;
    Ok(true)
}

/// Forgets the pieces between `to` and `from`, where the session is; false when it is not there (any more).
pub async fn rewind(tx: &mut Tx, id: &str, from: i64, to: i64) -> Result<bool> {
    if tx.execute(&MOVE, params![id, from, to]).await? == 0 {
        return Ok(false);
    }
    tx.execute(&DELETE_PARTS, params![id, to]).await?;
    Ok(true)
}

/// Where the pieces are, in order.
pub async fn parts(conn: &mut Conn, id: &str) -> Result<Vec<String>> {
    conn.fetch(&PARTS, params![id], Row::only).await
}

/// False when there was no such session (any more).
pub async fn delete(tx: &mut Tx, id: &str) -> Result<bool> {
    tx.execute(&DELETE_PARTS, params![id, 0_i64]).await?;
    Ok(tx.execute(&DELETE, params![id]).await? > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn pieces_follow_each_other_without_gap_or_overlap() {
        for (engine, db) in db::testing::databases().await {
            db::migrate(&db, crate::schema::MIGRATIONS).await.unwrap();
            let mut tx = db.write().await.unwrap();
            let begun = UploadSession { id: "up".into(), user_id: "ana".into(), file_size: 9, ..Default::default() };
            insert(&mut tx, &begun).await.unwrap();
            assert!(add_part(&mut tx, "up", 0, 4, "a").await.unwrap(), "{engine}");
            assert!(!add_part(&mut tx, "up", 0, 5, "again").await.unwrap(), "{engine}: it is at 4");
            assert!(!add_part(&mut tx, "up", 5, 9, "gap").await.unwrap(), "{engine}: it is at 4");
            assert!(add_part(&mut tx, "up", 4, 6, "b").await.unwrap(), "{engine}");
            assert!(add_part(&mut tx, "up", 6, 9, "c").await.unwrap(), "{engine}");
            assert!(!rewind(&mut tx, "up", 6, 4).await.unwrap(), "{engine}: it is at 9");
            assert!(rewind(&mut tx, "up", 9, 4).await.unwrap(), "{engine}");
            assert!(add_part(&mut tx, "up", 4, 9, "d").await.unwrap(), "{engine}");
            assert_eq!(parts(&mut tx, "up").await.unwrap(), ["a", "d"], "{engine}");
            assert_eq!(of_user(&mut tx, "ana").await.unwrap()[0].file_offset, 9, "{engine}");
            assert_eq!(count(&mut tx, "ana").await.unwrap(), 1, "{engine}");
            assert_eq!(older(&mut tx, 1, 10).await.unwrap(), ["up"], "{engine}");
            assert!(delete(&mut tx, "up").await.unwrap() && !delete(&mut tx, "up").await.unwrap(), "{engine}");
            assert!(parts(&mut tx, "up").await.unwrap().is_empty(), "{engine}");
            tx.commit().await.unwrap();
        }
    }
}
