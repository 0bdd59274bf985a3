//! The HTTP side of shared channels.

use super::store::{self, Wanted};
use crate::{Federation, connections};
use axum::extract::{Path, Query, State};
use axum::routing::{get, post};
use axum::{Extension, Router};
use chat::paging::Page;
use chat::roles::Permission;
use chat::users::{self, sight};
use chat::{Actor, Json, Result, Site, channels, teams};
use serde::Deserialize;
use serde_json::{Value, json};
use wire::{RemoteCluster, RemoteClusterInfo, SharedChannel, SharedChannelRemote, StatusOk};

const SHARING: Permission = Permission("manage_shared_channels");

/// For administrators.
pub fn router() -> Router<Site> {
    Router::new()
        .route("/remotecluster/{remote_id}/sharedchannelremotes", get(of_remote))
        .route("/remotecluster/{remote_id}/channels/{channel_id}/invite", post(invite))
        .route("/remotecluster/{remote_id}/channels/{channel_id}/uninvite", post(uninvite))
}

/// For everybody, also while no channel can be shared.
pub fn open() -> Router<Site> {
    Router::new()
        .route("/sharedchannels/{team_id}", get(of_team))
        .route("/sharedchannels/remote_info/{remote_id}", get(info))
        .route("/sharedchannels/{channel_id}/remotes", get(remotes))
        .route("/sharedchannels/users/{user_id}/can_dm/{other_user_id}", get(can_dm))
}

fn info_of(r: RemoteCluster) -> RemoteClusterInfo {
    RemoteClusterInfo {
        remote_id: r.remote_id,
        name: r.name,
        display_name: r.display_name,
        create_at: r.create_at,
        delete_at: r.delete_at,
        last_ping_at: r.last_ping_at,
        site_url: r.site_url,
    }
}

async fn of_team(
    State(site): State<Site>,
    actor: Actor,
    Path(team): Path<String>,
    Query(page): Query<Page>,
) -> Result<Json<Vec<SharedChannel>>> {
    let mut conn = site.db.read().await?;
    teams::require_member(&mut conn, &actor, &team).await?;
    let (limit, offset) = page.limits();
    let mut found = store::of_team(&mut conn, &team, limit, offset).await?;
    if !actor.may(SHARING) {
        let mine = channels::ids_of(&mut conn, &actor.user_id).await?;
        found.retain(|c| mine.contains(&c.id));
    }
    Ok(Json(found))
}

/// Query of GET …/remote_info.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Deleted {
    include_deleted: bool,
}

async fn info(
    State(site): State<Site>,
    _: Actor,
    Path(id): Path<String>,
    Query(q): Query<Deleted>,
) -> Result<Json<RemoteClusterInfo>> {
    let found = connections::store::get(&mut site.db.read().await?, &site.keys, &id).await?;
    let found = found.filter(|c| c.remote.delete_at == 0 || q.include_deleted).ok_or_else(connections::missing)?;
    Ok(Json(info_of(found.remote)))
}

async fn remotes(
    State(site): State<Site>,
    actor: Actor,
    Path(id): Path<String>,
) -> Result<Json<Vec<RemoteClusterInfo>>> {
    let mut conn = site.db.read().await?;
    channels::access(&mut conn, &actor, &id, Permission::READ_CHANNEL).await?;
    let found = connections::store::of_channel(&mut conn, &id).await?;
    Ok(Json(found.into_iter().map(|c| info_of(c.remote)).collect()))
}

/// Direct messages stay inside this site: two people who are both of here can have one.
async fn can_dm(
    State(site): State<Site>,
    actor: Actor,
    Path((user, other)): Path<(String, String)>,
) -> Result<Json<Value>> {
    let user = users::me_or(&actor, &user)?;
    let mut conn = site.db.read().await?;
    sight::require(&mut conn, &actor, &other).await?;
    let both = users::by_ids(&mut conn, &[user.clone(), other.clone()]).await?;
    let here = |id: &String| both.iter().any(|u| u.id == *id && u.remote_id.is_none());
    Ok(Json(json!({"can_dm": here(&user) && here(&other)})))
}

/// Query of …/sharedchannelremotes.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Q {
    include_unconfirmed: bool,
    exclude_confirmed: bool,
    exclude_home: bool,
    exclude_remote: bool,
    include_deleted: bool,
}

async fn of_remote(
    State(site): State<Site>,
    actor: Actor,
    Path(id): Path<String>,
    Query(q): Query<Q>,
    Query(page): Query<Page>,
) -> Result<Json<Vec<SharedChannelRemote>>> {
    if !actor.may(SHARING) {
        actor.require(Permission("manage_secure_connections"))?;
    }
    let mut conn = site.db.read().await?;
    connections::store::get(&mut conn, &site.keys, &id).await?.ok_or_else(connections::missing)?;
    let wanted = Wanted {
        unconfirmed: q.include_unconfirmed || q.exclude_confirmed,
        without_confirmed: q.exclude_confirmed,
        without_home: q.exclude_home,
        without_remote: q.exclude_remote,
        deleted: q.include_deleted,
    };
    let (limit, offset) = page.limits();
    Ok(Json(store::listed(&mut conn, &id, wanted, limit, offset).await?))
}

async fn invite(
    State(site): State<Site>,
    Extension(federation): Extension<Federation>,
    actor: Actor,
    Path((remote, channel)): Path<(String, String)>,
) -> Result<Json<StatusOk>> {
    actor.require(SHARING)?;
    super::invite(&site, &federation, &actor, &remote, &channel, false).await?;
    Ok(Json(StatusOk::default()))
}

async fn uninvite(
    State(site): State<Site>,
    Extension(federation): Extension<Federation>,
    actor: Actor,
    Path((remote, channel)): Path<(String, String)>,
) -> Result<Json<StatusOk>> {
    actor.require(SHARING)?;
    super::uninvite(&site, &federation, &actor, &remote, &channel).await?;
    Ok(Json(StatusOk::default()))
}
