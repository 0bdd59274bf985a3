//! Who was mentioned where. Counters of channels can always be counted anew from this, so that they stay right after
//! edits, deletions and "mark as unread".

use db::{Result, Row, Sql, Tx, params};
use wire::Post;

const RECORD: Sql = Sql::new(
    "INSERT INTO post_mentions (post_id, user_id, root_id, channel_id, create_at)
     SELECT CAST($1 AS TEXT), u.id, CAST($2 AS TEXT), CAST($3 AS TEXT), CAST($4 AS BIGINT) FROM users u WHERE u.id IN LIST($5)
     ON CONFLICT (post_id, user_id) DO NOTHING",
);
const OF_POST: Sql = Sql::new("SELECT DISTINCT user_id FROM post_mentions WHERE post_id = $1 OR root_id = $1");
const FORGET: Sql = Sql::new("DELETE FROM post_mentions WHERE post_id = $1 OR root_id = $1");
const FORGET_ONE: Sql = Sql::new("DELETE FROM post_mentions WHERE post_id = $1");
const RECOUNT: Sql = Sql::new(
    "UPDATE channel_members SET
     mention_count = (SELECT COUNT(*) FROM post_mentions x WHERE x.channel_id = $1 AND x.user_id = channel_members.user_id
                      AND x.create_at > channel_members.last_viewed_at),
     mention_count_root = (SELECT COUNT(*) FROM post_mentions x WHERE x.channel_id = $1 AND x.user_id = channel_members.user_id
                           AND x.create_at > channel_members.last_viewed_at AND x.root_id = ''),
     urgent_mention_count = (SELECT COUNT(*) FROM post_mentions x JOIN post_priority pp ON pp.post_id = x.post_id AND pp.priority = 'urgent'
                             WHERE x.channel_id = $1 AND x.user_id = channel_members.user_id AND x.create_at > channel_members.last_viewed_at)
     WHERE channel_id = $1 AND user_id IN LIST($2)",
);

/// Remembers whom a new post mentions.
pub async fn record(tx: &mut Tx, post: &Post, users: &[String]) -> Result<()> {
    if users.is_empty() {
        return Ok(());
    }
    tx.execute(&RECORD, params![&post.id, &post.root_id, &post.channel_id, post.create_at, users]).await?;
    Ok(())
}

/// Puts the mentions of an edited message in place of the former ones.
pub async fn replace(tx: &mut Tx, post: &Post, users: &[String]) -> Result<()> {
    let mut touched: Vec<String> = tx.fetch(&OF_POST, params![&post.id], Row::only).await?;
    tx.execute(&FORGET_ONE, params![&post.id]).await?;
    record(tx, post, users).await?;
    touched.extend_from_slice(users);
    recount(tx, &post.channel_id, &touched).await
}

/// Forgets the mentions of a deleted post and, when it was a root, of its replies.
pub async fn forget(tx: &mut Tx, post: &Post) -> Result<()> {
    let touched: Vec<String> = tx.fetch(&OF_POST, params![&post.id], Row::only).await?;
    if touched.is_empty() {
        return Ok(());
    }
    tx.execute(&FORGET, params![&post.id]).await?;
    recount(tx, &post.channel_id, &touched).await
}

/// Counts the unread mentions of these members of a channel anew.
pub async fn recount(tx: &mut Tx, channel: &str, users: &[String]) -> Result<()> {
    tx.execute(&RECOUNT, params![channel, users]).await?;
    Ok(())
}
