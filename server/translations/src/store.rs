//! Every statement on `translation_queue`, which channels are translated, and who reads what.

use db::{Conn, Result, Row, Sql, Tx, params};

const ENABLED: Sql = Sql::new("SELECT id FROM channels WHERE autotranslation = TRUE");
// Bots and people who are gone read nothing, and some want to read what was written.
const LANGUAGES: Sql = Sql::new(
    "SELECT DISTINCT COALESCE(NULLIF(p.value, ''), u.locale) FROM channel_members m
     JOIN users u ON u.id = m.user_id
     LEFT JOIN preferences p ON p.user_id = u.id AND p.category = $2 AND p.name = $3
     WHERE m.channel_id = $1 AND u.delete_at = 0 AND u.is_bot = FALSE AND m.autotranslation_disabled = FALSE",
);
const COUNT: Sql = Sql::new("SELECT COUNT(*) FROM translation_queue");
const PUT: Sql = Sql::new(
    "INSERT INTO translation_queue (post_id, channel_id, create_at, next_at) VALUES ($1, $2, $3, $3)
     ON CONFLICT (post_id) DO UPDATE SET create_at = excluded.create_at, tries = 0, next_at = excluded.next_at",
);
const DUE: Sql = Sql::new(
    "SELECT post_id, create_at, tries FROM translation_queue WHERE next_at <= $1 ORDER BY next_at, post_id LIMIT $2",
);
const NEXT: Sql = Sql::new("SELECT MIN(next_at) FROM translation_queue");
const POSTPONE: Sql =
    Sql::new("UPDATE translation_queue SET tries = $3, next_at = $4 WHERE post_id = $1 AND create_at = $2");
const TAKE: Sql = Sql::new("DELETE FROM translation_queue WHERE post_id = $1 AND create_at = $2");
const CLEAR: Sql = Sql::new("DELETE FROM translation_queue WHERE channel_id = $1");

/// A post that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    pub post_id: String,
    /// When it was put into the queue, epoch milliseconds; an edit puts it there again.
    pub create_at: i64,
    /// How often it was tried in vain.
    pub tries: i64,
}

/// The channels that are translated.
pub async fn enabled(conn: &mut Conn) -> Result<Vec<String>> {
    conn.fetch(&ENABLED, params![], Row::only).await
}

/// Empties the queue of a channel.
pub async fn clear(tx: &mut Tx, channel: &str) -> Result<()> {
    tx.execute(&CLEAR, params![channel]).await?;
    Ok(())
}

/// Preferences of a channel's members, or their locales where they have none; each once. The preference is (category, name).
pub async fn languages(conn: &mut Conn, channel: &str, preference: (&str, &str)) -> Result<Vec<String>> {
    conn.fetch(&LANGUAGES, params![channel, preference.0, preference.1], Row::only).await
}

/// How many posts wait.
pub async fn count(conn: &mut Conn) -> Result<i64> {
    Ok(conn.fetch_optional(&COUNT, params![], Row::only).await?.unwrap_or(0))
}

/// Puts a post into the queue, or to its beginning again.
pub async fn put(tx: &mut Tx, post: &str, channel: &str, now: i64) -> Result<()> {
    tx.execute(&PUT, params![post, channel, now]).await?;
    Ok(())
}

/// Posts whose turn has come, the longest waiting first.
pub async fn due(conn: &mut Conn, now: i64, limit: i64) -> Result<Vec<Waiting>> {
    let decode = |row: Row| {
        let mut r = row.read();
        Ok(Waiting { post_id: r.get()?, create_at: r.get()?, tries: r.get()? })
    };
    conn.fetch(&DUE, params![now, limit], decode).await
}

/// When the next turn comes, epoch milliseconds.
pub async fn next_at(conn: &mut Conn) -> Result<Option<i64>> {
    Ok(conn.fetch_optional(&NEXT, params![], Row::only::<Option<i64>>).await?.flatten())
}

/// Lets a post wait until `next_at`, unless it was put there anew meanwhile.
pub async fn postpone(tx: &mut Tx, waiting: &Waiting, next_at: i64) -> Result<()> {
    tx.execute(&POSTPONE, params![&waiting.post_id, waiting.create_at, waiting.tries + 1, next_at]).await?;
    Ok(())
}

/// Takes a post out, unless it was put there anew meanwhile.
pub async fn take(tx: &mut Tx, waiting: &Waiting) -> Result<()> {
    tx.execute(&TAKE, params![&waiting.post_id, waiting.create_at]).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn posts_wait_their_turn_and_an_edit_is_not_lost() {
        for (engine, db) in db::testing::databases().await {
            db::migrate(&db, chat::schema::MIGRATIONS).await.unwrap();
            let mut tx = db.write().await.unwrap();
            assert_eq!(next_at(&mut tx).await.unwrap(), None, "{engine}");
            put(&mut tx, "a", "c", 10).await.unwrap();
            put(&mut tx, "b", "d", 20).await.unwrap();
            let waiting = due(&mut tx, 15, 9).await.unwrap();
            assert_eq!(waiting, [Waiting { post_id: "a".into(), create_at: 10, tries: 0 }], "{engine}");
            postpone(&mut tx, &waiting[0], 30).await.unwrap();
            assert_eq!(next_at(&mut tx).await.unwrap(), Some(20), "{engine}");
            let order: Vec<(String, i64)> =
                due(&mut tx, 99, 9).await.unwrap().into_iter().map(|w| (w.post_id, w.tries)).collect();
            assert_eq!(order, [("b".into(), 0), ("a".into(), 1)], "{engine}");
            // The edit comes while the first text is with the service.
            put(&mut tx, "a", "c", 40).await.unwrap();
            take(&mut tx, &waiting[0]).await.unwrap();
            postpone(&mut tx, &waiting[0], 99).await.unwrap();
            let edited = due(&mut tx, 40, 9).await.unwrap().remove(1);
            assert_eq!(edited, Waiting { post_id: "a".into(), create_at: 40, tries: 0 }, "{engine}");
            take(&mut tx, &edited).await.unwrap();
            assert_eq!(count(&mut tx).await.unwrap(), 1, "{engine}");

            clear(&mut tx, "d").await.unwrap();
            assert_eq!(count(&mut tx).await.unwrap(), 0, "{engine}");
            tx.commit().await.unwrap();
        }
    }
}
