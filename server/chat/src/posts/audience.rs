//! Whom a new or edited post mentions. The database names the few members whom the text can mean, so that a post in a
//! large channel does not load everybody in it.

use super::reach::Reach;
use super::rules;
use crate::{Result, groups};
use db::{Conn, Row, Sql, params};
use wire::{Channel, Post, User};

/// Those whose name the text holds, and those with keywords or a first name of their own to look for; [`rules::mentioned`]
/// decides. JSON writes a quotation mark inside a value as `\"`, so the patterns match settings only; the engines differ
/// in the space.
const CAN_BE_MEANT: Sql = Sql::new(
    r#"SELECT u.id, u.username, u.first_name, u.notify_props FROM channel_members m JOIN users u ON u.id = m.user_id
     WHERE m.channel_id = $1 AND u.id <> $2 AND ($3 OR u.username IN LIST($4)
     OR CAST(u.notify_props AS TEXT) NOT LIKE '%"mention_keys":""%' AND CAST(u.notify_props AS TEXT) NOT LIKE '%"mention_keys": ""%'
     OR CAST(u.notify_props AS TEXT) LIKE '%"first_name":"true"%' OR CAST(u.notify_props AS TEXT) LIKE '%"first_name": "true"%')
     ORDER BY u.username"#,
);
const OTHERS: Sql =
    Sql::new("SELECT user_id FROM channel_members WHERE channel_id = $1 AND user_id <> $2 ORDER BY user_id");
const AMONG: Sql = Sql::new("SELECT user_id FROM channel_members WHERE channel_id = $1 AND user_id IN LIST($2)");

/// Ids of the members whom `post` mentions, itself or through a group: in a direct message the other one, whatever it
/// says; the server's own messages mention nobody.
///
/// # Errors
/// When the database fails.
pub(super) async fn mentioned(conn: &mut Conn, channel: &Channel, post: &Post, reach: Reach) -> Result<Vec<String>> {
    if post.kind.starts_with("system_") {
        return Ok(Vec::new());
    }
    if channel.kind == "D" {
        return Ok(conn.fetch(&OTHERS, params![&channel.id, &post.user_id], Row::only).await?);
    }
    let (names, everybody) = rules::names(&post.message);
    let values = params![&channel.id, &post.user_id, everybody && reach.channel, &names];
    let people = conn.fetch(&CAN_BE_MEANT, values, person).await?;
    let mut mentioned = rules::mentioned(&post.message, &people, &post.user_id, reach.channel);
    let grouped = if reach.groups { groups::mentioned(conn, &names, &post.user_id).await? } else { Vec::new() };
    if !grouped.is_empty() {
        let here: Vec<String> = conn.fetch(&AMONG, params![&channel.id, &grouped], Row::only).await?;
        let more: Vec<String> = here.into_iter().filter(|id| !mentioned.contains(id)).collect();
        mentioned.extend(more);
    }
    Ok(mentioned)
}

/// What decides about mentions; the rest of the account stays empty.
fn person(row: Row) -> db::Result<User> {
    let mut r = row.read();
    Ok(User {
        id: r.get()?,
        username: r.get()?,
        first_name: r.get()?,
        notify_props: serde_json::from_value(r.get()?).ok(),
        ..User::default()
    })
}
