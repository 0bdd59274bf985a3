//! Every statement on `notices_seen`, and since when there is a site.

use db::{Conn, Result, Row, Sql, Tx, params};
use std::collections::HashSet;

/// Notices that are remembered of one user; the oldest are forgotten.
const KEPT: i64 = 500;

const SEEN: Sql = Sql::new("SELECT notice_id FROM notices_seen WHERE user_id = $1");
const PUT_AWAY: Sql = Sql::new(
    "INSERT INTO notices_seen (user_id, notice_id, seen_at) VALUES ($1, $2, $3) ON CONFLICT (user_id, notice_id) DO NOTHING",
);
const FORGET: Sql = Sql::new(
    "DELETE FROM notices_seen WHERE user_id = $1 AND notice_id NOT IN
     (SELECT notice_id FROM notices_seen WHERE user_id = $1 ORDER BY seen_at DESC, notice_id LIMIT $2)",
);
const BEGUN: Sql = Sql::new("SELECT COALESCE(MIN(create_at), 0) FROM users");

/// Ids of what the user has put away.
pub async fn seen(conn: &mut Conn, user_id: &str) -> Result<HashSet<String>> {
    Ok(conn.fetch(&SEEN, params![user_id], Row::only).await?.into_iter().collect())
}

/// The user need not see it again.
pub async fn put_away(tx: &mut Tx, user_id: &str, notice_id: &str, now: i64) -> Result<()> {
    tx.execute(&PUT_AWAY, params![user_id, notice_id, now]).await?;
    tx.execute(&FORGET, params![user_id, KEPT]).await?;
    Ok(())
}

/// When the first account was made, Unix milliseconds; 0 when there is none.
pub async fn begun(conn: &mut Conn) -> Result<i64> {
    Ok(conn.fetch_optional(&BEGUN, vec![], Row::only).await?.unwrap_or(0))
}
