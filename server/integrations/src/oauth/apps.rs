//! Managing applications.

use super::{grants, rules, store};
use crate::paging::Page;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use chat::Json;
use chat::roles::{self, Permission};
use chat::{Actor, Error, Result, Site, users};
use db::{Conn, Tx};
use wire::{OAuthApp, StatusOk};

const MANAGE: Permission = Permission("manage_oauth");
const MANAGE_ALL: Permission = Permission("manage_system_wide_oauth");

pub fn missing() -> Error {
    Error::not_found("app.oauth.get_app.find.app_error", "Unable to find the requested app.")
}

fn require(actor: &Actor) -> Result<()> {
    if roles::system_can(actor, MANAGE) && !actor.is_app() { Ok(()) } else { Err(Error::forbidden()) }
}

/// An app that the actor may manage.
async fn own(site: &Site, conn: &mut Conn, actor: &Actor, id: &str) -> Result<OAuthApp> {
    require(actor)?;
    let app = store::get(conn, &site.keys, id).await?.ok_or_else(missing)?;
    if app.creator_id == actor.user_id || roles::system_can(actor, MANAGE_ALL) {
        Ok(app)
    } else {
        Err(Error::forbidden())
    }
}

/// What everybody may see.
pub fn public(app: OAuthApp) -> OAuthApp {
    OAuthApp { client_secret: String::new(), creator_id: String::new(), callback_urls: Vec::new(), ..app }
}

/// POST /oauth/apps
pub async fn create(
    State(site): State<Site>,
    actor: Actor,
    Json(new): Json<OAuthApp>,
) -> Result<(StatusCode, Json<OAuthApp>)> {
    require(&actor)?;
    let now = site.clock.now_ms();
    let app = OAuthApp {
        id: kit::id::new(),
        creator_id: actor.user_id.clone(),
        create_at: now,
        update_at: now,
        client_secret: if new.is_public { String::new() } else { kit::id::new() },
        is_trusted: new.is_trusted && roles::system_can(&actor, MANAGE_ALL),
        is_dynamically_registered: false,
        mattermost_app_id: String::new(),
        ..new
    };
    rules::check(&app)?;
    let mut tx = site.db.write().await?;
    store::insert(&mut tx, &site.keys, &app).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(app)))
}

/// GET /oauth/apps: the own ones, or all with the right.
pub async fn list(State(site): State<Site>, actor: Actor, Query(q): Query<Page>) -> Result<Json<Vec<OAuthApp>>> {
    require(&actor)?;
    let creator = if roles::system_can(&actor, MANAGE_ALL) { "" } else { actor.user_id.as_str() };
    Ok(Json(store::list(&mut site.db.read().await?, &site.keys, creator, q.range()).await?))
}

/// GET /oauth/apps/{id}
pub async fn one(State(site): State<Site>, actor: Actor, Path(id): Path<String>) -> Result<Json<OAuthApp>> {
    own(&site, &mut site.db.read().await?, &actor, &id).await.map(Json)
}

/// GET /oauth/apps/{id}/info
pub async fn info(State(site): State<Site>, _: Actor, Path(id): Path<String>) -> Result<Json<OAuthApp>> {
    store::get(&mut site.db.read().await?, &site.keys, &id).await?.map(public).map(Json).ok_or_else(missing)
}

async fn save(site: &Site, mut tx: Tx, mut app: OAuthApp) -> Result<OAuthApp> {
    app.update_at = site.clock.now_ms();
    store::update(&mut tx, &site.keys, &app).await?;
    tx.commit().await?;
    Ok(app)
}

/// PUT /oauth/apps/{id}
pub async fn update(
    State(site): State<Site>,
    actor: Actor,
    Path(id): Path<String>,
    Json(new): Json<OAuthApp>,
) -> Result<Json<OAuthApp>> {
    if new.id != id {
        return Err(Error::invalid_body("app_id", "it is not the one of the address"));
    }
    let mut tx = site.db.write().await?;
    let old = own(&site, &mut tx, &actor, &id).await?;
    let app = OAuthApp {
        name: new.name,
        description: new.description,
        icon_url: new.icon_url,
        callback_urls: new.callback_urls,
        homepage: new.homepage,
        is_trusted: if roles::system_can(&actor, MANAGE_ALL) { new.is_trusted } else { old.is_trusted },
        ..old
    };
    rules::check(&app)?;
    save(&site, tx, app).await.map(Json)
}

/// DELETE /oauth/apps/{id}: the app's sessions end.
pub async fn delete(State(site): State<Site>, actor: Actor, Path(id): Path<String>) -> Result<Json<StatusOk>> {
    let mut tx = site.db.write().await?;
    let app = own(&site, &mut tx, &actor, &id).await?;
    grants::revoke(&site, &mut tx, &app.id, "").await?;
    store::delete(&mut tx, &app.id).await?;
    tx.commit().await?;
    Ok(Json(StatusOk::default()))
}

/// POST /oauth/apps/{id}/regen_secret
pub async fn regen_secret(State(site): State<Site>, actor: Actor, Path(id): Path<String>) -> Result<Json<OAuthApp>> {
    let mut tx = site.db.write().await?;
    let mut app = own(&site, &mut tx, &actor, &id).await?;
    if app.is_public {
        let message = "A public client has no secret.";
        return Err(Error::invalid("api.oauth.regenerate_secret.public_client.app_error", message));
    }
    app.client_secret = kit::id::new();
    save(&site, tx, app).await.map(Json)
}

/// GET /users/{id}/oauth/apps/authorized
pub async fn authorized(
    State(site): State<Site>,
    actor: Actor,
    Path(user_id): Path<String>,
    Query(q): Query<Page>,
) -> Result<Json<Vec<OAuthApp>>> {
    let user_id = users::me_or(&actor, &user_id)?;
    let apps = store::authorized(&mut site.db.read().await?, &user_id, q.range()).await?;
    Ok(Json(apps.into_iter().map(public).collect()))
}
