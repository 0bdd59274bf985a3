//! Every statement on `audits`.

use db::{Conn, Result, Row, Sql, Tx, params};
use wire::Audit;

const INSERT: Sql = Sql::new(
    "INSERT INTO audits (id, create_at, user_id, action, extra_info, ip_address, session_id) VALUES ($1, $2, $3, $4, $5, $6, $7)",
);
const PAGE: Sql = Sql::new(
    "SELECT id, create_at, user_id, action, extra_info, ip_address, session_id FROM audits
     WHERE $1 = '' OR user_id = $1 ORDER BY create_at DESC, id LIMIT $2 OFFSET $3",
);
const FORGET: Sql = Sql::new("DELETE FROM audits WHERE create_at < $1");

fn entry(row: Row) -> Result<Audit> {
    let mut r = row.read();
    Ok(Audit {
        id: r.get()?,
        create_at: r.get()?,
        user_id: r.get()?,
        action: r.get()?,
        extra_info: r.get()?,
        ip_address: r.get()?,
        session_id: r.get()?,
    })
}

pub async fn insert(tx: &mut Tx, a: &Audit) -> Result<()> {
    let values = params![&a.id, a.create_at, &a.user_id, &a.action, &a.extra_info, &a.ip_address, &a.session_id];
    tx.execute(&INSERT, values).await?;
    Ok(())
}

/// Newest first; of everybody when `user` is empty.
pub async fn page(conn: &mut Conn, user: &str, limit: i64, offset: i64) -> Result<Vec<Audit>> {
    conn.fetch(&PAGE, params![user, limit, offset], entry).await
}

/// Deletes entries that were made before `time` (Unix milliseconds).
pub async fn forget_before(tx: &mut Tx, time: i64) -> Result<()> {
    tx.execute(&FORGET, params![time]).await?;
    Ok(())
}
