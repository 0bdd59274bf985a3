//! Bot accounts: users without a password that programs act as, with access tokens.

use super::{admin, ensure_bot, me_or, missing, rules, store};
use crate::Json;
use crate::error::Kind;
use crate::paging;
use crate::roles::{self, Permission};
use crate::{Actor, Error, Result, Site, audits};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use db::{Conn, Row, Sql, Tx, params};
use serde::Deserialize;
use wire::Bot;

macro_rules! select {
    ($rest:literal) => {
        Sql::new(concat!(
            "SELECT b.user_id, u.username, u.first_name, b.description, b.owner_id, b.last_icon_update, b.create_at, ",
            "b.update_at, u.delete_at FROM bots b JOIN users u ON u.id = b.user_id ",
            $rest
        ))
    };
}

/// Of one owner unless $1 is empty; an orphan's owner has been deactivated.
const PAGE: Sql = select!(
    "LEFT JOIN users o ON o.id = b.owner_id WHERE ($1 = '' OR b.owner_id = $1) AND ($2 OR u.delete_at = 0)
     AND (NOT $3 OR o.delete_at > 0) ORDER BY b.create_at, u.username LIMIT $4 OFFSET $5"
);
const BY_ID: Sql = select!("WHERE b.user_id = $1");
const OF_OWNER: Sql = select!("WHERE b.owner_id = $1 AND u.delete_at = 0");
const UPDATE: Sql = Sql::new("UPDATE bots SET description = $2, owner_id = $3, update_at = $4 WHERE user_id = $1");

fn bot(row: Row) -> db::Result<Bot> {
    let mut r = row.read();
    Ok(Bot {
        user_id: r.get()?,
        username: r.get()?,
        display_name: r.get()?,
        description: r.get()?,
        owner_id: r.get()?,
        last_icon_update: r.get()?,
        create_at: r.get()?,
        update_at: r.get()?,
        delete_at: r.get()?,
    })
}

fn absent() -> Error {
    Error::not_found("store.sql_bot.get.missing.app_error", "There is no such bot.")
}

fn may(actor: &Actor, permission: &'static str) -> bool {
    roles::system_can(actor, Permission(permission))
}

fn require(actor: &Actor, permission: &'static str) -> Result<()> {
    if may(actor, permission) { Ok(()) } else { Err(Error::forbidden()) }
}

pub(super) async fn get(conn: &mut Conn, id: &str) -> Result<Bot> {
    conn.fetch_optional(&BY_ID, params![id], bot).await?.ok_or_else(absent)
}

/// The bot, when the actor may read it; others' bots are as absent for whoever may not.
async fn readable(conn: &mut Conn, actor: &Actor, id: &str) -> Result<Bot> {
    let found = get(conn, id).await?;
    let own = found.owner_id == actor.user_id && may(actor, "read_bots");
    if own || may(actor, "read_others_bots") { Ok(found) } else { Err(absent()) }
}

/// The bot, when the actor may change it.
async fn managed(conn: &mut Conn, actor: &Actor, id: &str) -> Result<Bot> {
    let found = readable(conn, actor, id).await?;
    let own = found.owner_id == actor.user_id && may(actor, "manage_bots");
    if own || may(actor, "manage_others_bots") { Ok(found) } else { Err(Error::forbidden()) }
}

/// As [`me_or`], and a bot by whoever manages it.
///
/// # Errors
/// 403 for another user.
pub async fn me_or_bot(conn: &mut Conn, actor: &Actor, id: &str) -> Result<String> {
    match me_or(actor, id) {
        Err(refused) => managed(conn, actor, id).await.map(|bot| bot.user_id).map_err(|_| refused),
        allowed => allowed,
    }
}

/// Body of POST and PUT /bots; an absent field of PUT leaves what is there.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Wanted {
    username: Option<String>,
    display_name: Option<String>,
    description: Option<String>,
}

impl Wanted {
    fn check(&self) -> Result<()> {
        for (name, text, most) in [("display_name", &self.display_name, 64), ("description", &self.description, 1024)] {
            if text.as_ref().is_some_and(|t| t.chars().count() > most) {
                return Err(Error::invalid_body(name, &format!("at most {most} characters are wanted")));
            }
        }
        Ok(())
    }
}

pub(super) async fn check_name(conn: &mut Conn, username: &str) -> Result<()> {
    rules::check_username(username)?;
    if store::by_login(conn, username).await?.is_some() {
        let message = "An account with that username already exists.";
        return Err(Error::invalid("app.user.save.username_exists.app_error", message));
    }
    Ok(())
}

/// POST /bots
pub async fn create(
    State(site): State<Site>,
    actor: Actor,
    Json(new): Json<Wanted>,
) -> Result<(StatusCode, Json<Bot>)> {
    require(&actor, "create_bot")?;
    if !site.config().features.bots {
        return Err(Error::new(
            Kind::Forbidden,
            "api.bot.create_disabled",
            "Making bots is turned off on this server.",
        ));
    }
    new.check()?;
    let username = new.username.unwrap_or_default().trim().to_lowercase();
    check_name(&mut site.db.read().await?, &username).await?;
    let (name, description) = (new.display_name.unwrap_or_default(), new.description.unwrap_or_default());
    let user = ensure_bot(&site, &username, &name, &description, &actor.user_id).await?;
    let made = get(&mut site.db.read().await?, &user.id).await?;
    note(&site, site.db.write().await?, &actor, "/api/v4/bots", &made).await?;
    Ok((StatusCode::CREATED, Json(made)))
}

/// Writes the audit entry and commits.
pub(super) async fn note(site: &Site, mut tx: Tx, actor: &Actor, action: &str, bot: &Bot) -> Result<()> {
    audits::record(site, &mut tx, actor, action, &format!("bot_id={}", bot.user_id)).await?;
    Ok(tx.commit().await?)
}

/// Paging and filters of GET /bots.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Filter {
    page: i64,
    per_page: Option<i64>,
    include_deleted: bool,
    only_orphaned: bool,
}

/// GET /bots: one's own, or everybody's.
pub async fn list(State(site): State<Site>, actor: Actor, Query(q): Query<Filter>) -> Result<Json<Vec<Bot>>> {
    let owner = if may(&actor, "read_others_bots") {
        ""
    } else {
        require(&actor, "read_bots")?;
        actor.user_id.as_str()
    };
    let (limit, offset) = paging::limits(q.page, q.per_page);
    let values = params![owner, q.include_deleted, q.only_orphaned, limit, offset];
    Ok(Json(site.db.read().await?.fetch(&PAGE, values, bot).await?))
}

/// Query of GET /bots/{id}.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct One {
    include_deleted: bool,
}

/// GET /bots/{id}
pub async fn one(
    State(site): State<Site>,
    actor: Actor,
    Path(id): Path<String>,
    Query(q): Query<One>,
) -> Result<Json<Bot>> {
    let found = readable(&mut site.db.read().await?, &actor, &id).await?;
    if found.delete_at != 0 && !q.include_deleted {
        return Err(absent());
    }
    Ok(Json(found))
}

/// PUT /bots/{id}
pub async fn patch(
    State(site): State<Site>,
    actor: Actor,
    Path(id): Path<String>,
    Json(new): Json<Wanted>,
) -> Result<Json<Bot>> {
    new.check()?;
    let now = site.clock.now_ms();
    let mut tx = site.db.write().await?;
    let known = managed(&mut tx, &actor, &id).await?;
    let mut user = store::get(&mut tx, &id).await?.ok_or_else(missing)?;
    if let Some(name) = new.username.map(|n| n.trim().to_lowercase()).filter(|n| *n != user.username) {
        check_name(&mut tx, &name).await?;
        user.email = format!("{name}@localhost");
        user.username = name;
    }
    user.first_name = new.display_name.unwrap_or(user.first_name);
    user.update_at = now;
    let description = new.description.unwrap_or(known.description);
    store::update(&mut tx, &user).await?;
    tx.execute(&UPDATE, params![&id, &description, &known.owner_id, now]).await?;
    admin::announce(&site, &mut tx, user).await?;
    let changed = get(&mut tx, &id).await?;
    note(&site, tx, &actor, &format!("/api/v4/bots/{id}"), &changed).await?;
    Ok(Json(changed))
}

/// POST /bots/{id}/disable
pub async fn disable(State(site): State<Site>, actor: Actor, Path(id): Path<String>) -> Result<Json<Bot>> {
    set_active(&site, &actor, &id, false).await
}

/// POST /bots/{id}/enable
pub async fn enable(State(site): State<Site>, actor: Actor, Path(id): Path<String>) -> Result<Json<Bot>> {
    set_active(&site, &actor, &id, true).await
}

async fn set_active(site: &Site, actor: &Actor, id: &str, active: bool) -> Result<Json<Bot>> {
    managed(&mut site.db.read().await?, actor, id).await?;
    admin::set_active(site, actor, id, active).await?;
    get(&mut site.db.read().await?, id).await.map(Json)
}

/// POST /bots/{id}/assign/{user_id}
pub async fn assign(
    State(site): State<Site>,
    actor: Actor,
    Path((id, owner)): Path<(String, String)>,
) -> Result<Json<Bot>> {
    let owner = if owner == "me" { actor.user_id.clone() } else { owner };
    let mut tx = site.db.write().await?;
    let known = managed(&mut tx, &actor, &id).await?;
    let new_owner = store::get(&mut tx, &owner).await?.ok_or_else(missing)?;
    if new_owner.is_bot {
        return Err(Error::forbidden());
    }
    tx.execute(&UPDATE, params![&id, &known.description, &owner, site.clock.now_ms()]).await?;
    let changed = get(&mut tx, &id).await?;
    note(&site, tx, &actor, &format!("/api/v4/bots/{id}/assign/{owner}"), &changed).await?;
    Ok(Json(changed))
}

/// The active bots of an owner.
///
/// # Errors
/// When the database fails.
pub async fn of_owner(conn: &mut Conn, owner: &str) -> Result<Vec<Bot>> {
    Ok(conn.fetch(&OF_OWNER, params![owner], bot).await?)
}
