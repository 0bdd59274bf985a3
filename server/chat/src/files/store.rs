//! Every statement on `file_infos`.

use db::{Conn, Result, Row, Sql, Tx, params};
use wire::{FileInfo, Post};

macro_rules! select {
    ($rest:literal) => {
        Sql::new(concat!(
            "SELECT id, user_id, post_id, channel_id, create_at, update_at, delete_at, name, extension, size, mime_type, ",
            "width, height, has_preview_image, mini_preview, path FROM file_infos ",
            $rest
        ))
    };
}

const BY_ID: Sql = select!("WHERE id = $1 AND delete_at = 0");
const BY_IDS: Sql = select!("WHERE id IN LIST($1) AND delete_at = 0 ORDER BY create_at, id");
const LIVE: Sql = Sql::new(
    "SELECT COUNT(*) FROM file_infos f WHERE f.id = $1 AND f.delete_at = 0
     AND (EXISTS (SELECT 1 FROM posts p WHERE p.id = f.post_id AND p.delete_at = 0)
          OR EXISTS (SELECT 1 FROM channel_bookmarks b WHERE b.id = f.post_id AND b.delete_at = 0))",
);
const OF_POSTS: Sql = select!("WHERE post_id IN LIST($1) AND delete_at = 0 ORDER BY create_at, id");
const INSERT: Sql = Sql::new(
    "INSERT INTO file_infos (id, user_id, channel_id, create_at, update_at, path, name, extension, size, mime_type, width, height, has_preview_image, mini_preview)
     VALUES ($1, $2, $3, $4, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
);
const DELETE: Sql = Sql::new("DELETE FROM file_infos WHERE id IN LIST($1)");
const ATTACH: Sql = Sql::new(
    "UPDATE file_infos SET post_id = $2, update_at = $3 WHERE id = $1 AND user_id = $4 AND channel_id = $5 AND post_id = '' AND delete_at = 0",
);

fn info(row: Row) -> Result<(FileInfo, String)> {
    let mut r = row.read();
    let info = FileInfo {
        id: r.get()?,
        user_id: r.get()?,
        post_id: r.get()?,
        channel_id: r.get()?,
        create_at: r.get()?,
        update_at: r.get()?,
        delete_at: r.get()?,
        name: r.get()?,
        extension: r.get()?,
        size: r.get()?,
        mime_type: r.get()?,
        width: r.get()?,
        height: r.get()?,
        has_preview_image: r.get()?,
        mini_preview: r.get()?,
        ..FileInfo::default()
    };
    Ok((info, r.get()?))
}

/// The file and where its bytes are.
pub async fn get(conn: &mut Conn, id: &str) -> Result<Option<(FileInfo, String)>> {
    conn.fetch_optional(&BY_ID, params![id], info).await
}

/// Files by ids, in the order of their upload.
pub async fn of_ids(conn: &mut Conn, ids: &[String]) -> Result<Vec<FileInfo>> {
    Ok(conn.fetch(&BY_IDS, params![ids], info).await?.into_iter().map(|(i, _)| i).collect())
}

/// Whether the post or bookmark that the file belongs to is there.
pub async fn is_live(conn: &mut Conn, id: &str) -> Result<bool> {
    Ok(conn.fetch_optional(&LIVE, params![id], Row::only).await?.unwrap_or(0_i64) > 0)
}

pub async fn of_posts(conn: &mut Conn, ids: &[String]) -> Result<Vec<FileInfo>> {
    Ok(conn.fetch(&OF_POSTS, params![ids], info).await?.into_iter().map(|(i, _)| i).collect())
}

pub async fn insert(tx: &mut Tx, i: &FileInfo, path: &str) -> Result<()> {
    let values = params![
        &i.id,
        &i.user_id,
        &i.channel_id,
        i.create_at,
        path,
        &i.name,
        &i.extension,
        i.size,
        &i.mime_type,
        i.width,
        i.height,
        i.has_preview_image,
        i.mini_preview.clone()
    ];
    tx.execute(&INSERT, values).await?;
    Ok(())
}

const COPY: Sql = Sql::new(
    "INSERT INTO file_infos (id, user_id, post_id, channel_id, create_at, update_at, delete_at, path, thumbnail_path, preview_path,
     name, extension, size, mime_type, width, height, has_preview_image, mini_preview)
     SELECT CAST($2 AS TEXT), user_id, '', channel_id, CAST($3 AS BIGINT), CAST($3 AS BIGINT), 0, path, thumbnail_path, preview_path,
     name, extension, size, mime_type, width, height, has_preview_image, mini_preview FROM file_infos
     WHERE id = $1 AND delete_at = 0",
);

/// The same bytes as files of their own, which belong to no post yet; their ids.
pub async fn copied(tx: &mut Tx, ids: &[String], now: i64) -> Result<Vec<String>> {
    let mut copies = Vec::with_capacity(ids.len());
    for id in ids {
        let copy = kit::id::new();
        if tx.execute(&COPY, params![id, &copy, now]).await? > 0 {
            copies.push(copy);
        }
    }
    Ok(copies)
}

const DETACH: Sql = Sql::new(
    "UPDATE file_infos SET delete_at = $3, update_at = $3 WHERE post_id = $1 AND id IN LIST($2) AND delete_at = 0",
);
const TAKE_BACK: Sql = Sql::new(
    "UPDATE file_infos SET delete_at = 0, update_at = $3 WHERE post_id = $1 AND id IN LIST($2) AND delete_at > 0",
);

/// Takes files away from their post; a former version of the post still names them.
pub async fn detach(tx: &mut Tx, post: &str, ids: &[String], now: i64) -> Result<()> {
    tx.execute(&DETACH, params![post, ids, now]).await?;
    Ok(())
}

/// Gives files back to the post that they were taken from.
pub async fn take_back(tx: &mut Tx, post: &str, ids: &[String], now: i64) -> Result<()> {
    tx.execute(&TAKE_BACK, params![post, ids, now]).await?;
    Ok(())
}

pub async fn attach(tx: &mut Tx, id: &str, post: &Post) -> Result<u64> {
    tx.execute(&ATTACH, params![id, &post.id, post.create_at, &post.user_id, &post.channel_id]).await
}

/// Forgets files for good; their bytes go with the next sweep, unless other files have the same.
pub async fn forget(tx: &mut Tx, ids: &[String]) -> Result<u64> {
    tx.execute(&DELETE, params![ids]).await
}
