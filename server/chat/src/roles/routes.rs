//! The HTTP side of roles: clients ask for every role name that they see, administrators change what a role may.

use super::{Permission, SYSTEM_ADMIN, store};
use crate::Json;
use crate::{Actor, Error, Result, Site};
use axum::Router;
use axum::extract::{Path, State};
use axum::routing::{get, post, put};
use serde::Deserialize;
use wire::{Event, Role};

/// Most names in one request.
const MAX_NAMES: usize = 100;
/// Most permissions of a role, and their longest name.
const MAX_PERMISSIONS: usize = 1000;
const MAX_LENGTH: usize = 64;

/// Routes of this domain.
pub fn router() -> Router<Site> {
    Router::new()
        .route("/roles", get(all))
        .route("/roles/names", post(by_names))
        .route("/roles/name/{role_name}", get(by_name))
        .route("/roles/{role_id}", get(one))
        .route("/roles/{role_id}/patch", put(patch))
}

fn missing() -> Error {
    Error::not_found("app.role.get.app_error", "There is no such role.")
}

async fn all(State(site): State<Site>, actor: Actor) -> Result<Json<Vec<Role>>> {
    actor.require(Permission::MANAGE_SYSTEM)?;
    let mut roles: Vec<Role> = site.roles.roles().all().cloned().collect();
    roles.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(Json(roles))
}

/// Unknown names are left out.
async fn by_names(State(site): State<Site>, _: Actor, Json(names): Json<Vec<String>>) -> Result<Json<Vec<Role>>> {
    if names.len() > MAX_NAMES {
        return Err(Error::invalid_body("rolenames", &format!("at most {MAX_NAMES} at once")));
    }
    let known = site.roles.roles();
    let mut found: Vec<Role> = names.iter().filter_map(|n| known.get(n).cloned()).collect();
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found.dedup_by(|a, b| a.name == b.name);
    Ok(Json(found))
}

async fn by_name(State(site): State<Site>, _: Actor, Path(name): Path<String>) -> Result<Json<Role>> {
    let missing = || Error::not_found("app.role.get_by_name.app_error", "There is no such role.");
    site.roles.roles().get(&name).cloned().map(Json).ok_or_else(missing)
}

async fn one(State(site): State<Site>, _: Actor, Path(id): Path<String>) -> Result<Json<Role>> {
    site.roles.roles().all().find(|r| r.id == id).cloned().map(Json).ok_or_else(missing)
}

/// Body of PUT /roles/{id}/patch.
#[derive(Debug, Deserialize)]
pub struct Patch {
    permissions: Option<Vec<String>>,
}

/// PUT /roles/{id}/patch: the permissions that the role has from now on, for everybody who holds it.
async fn patch(
    State(site): State<Site>,
    actor: Actor,
    Path(id): Path<String>,
    Json(patch): Json<Patch>,
) -> Result<Json<Role>> {
    actor.require(Permission::MANAGE_SYSTEM)?;
    let Some(mut permissions) = patch.permissions else {
        return Err(Error::invalid_body("permissions", "a list of permissions is wanted"));
    };
    permissions.sort_unstable();
    permissions.dedup();
    let shape = |p: &String| p.len() <= MAX_LENGTH && p.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if permissions.len() > MAX_PERMISSIONS || permissions.iter().any(|p| p.is_empty() || !shape(p)) {
        return Err(Error::invalid_body("permissions", "names of permissions are wanted"));
    }
    let mut tx = site.db.write().await?;
    let mut role = store::get(&mut tx, &id).await?.filter(|r| r.delete_at == 0).ok_or_else(missing)?;
    if role.name == SYSTEM_ADMIN {
        let message = "System administrators may do everything; their role cannot be changed.";
        return Err(Error::invalid("api.roles.patch_roles.not_allowed_permission.error", message));
    }
    role.permissions = permissions;
    role.update_at = site.clock.now_ms();
    store::update(&mut tx, &role).await?;
    let roles = site.roles.changed(&mut tx).await?;
    let role = roles.get(&role.name).cloned().ok_or_else(missing)?;
    site.emit(&mut tx, Event::new("role_updated").with_encoded("role", &role));
    tx.commit().await?;
    Ok(Json(role))
}
