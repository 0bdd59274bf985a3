//! How far posting on SQLite is from what the disk allows: the same rows, committed one by one with the same settings by
//! a program that does nothing else.

use crate::load::{self, Plan};
use crate::muster::Muster;
use anyhow::Context;
use rusqlite::{Connection, params};
use std::path::Path;
use std::time::Instant;

/// Posts `messages` with `writers` at once, then commits the same rows alone; prints both rates and their ratio.
///
/// # Errors
/// When the server refuses a post or its database cannot be opened.
pub async fn run(server: &Path, writers: usize, messages: usize) -> anyhow::Result<()> {
    let data = tempfile::tempdir()?;
    // One reader, so that every message is known to have arrived.
    let plan = Plan { writers, channels: 1, readers: 1, messages, database: String::new() };
    let ours = load::run(Muster::start_in(server, &plan, data.path()).await?, &plan).await?;
    let floor = raw(&data.path().join("muster.db"))?;
    println!("posts acknowledged: {:.0}/s ({writers} writers)", ours.rate);
    println!("the same rows, committed alone: {floor:.0}/s");
    println!("posting takes {:.2} times as long as the commits", floor / ours.rate);
    Ok(())
}

/// Takes the posts out of the database and puts each back in a transaction of its own, with the counters that change.
fn raw(path: &Path) -> anyhow::Result<f64> {
    let mut db = Connection::open(path)?;
    // As server/db opens it.
    db.pragma_update(None, "journal_mode", "WAL")?;
    db.pragma_update(None, "synchronous", "FULL")?;
    db.pragma_update(None, "cache_size", -16_000)?;
    db.execute_batch(
        "CREATE TEMP TABLE taken AS SELECT * FROM posts WHERE type = ''; DELETE FROM posts WHERE type = '';",
    )?;
    db.pragma_update(None, "wal_checkpoint", "TRUNCATE")?;
    let rows: Vec<i64> = db
        .prepare("SELECT rowid FROM taken ORDER BY create_at")?
        .query_map([], |r| r.get(0))?
        .collect::<Result<_, _>>()?;
    anyhow::ensure!(!rows.is_empty(), "no posts");
    let begun = Instant::now();
    for row in &rows {
        let tx = db.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        tx.prepare_cached("INSERT INTO posts SELECT * FROM taken WHERE rowid = ?1")?.execute(params![row])?;
        let (channel, user, at) = tx
            .prepare_cached("SELECT channel_id, user_id, create_at FROM taken WHERE rowid = ?1")?
            .query_row(params![row], |r| Ok((r.get::<_, String>(0)?, r.get::<_, String>(1)?, r.get::<_, i64>(2)?)))?;
        tx.prepare_cached(
            "UPDATE channels SET last_post_at = ?2, total_msg_count = total_msg_count + 1 WHERE id = ?1",
        )?
        .execute(params![channel, at])?;
        tx.prepare_cached(
            "UPDATE channel_members SET msg_count = msg_count + 1, last_viewed_at = ?3 WHERE channel_id = ?1 AND user_id = ?2",
        )?
        .execute(params![channel, user, at])?;
        tx.commit().context("commit")?;
    }
    Ok(rows.len() as f64 / begun.elapsed().as_secs_f64())
}
