//! Every statement of bulk import. Where a row is there already, an absent (NULL) value leaves what it has.

use db::{Conn, Result, Row, Sql, Tx, Value, params};
use std::collections::HashMap;

const TEAMS: Sql = Sql::new("SELECT name, id FROM teams");
const CHANNELS: Sql = Sql::new("SELECT team_id, name, id FROM channels WHERE team_id <> ''");
const USERS: Sql = Sql::new("SELECT username, id FROM users");
const TEAM: Sql = Sql::new(
    "INSERT INTO teams (id, create_at, update_at, display_name, name, type, description, allow_open_invite, invite_id)
     VALUES ($1, $2, $2, $3, $4, $5, COALESCE(CAST($6 AS TEXT), ''), COALESCE(CAST($7 AS BOOLEAN), FALSE), $8)
     ON CONFLICT (name) DO UPDATE SET display_name = excluded.display_name, type = excluded.type, update_at = excluded.update_at,
     description = COALESCE(CAST($6 AS TEXT), teams.description),
     allow_open_invite = COALESCE(CAST($7 AS BOOLEAN), teams.allow_open_invite) RETURNING id",
);
const CHANNEL: Sql = Sql::new(
    "INSERT INTO channels (id, create_at, update_at, delete_at, team_id, type, display_name, name, header, purpose, props)
     VALUES ($1, $2, $2, COALESCE(CAST($3 AS BIGINT), 0), $4, $5, $6, $7, COALESCE(CAST($8 AS TEXT), ''), COALESCE(CAST($9 AS TEXT), ''), $10)
     ON CONFLICT (team_id, name) DO UPDATE SET display_name = excluded.display_name, type = excluded.type, update_at = excluded.update_at,
     delete_at = COALESCE(CAST($3 AS BIGINT), channels.delete_at), header = COALESCE(CAST($8 AS TEXT), channels.header),
     purpose = COALESCE(CAST($9 AS TEXT), channels.purpose) RETURNING id",
);
const UPDATE_USER: Sql = Sql::new(
    "UPDATE users SET email = $2, update_at = $3, nickname = COALESCE(CAST($4 AS TEXT), nickname),
     first_name = COALESCE(CAST($5 AS TEXT), first_name), last_name = COALESCE(CAST($6 AS TEXT), last_name),
     position = COALESCE(CAST($7 AS TEXT), position), roles = COALESCE(CAST($8 AS TEXT), roles),
     locale = COALESCE(CAST($9 AS TEXT), locale), delete_at = COALESCE(CAST($10 AS BIGINT), delete_at),
     password = COALESCE(CAST($11 AS TEXT), password), auth_service = COALESCE(CAST($12 AS TEXT), auth_service),
     auth_data = COALESCE(CAST($13 AS TEXT), auth_data) WHERE id = $1",
);
const INSERT_USER: Sql = Sql::new(
    "INSERT INTO users (id, create_at, update_at, username, email, roles, props, notify_props, timezone, is_bot, email_verified, last_password_update)
     VALUES ($1, $2, $2, $3, $4, $5, $6, $7, $8, $9, TRUE, $2)",
);
const USER_JSON: Sql = Sql::new("SELECT props, notify_props FROM users WHERE id = $1");
const SET_USER_JSON: Sql = Sql::new("UPDATE users SET props = $2, notify_props = $3 WHERE id = $1");
const BOT: Sql = Sql::new(
    "INSERT INTO bots (user_id, description, owner_id, create_at, update_at, delete_at) VALUES ($1, COALESCE(CAST($2 AS TEXT), ''), $3, $4, $4, COALESCE(CAST($5 AS BIGINT), 0))
     ON CONFLICT (user_id) DO UPDATE SET description = COALESCE(CAST($2 AS TEXT), bots.description), owner_id = excluded.owner_id, update_at = excluded.update_at",
);
const TEAM_MEMBER: Sql = Sql::new(
    "INSERT INTO team_members (team_id, user_id, roles, scheme_guest, scheme_user, scheme_admin, create_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
     ON CONFLICT (team_id, user_id) DO UPDATE SET roles = excluded.roles, scheme_guest = excluded.scheme_guest,
     scheme_user = excluded.scheme_user, scheme_admin = excluded.scheme_admin, delete_at = 0",
);
// A new membership whose line says nothing of what was read is marked with -1: `SETTLE` makes it one that has read all.
const CHANNEL_MEMBER: Sql = Sql::new(
    "INSERT INTO channel_members (channel_id, user_id, roles, scheme_guest, scheme_user, scheme_admin, notify_props, last_update_at,
     last_viewed_at, msg_count, msg_count_root, mention_count, mention_count_root, urgent_mention_count)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, COALESCE(CAST($9 AS BIGINT), 0), COALESCE(CAST($10 AS BIGINT), -1),
     COALESCE(CAST($11 AS BIGINT), -1), COALESCE(CAST($12 AS BIGINT), 0), COALESCE(CAST($13 AS BIGINT), 0), COALESCE(CAST($15 AS BIGINT), 0))
     ON CONFLICT (channel_id, user_id) DO UPDATE SET roles = excluded.roles, scheme_guest = excluded.scheme_guest,
     scheme_user = excluded.scheme_user, scheme_admin = excluded.scheme_admin, last_update_at = excluded.last_update_at,
     notify_props = CASE WHEN CAST($14 AS BOOLEAN) THEN excluded.notify_props ELSE channel_members.notify_props END,
     last_viewed_at = COALESCE(CAST($9 AS BIGINT), channel_members.last_viewed_at), msg_count = COALESCE(CAST($10 AS BIGINT), channel_members.msg_count),
     msg_count_root = COALESCE(CAST($11 AS BIGINT), channel_members.msg_count_root),
     mention_count = COALESCE(CAST($12 AS BIGINT), channel_members.mention_count),
     mention_count_root = COALESCE(CAST($13 AS BIGINT), channel_members.mention_count_root)",
);
const SETTLE: Sql = Sql::new(
    "UPDATE channel_members SET msg_count = (SELECT c.total_msg_count FROM channels c WHERE c.id = channel_members.channel_id),
     msg_count_root = (SELECT c.total_msg_count_root FROM channels c WHERE c.id = channel_members.channel_id),
     last_viewed_at = CASE WHEN last_viewed_at > 0 THEN last_viewed_at
                      ELSE (SELECT c.last_post_at FROM channels c WHERE c.id = channel_members.channel_id) END
     WHERE msg_count < 0 OR msg_count_root < 0",
);
const CLAMP: Sql = Sql::new(
    "UPDATE channel_members SET msg_count = (SELECT c.total_msg_count FROM channels c WHERE c.id = channel_members.channel_id)
     WHERE msg_count > (SELECT c.total_msg_count FROM channels c WHERE c.id = channel_members.channel_id)",
);
const CLAMP_ROOT: Sql = Sql::new(
    "UPDATE channel_members SET msg_count_root = (SELECT c.total_msg_count_root FROM channels c WHERE c.id = channel_members.channel_id)
     WHERE msg_count_root > (SELECT c.total_msg_count_root FROM channels c WHERE c.id = channel_members.channel_id)",
);
const BUMP: Sql = Sql::new(
    "UPDATE channels SET total_msg_count = total_msg_count + $2, total_msg_count_root = total_msg_count_root + $3,
     last_post_at = CASE WHEN last_post_at < $4 THEN $4 ELSE last_post_at END,
     last_root_post_at = CASE WHEN last_root_post_at < $5 THEN $5 ELSE last_root_post_at END WHERE id = $1",
);
const REACTED: Sql = Sql::new("UPDATE posts SET has_reactions = TRUE WHERE id IN LIST($1) AND has_reactions = FALSE");
const CHANGE: Sql = Sql::new(
    "UPDATE posts SET is_pinned = COALESCE(CAST($2 AS BOOLEAN), is_pinned), edit_at = COALESCE(CAST($3 AS BIGINT), edit_at), update_at = $4 WHERE id = $1",
);
const THREAD: Sql = Sql::new(
    "INSERT INTO threads (post_id, channel_id, reply_count, last_reply_at, participants)
     VALUES ($1, $2, (SELECT COUNT(*) FROM posts p WHERE p.root_id = $1 AND p.delete_at = 0),
     (SELECT COALESCE(MAX(p.create_at), 0) FROM posts p WHERE p.root_id = $1 AND p.delete_at = 0), $3)
     ON CONFLICT (post_id) DO UPDATE SET reply_count = excluded.reply_count, last_reply_at = excluded.last_reply_at,
     participants = excluded.participants",
);
const HAS_PICTURE: Sql = Sql::new("SELECT 1 FROM emoji WHERE name = $1 AND delete_at = 0");
const FIRST_ADMIN: Sql = Sql::new(
    "SELECT id FROM users WHERE delete_at = 0 AND is_bot = FALSE ORDER BY CASE WHEN roles LIKE '%system_admin%' THEN 0 ELSE 1 END, create_at, id LIMIT 1",
);
const PICTURED: Sql = Sql::new("SELECT last_picture_update FROM users WHERE id = $1");
const SET_PICTURED: Sql = Sql::new("UPDATE users SET last_picture_update = $2, update_at = $2 WHERE id = $1");

fn pair(row: Row) -> Result<(String, String)> {
    let mut r = row.read();
    Ok((r.get()?, r.get()?))
}

/// Names and ids of all teams, channels (with the team's id before) and users.
#[allow(clippy::type_complexity, reason = "three lists that are read once")]
pub async fn names(
    conn: &mut Conn,
) -> Result<(Vec<(String, String)>, Vec<(String, String, String)>, Vec<(String, String)>)> {
    let triple = |row: Row| {
        let mut r = row.read();
        Ok((r.get()?, r.get()?, r.get()?))
    };
    Ok((
        conn.fetch(&TEAMS, vec![], pair).await?,
        conn.fetch(&CHANNELS, vec![], triple).await?,
        conn.fetch(&USERS, vec![], pair).await?,
    ))
}

pub async fn put_team(tx: &mut Tx, values: Vec<Value>) -> Result<String> {
    one_id(tx, &TEAM, values).await
}

pub async fn put_channel(tx: &mut Tx, values: Vec<Value>) -> Result<String> {
    one_id(tx, &CHANNEL, values).await
}

async fn one_id(tx: &mut Tx, sql: &Sql, values: Vec<Value>) -> Result<String> {
    Ok(tx.fetch_optional(sql, values, Row::only).await?.unwrap_or_default())
}

pub async fn insert_user(tx: &mut Tx, values: Vec<Value>) -> Result<u64> {
    tx.execute(&INSERT_USER, values).await
}

pub async fn update_user(tx: &mut Tx, values: Vec<Value>) -> Result<u64> {
    tx.execute(&UPDATE_USER, values).await
}

/// A user's props and notification settings.
pub async fn user_json(conn: &mut Conn, id: &str) -> Result<(serde_json::Value, serde_json::Value)> {
    let decode = |row: Row| {
        let mut r = row.read();
        Ok((r.get()?, r.get()?))
    };
    Ok(conn.fetch_optional(&USER_JSON, params![id], decode).await?.unwrap_or_default())
}

pub async fn set_user_json(tx: &mut Tx, id: &str, props: serde_json::Value, notify: serde_json::Value) -> Result<u64> {
    tx.execute(&SET_USER_JSON, params![id, props, notify]).await
}

pub async fn put_bot(tx: &mut Tx, values: Vec<Value>) -> Result<u64> {
    tx.execute(&BOT, values).await
}

pub async fn put_team_member(tx: &mut Tx, values: Vec<Value>) -> Result<u64> {
    tx.execute(&TEAM_MEMBER, values).await
}

pub async fn put_channel_member(tx: &mut Tx, values: Vec<Value>) -> Result<u64> {
    tx.execute(&CHANNEL_MEMBER, values).await
}

/// Ends the counters of memberships: silent ones have read all, and nobody has read more than there is.
pub async fn settle(tx: &mut Tx) -> Result<()> {
    for sql in [&SETTLE, &CLAMP, &CLAMP_ROOT] {
        tx.execute(sql, vec![]).await?;
    }
    Ok(())
}

pub async fn bump(tx: &mut Tx, values: Vec<Value>) -> Result<u64> {
    tx.execute(&BUMP, values).await
}

pub async fn reacted(tx: &mut Tx, posts: Vec<String>) -> Result<u64> {
    if posts.is_empty() { Ok(0) } else { tx.execute(&REACTED, vec![posts.into()]).await }
}

pub async fn change_post(tx: &mut Tx, id: &str, pinned: Option<bool>, edit_at: Option<i64>, now: i64) -> Result<u64> {
    tx.execute(&CHANGE, params![id, pinned, edit_at, now]).await
}

pub async fn put_thread(tx: &mut Tx, root: &str, channel: &str, participants: &[String]) -> Result<u64> {
    tx.execute(&THREAD, params![root, channel, serde_json::json!(participants)]).await
}

pub async fn has_emoji(conn: &mut Conn, name: &str) -> Result<bool> {
    Ok(!conn.query(&HAS_PICTURE, params![name]).await?.is_empty())
}

/// Who owns what an import makes without an owner.
pub async fn first_admin(conn: &mut Conn) -> Result<Option<String>> {
    conn.fetch_optional(&FIRST_ADMIN, vec![], Row::only).await
}

/// When the user's picture was set; 0 for none.
pub async fn pictured(conn: &mut Conn, user: &str) -> Result<i64> {
    Ok(conn.fetch_optional(&PICTURED, params![user], Row::only).await?.unwrap_or(0))
}

pub async fn set_pictured(tx: &mut Tx, user: &str, at: i64) -> Result<u64> {
    tx.execute(&SET_PICTURED, params![user, at]).await
}

/// A stored post that a line may mean.
#[derive(Clone, Debug)]
pub struct Known {
    pub id: String,
    pub pinned: bool,
    pub edit_at: i64,
    pub files: i64,
}

/// What makes two posts the same for an import: author, time, words.
pub type Key = (String, i64, String);

/// The posts of a channel at these times.
pub async fn at_times(conn: &mut Conn, channel: &str, times: &[i64], known: &mut HashMap<Key, Known>) -> Result<()> {
    // Two lengths of lists, so that two statements are kept prepared; the last time fills the rest.
    for chunk in times.chunks(128) {
        let length = if chunk.len() > 8 { 128 } else { 8 };
        let list: Vec<String> = (2..length + 2).map(|n| format!("${n}")).collect();
        let list = list.join(", ");
        // Two statements in one: with OR, both engines read the whole channel.
        let select = "SELECT user_id, create_at, message, id, is_pinned, edit_at,
             (SELECT COUNT(*) FROM file_infos f WHERE f.post_id = posts.id AND f.delete_at = 0)
             FROM posts WHERE channel_id = $1 AND";
        let sql = Sql::built(format!(
            "{select} delete_at = 0 AND create_at IN ({list}) UNION ALL {select} delete_at > 0 AND create_at IN ({list})"
        ));
        let mut values = params![channel];
        let last = chunk.last().copied().unwrap_or_default();
        values.extend((0..length).map(|i| Value::from(chunk.get(i).copied().unwrap_or(last))));
        let rows = conn.query(&sql, values).await?;
        for row in rows {
            let mut r = row.read();
            let key = (r.get()?, r.get()?, r.get()?);
            known.insert(key, Known { id: r.get()?, pinned: r.get()?, edit_at: r.get()?, files: r.get()? });
        }
    }
    Ok(())
}
