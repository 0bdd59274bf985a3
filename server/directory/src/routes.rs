//! `/ldap/…` of the API.

use crate::client::Session;
use crate::trial::{self, Found, Settings};
use crate::{Directory, SERVICE, given, groups, migrate, sync};
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use chat::paging::Page;
use chat::{Actor, Error, Json, Result, Site, audits};
use operations::access::{require, require_admin};
use serde::Deserialize;
use serde_json::{Value, json};
use wire::{Group, StatusOk};

const SEES_SETTINGS: &[&str] = &["sysconsole_read_authentication_ldap", "manage_system"];
const SEES_GROUPS: &[&str] = &["sysconsole_read_user_management_groups", "manage_system"];
const SETS_GROUPS: &[&str] = &["sysconsole_write_user_management_groups", "manage_system"];

/// Routes under `/api/v4`. Without a directory they answer 501 to those who may ask.
pub fn router() -> Router<Site> {
    Router::new()
        .route("/ldap/sync", post(synchronise))
        .route("/ldap/test", post(test))
        .route("/ldap/test_connection", post(test_connection))
        .route("/ldap/test_diagnostics", post(diagnose))
        .route("/ldap/groups", get(list))
        .route("/ldap/groups/{remote_id}/link", post(link).delete(unlink))
        .route("/ldap/users/{user_id}/group_sync_memberships", post(bring))
        .route("/users/migrate_auth/ldap", post(take_over))
        .merge(given::router())
}

pub(crate) fn ok() -> Result<Json<StatusOk>> {
    Ok(Json(StatusOk::default()))
}

pub(crate) async fn note(site: &Site, actor: &Actor, action: &str, info: &str) -> Result<()> {
    let mut tx = site.db.write().await?;
    audits::record(site, &mut tx, actor, action, info).await?;
    Ok(tx.commit().await?)
}

async fn synchronise(State(site): State<Site>, actor: Actor) -> Result<Json<StatusOk>> {
    require(&actor, &["create_ldap_sync_job", "manage_system"])?;
    crate::of(&site)?;
    sync::ask_for(&site).await?;
    ok()
}

async fn test(State(site): State<Site>, actor: Actor) -> Result<Json<StatusOk>> {
    require(&actor, &["test_ldap", "manage_system"])?;
    trial::connection(&crate::of(&site)?.config()).await.map_err(|e| e.explained())?;
    ok()
}

/// The settings of the body on top of those that are set.
fn tried(site: &Site, body: Settings) -> Result<crate::Config> {
    let set = site.kept::<Directory>().map(|d| (*d.config()).clone()).unwrap_or_default();
    let wrong = |e: crate::Unfit| Error::invalid("api.context.invalid_body_param.app_error", e.to_string());
    body.onto(&set).map_err(wrong)
}

async fn test_connection(State(site): State<Site>, actor: Actor, Json(body): Json<Settings>) -> Result<Json<StatusOk>> {
    require(&actor, SEES_SETTINGS)?;
    trial::connection(&tried(&site, body)?).await.map_err(|e| e.explained())?;
    ok()
}

/// Query of POST /ldap/test_diagnostics.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Which {
    test: String,
}

async fn diagnose(
    State(site): State<Site>,
    actor: Actor,
    Query(which): Query<Which>,
    Json(body): Json<Settings>,
) -> Result<Json<Vec<Found>>> {
    require(&actor, SEES_SETTINGS)?;
    let config = tried(&site, body)?;
    let found = match which.test.as_str() {
        "filters" => trial::filters(&config).await,
        "attributes" => trial::attributes(&config).await,
        "group_attributes" => trial::group_attributes(&config).await,
        _ => return Err(Error::invalid_param("test")),
    };
    found.map(Json).map_err(|e| e.explained())
}

/// Query of GET /ldap/groups.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Wanted {
    /// A part of the name.
    q: String,
    /// Only those that are linked, or are not.
    is_linked: Option<bool>,
    /// Only those that are linked to a team or channel, or are not.
    is_configured: Option<bool>,
}

async fn list(
    State(site): State<Site>,
    actor: Actor,
    Query(wanted): Query<Wanted>,
    Query(page): Query<Page>,
) -> Result<Json<Value>> {
    require(&actor, SEES_GROUPS)?;
    let directory = crate::of(&site)?;
    let ask = async {
        let config = directory.config();
        let mut session = Session::open(&config).await?;
        groups::named(&mut session, &config, &wanted.q).await
    };
    let found = ask.await.map_err(|e| e.explained())?;
    let linked = chat::groups::remote::all(&mut site.db.read().await?, SERVICE).await?;
    let mut all = Vec::new();
    for group in found {
        let known = linked.iter().find(|l| l.remote_id.as_ref() == Some(&group.id));
        let configured = known.is_some_and(|k| k.has_syncables);
        let fits = |asked: Option<bool>, is: bool| asked.is_none_or(|asked| asked == is);
        if fits(wanted.is_linked, known.is_some()) && fits(wanted.is_configured, configured) {
            all.push(json!({
                "name": group.name, "primary_key": group.id, "mattermost_group_id": known.map(|k| &k.id),
                "has_syncables": known.map(|_| configured),
            }));
        }
    }
    Ok(Json(json!({"count": all.len(), "groups": page.of(all)})))
}

async fn link(
    State(site): State<Site>,
    actor: Actor,
    Path(remote_id): Path<String>,
) -> Result<(StatusCode, Json<Group>)> {
    require(&actor, SETS_GROUPS)?;
    let directory = crate::of(&site)?;
    let ask = async {
        let config = directory.config();
        let mut session = Session::open(&config).await?;
        groups::by_id(&mut session, &config, &remote_id).await
    };
    let missing = || Error::not_found("ent.ldap_groups.no_rows", "The directory has no such group.");
    let found = ask.await.map_err(|e| e.explained())?.ok_or_else(missing)?;
    let mut tx = site.db.write().await?;
    let group = chat::groups::remote::link(&site, &mut tx, SERVICE, &found.id, &found.name).await?;
    audits::record(&site, &mut tx, &actor, "/api/v4/ldap/groups/link", &format!("group_id={}", group.id)).await?;
    tx.commit().await?;
    // Who is in it, the directory is asked in the background.
    sync::ask_for(&site).await?;
    Ok((StatusCode::CREATED, Json(group)))
}

async fn unlink(State(site): State<Site>, actor: Actor, Path(remote_id): Path<String>) -> Result<Json<StatusOk>> {
    require(&actor, SETS_GROUPS)?;
    crate::of(&site)?;
    let mut tx = site.db.write().await?;
    if !chat::groups::remote::unlink(&site, &mut tx, SERVICE, &remote_id).await? {
        return Err(Error::not_found("app.group.no_rows", "That group is not linked."));
    }
    audits::record(&site, &mut tx, &actor, "/api/v4/ldap/groups/unlink", &format!("remote_id={remote_id}")).await?;
    tx.commit().await?;
    chat::groups::settle(&site, "").await?;
    ok()
}

/// Brings one user to where the user's groups are linked to.
async fn bring(State(site): State<Site>, actor: Actor, Path(user): Path<String>) -> Result<Json<StatusOk>> {
    require(&actor, SETS_GROUPS)?;
    crate::of(&site)?;
    let missing = || Error::not_found("app.user.missing_account.const", "Unable to find the user.");
    chat::users::get(&mut site.db.read().await?, &user).await?.ok_or_else(missing)?;
    chat::groups::settle(&site, &user).await?;
    ok()
}

async fn take_over(
    State(site): State<Site>,
    actor: Actor,
    Json(wanted): Json<migrate::Migration>,
) -> Result<Json<StatusOk>> {
    require_admin(&actor)?;
    let moved = migrate::run(&site, &crate::of(&site)?, &wanted).await?;
    note(&site, &actor, "/api/v4/users/migrate_auth/ldap", &format!("accounts={moved}")).await?;
    ok()
}
