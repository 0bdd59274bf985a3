//! Every statement on `links` and `post_links`.

use crate::message::Role;
use db::{Conn, Result, Row, Sql, Tx, params};
use serde_json::Value;

const OF_POST: Sql = Sql::new("SELECT role, url FROM post_links WHERE post_id = $1 ORDER BY position");
const OF_POSTS: Sql = Sql::new(
    "SELECT p.post_id, p.role, p.url, l.kind, l.data FROM post_links p JOIN links l ON l.url = p.url
     WHERE p.post_id IN LIST($1) AND l.kind <> '' ORDER BY p.post_id, p.position",
);
const FORGET_POST: Sql = Sql::new("DELETE FROM post_links WHERE post_id = $1");
const ADD_TO_POST: Sql =
    Sql::new("INSERT INTO post_links (post_id, position, role, url, told) VALUES ($1, $2, $3, $4, $5)");
const STATE: Sql = Sql::new("SELECT expires_at, wanted_at FROM links WHERE url = $1");
const COUNT_WAITING: Sql = Sql::new("SELECT COUNT(*) FROM links WHERE wanted_at > 0");
const WANT: Sql = Sql::new(
    "INSERT INTO links (url, wanted_at) VALUES ($1, $2) ON CONFLICT (url) DO UPDATE SET wanted_at = excluded.wanted_at",
);
const WAITING: Sql = Sql::new("SELECT url FROM links WHERE wanted_at > 0 ORDER BY wanted_at, url LIMIT $1");
const LEARN: Sql = Sql::new("UPDATE links SET kind = $2, data = $3, expires_at = $4, wanted_at = 0 WHERE url = $1");
// What was there stays when it cannot be read anew.
const FAIL: Sql = Sql::new(
    "UPDATE links SET kind = CASE WHEN kind = '' THEN 'failed' ELSE kind END, expires_at = $2, wanted_at = 0 WHERE url = $1",
);
const UNTOLD: Sql = Sql::new(
    "SELECT p.post_id, MAX(CASE WHEN l.kind IN ('page', 'picture') THEN 1 ELSE 0 END) FROM post_links p
     JOIN links l ON l.url = p.url WHERE p.told = FALSE AND l.wanted_at = 0 GROUP BY p.post_id ORDER BY p.post_id LIMIT $1",
);
const TOLD: Sql = Sql::new(
    "UPDATE post_links SET told = TRUE WHERE post_id = $1 AND told = FALSE
     AND url IN (SELECT url FROM links WHERE wanted_at = 0)",
);
const FORGET_GONE: Sql = Sql::new(
    "DELETE FROM post_links WHERE NOT EXISTS (SELECT 1 FROM posts p WHERE p.id = post_id AND p.delete_at = 0)",
);
const FORGET_UNUSED: Sql = Sql::new(
    "DELETE FROM links WHERE expires_at < $1 AND wanted_at = 0 AND NOT EXISTS (SELECT 1 FROM post_links p WHERE p.url = links.url)",
);

/// What is known of an address that a post has.
#[derive(Clone, Debug)]
pub struct Known {
    pub post_id: String,
    /// [`Role::name`].
    pub role: String,
    pub url: String,
    /// `page`, `picture`, `other` or `failed`.
    pub kind: String,
    pub data: Value,
}

/// What the posts have that was looked at, in the order of each post.
pub async fn of_posts(conn: &mut Conn, ids: &[String]) -> Result<Vec<Known>> {
    let decode = |row: Row| {
        let mut r = row.read();
        Ok(Known { post_id: r.get()?, role: r.get()?, url: r.get()?, kind: r.get()?, data: r.get()? })
    };
    conn.fetch(&OF_POSTS, params![ids], decode).await
}

/// Keeps what a post has to be looked at; addresses that are new, or known of old, are wanted while there is room for them.
/// Whether anything is wanted now.
pub async fn keep(tx: &mut Tx, post_id: &str, new: bool, has: &[(Role, String)], now: i64, room: i64) -> Result<bool> {
    if !new {
        let decode = |row: Row| {
            let mut r = row.read();
            Ok((r.get::<String>()?, r.get::<String>()?))
        };
        let had = tx.fetch(&OF_POST, params![post_id], decode).await?;
        if had.iter().map(|(role, url)| (role.as_str(), url)).eq(has.iter().map(|(role, url)| (role.name(), url))) {
            return Ok(false);
        }
        tx.execute(&FORGET_POST, params![post_id]).await?;
    }
    let mut waits = false;
    for (position, (role, url)) in (0_i64..).zip(has) {
        let decode = |row: Row| {
            let mut r = row.read();
            Ok((r.get::<i64>()?, r.get::<i64>()?))
        };
        let (expires_at, wanted_at) = tx.fetch_optional(&STATE, params![url], decode).await?.unwrap_or_default();
        let mut told = false;
        if wanted_at == 0 && expires_at > now {
            told = true;
        } else if wanted_at == 0 {
            let waiting: i64 = tx.fetch_optional(&COUNT_WAITING, params![], Row::only).await?.unwrap_or(0);
            if waiting >= room {
                tracing::warn!(waiting, post.id = %post_id, "too many links wait to be read; one is not previewed");
                told = true;
            } else {
                tx.execute(&WANT, params![url, now.max(1)]).await?;
            }
        }
        waits |= !told;
        tx.execute(&ADD_TO_POST, params![post_id, position, role.name(), url, told]).await?;
    }
    Ok(waits)
}

/// Addresses that wait to be looked at, the longest waiting first.
pub async fn waiting(conn: &mut Conn, limit: i64) -> Result<Vec<String>> {
    conn.fetch(&WAITING, params![limit], Row::only).await
}

/// Keeps what was found at an address.
pub async fn learn(tx: &mut Tx, url: &str, kind: &str, data: &Value, expires_at: i64) -> Result<()> {
    tx.execute(&LEARN, params![url, kind, data, expires_at]).await?;
    Ok(())
}

/// Remembers until when an address is not asked again.
pub async fn fail(tx: &mut Tx, url: &str, expires_at: i64) -> Result<()> {
    tx.execute(&FAIL, params![url, expires_at]).await?;
    Ok(())
}

/// Posts of which something was found since they were told, and whether there is anything to show.
pub async fn untold(conn: &mut Conn, limit: i64) -> Result<Vec<(String, bool)>> {
    let decode = |row: Row| {
        let mut r = row.read();
        Ok((r.get::<String>()?, r.get::<i64>()? == 1))
    };
    conn.fetch(&UNTOLD, params![limit], decode).await
}

/// Marks a post as told.
pub async fn told(tx: &mut Tx, post_id: &str) -> Result<()> {
    tx.execute(&TOLD, params![post_id]).await?;
    Ok(())
}

/// Forgets what no post has any more, as far as it was known until `before`.
pub async fn sweep(tx: &mut Tx, before: i64) -> Result<()> {
    tx.execute(&FORGET_GONE, params![]).await?;
    tx.execute(&FORGET_UNUSED, params![before]).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[tokio::test]
    async fn an_address_is_wanted_once_and_its_posts_are_told_once() {
        for (engine, db) in db::testing::databases().await {
            db::migrate(&db, chat::schema::MIGRATIONS).await.unwrap();
            let mut tx = db.write().await.unwrap();
            let page = vec![(Role::Link, "http://a.lan".to_owned())];
            assert!(keep(&mut tx, "p1", true, &page, 10, 2).await.unwrap(), "{engine}");
            assert!(keep(&mut tx, "p2", true, &page, 11, 2).await.unwrap(), "{engine}");
            assert!(!keep(&mut tx, "p2", false, &page, 11, 2).await.unwrap(), "{engine}: nothing changed");
            assert_eq!(waiting(&mut tx, 9).await.unwrap(), ["http://a.lan"], "{engine}");
            assert_eq!(untold(&mut tx, 9).await.unwrap(), [], "{engine}");
            learn(&mut tx, "http://a.lan", "page", &json!({"page": {"title": "A"}}), 100).await.unwrap();
            assert_eq!(untold(&mut tx, 9).await.unwrap(), [("p1".into(), true), ("p2".into(), true)], "{engine}");
            told(&mut tx, "p1").await.unwrap();
            told(&mut tx, "p2").await.unwrap();
            // Known, so that nobody waits; known of old, so that it is read again, and what was there stays if that fails.
            assert!(!keep(&mut tx, "p3", true, &page, 50, 2).await.unwrap(), "{engine}");
            assert!(keep(&mut tx, "p4", true, &page, 150, 2).await.unwrap(), "{engine}");
            fail(&mut tx, "http://a.lan", 300).await.unwrap();
            assert_eq!(of_posts(&mut tx, &["p4".into()]).await.unwrap()[0].kind, "page", "{engine}");
            assert_eq!(untold(&mut tx, 9).await.unwrap(), [("p4".into(), true)], "{engine}");
            // The queue is bounded, and a failure is remembered.
            let many: Vec<(Role, String)> = (0..4).map(|n| (Role::Picture, format!("http://b.lan/{n}"))).collect();
            assert!(keep(&mut tx, "p5", true, &many, 160, 2).await.unwrap(), "{engine}");
            assert_eq!(waiting(&mut tx, 9).await.unwrap().len(), 2, "{engine}");
            fail(&mut tx, "http://b.lan/0", 300).await.unwrap();
            assert!(!keep(&mut tx, "p6", true, &many[..1], 170, 2).await.unwrap(), "{engine}");
            assert!(untold(&mut tx, 9).await.unwrap().contains(&("p5".into(), false)), "{engine}");
            sweep(&mut tx, 1000).await.unwrap();
            assert!(of_posts(&mut tx, &["p4".into()]).await.unwrap().is_empty(), "{engine}");
            tx.commit().await.unwrap();
        }
    }
}
