//! Bot accounts: users without a password that programs act as, with access tokens.

use super::{ensure_bot, missing, rules, store};
use crate::roles::{self, Permission};
use crate::{Actor, Error, Result, Site};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use db::{Conn, Row, Sql, params};
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

const ALL: Sql = select!("WHERE u.delete_at = 0 ORDER BY u.username LIMIT 200");
const BY_ID: Sql = select!("WHERE b.user_id = $1");

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

fn require(actor: &Actor, permission: &'static str) -> Result<()> {
    if roles::system_can(actor, Permission(permission)) { Ok(()) } else { Err(Error::forbidden()) }
}

async fn get(conn: &mut Conn, id: &str) -> Result<Bot> {
    conn.fetch_optional(&BY_ID, params![id], bot).await?.ok_or_else(missing)
}

/// Body of POST /bots.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct New {
    username: String,
    display_name: String,
    description: String,
}

/// POST /bots
pub async fn create(State(site): State<Site>, actor: Actor, Json(new): Json<New>) -> Result<(StatusCode, Json<Bot>)> {
    require(&actor, "create_bot")?;
    let username = new.username.trim().to_lowercase();
    rules::check_username(&username)?;
    if store::by_login(&mut site.db.read().await?, &username).await?.is_some() {
        let message = "An account with that username already exists.";
        return Err(Error::invalid("app.user.save.username_exists.app_error", message));
    }
    let user = ensure_bot(&site, &username, &new.display_name, &new.description, &actor.user_id).await?;
    Ok((StatusCode::CREATED, Json(get(&mut site.db.read().await?, &user.id).await?)))
}

/// GET /bots
pub async fn list(State(site): State<Site>, actor: Actor) -> Result<Json<Vec<Bot>>> {
    require(&actor, "read_bots")?;
    Ok(Json(site.db.read().await?.fetch(&ALL, params![], bot).await?))
}

/// GET /bots/{id}
pub async fn one(State(site): State<Site>, actor: Actor, Path(id): Path<String>) -> Result<Json<Bot>> {
    require(&actor, "read_bots")?;
    get(&mut site.db.read().await?, &id).await.map(Json)
}
