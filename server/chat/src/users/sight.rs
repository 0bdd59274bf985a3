//! Whom somebody sees. Members see everybody; who may not view members (guests) sees only those in the own channels.

use crate::roles::Permission;
use crate::{Actor, Error, Result, Site};
use db::{Conn, Row, Sql, params};
use std::collections::{BTreeSet, HashSet};
use wire::User;

const SHARED: Sql = Sql::new(
    "SELECT o.user_id FROM channel_members o
     WHERE o.user_id = $2 AND o.channel_id IN (SELECT m.channel_id FROM channel_members m WHERE m.user_id = $1) LIMIT 1",
);
const GUESTS: Sql = Sql::new(
    "SELECT DISTINCT m.user_id FROM channel_members m WHERE m.user_id IN LIST($1)
     AND m.channel_id IN (SELECT o.channel_id FROM channel_members o WHERE o.user_id = $2)",
);

/// Of the connected guests, those who see the user.
///
/// # Errors
/// When the database fails.
pub async fn guests_who_see(site: &Site, conn: &mut Conn, user_id: &str) -> Result<BTreeSet<String>> {
    let guests = site.hub.guests();
    if guests.is_empty() {
        return Ok(BTreeSet::new());
    }
    let found: Vec<String> = conn.fetch(&GUESTS, params![&guests, user_id], Row::only).await?;
    let own = guests.into_iter().filter(|guest| guest == user_id);
    Ok(found.into_iter().chain(own).collect())
}

/// The id by which a list of users is narrowed for `actor`; empty for who sees everybody.
pub fn limit(actor: &Actor) -> &str {
    if actor.may(Permission::VIEW_MEMBERS) { "" } else { &actor.user_id }
}

/// Leaves those of `users` that the actor sees.
///
/// # Errors
/// When the database fails.
pub async fn retain_seen(conn: &mut Conn, actor: &Actor, users: &mut Vec<User>) -> Result<()> {
    if limit(actor).is_empty() {
        return Ok(());
    }
    let known: HashSet<String> = super::store::known(conn, &actor.user_id).await?.into_iter().collect();
    users.retain(|u| u.id == actor.user_id || known.contains(&u.id));
    Ok(())
}

/// Whether the actor sees the user.
///
/// # Errors
/// When the database fails.
pub async fn sees(conn: &mut Conn, actor: &Actor, user_id: &str) -> Result<bool> {
    if limit(actor).is_empty() || actor.user_id == user_id {
        return Ok(true);
    }
    Ok(conn.fetch_optional::<String>(&SHARED, params![&actor.user_id, user_id], Row::only).await?.is_some())
}

/// 403 unless the actor sees the user; also for one that does not exist, so that a guest learns nothing from it.
///
/// # Errors
/// 403.
pub async fn require(conn: &mut Conn, actor: &Actor, user_id: &str) -> Result<()> {
    if sees(conn, actor, user_id).await? { Ok(()) } else { Err(Error::forbidden()) }
}
