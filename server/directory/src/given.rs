//! Routes by which administrators give a running site what it keeps for its directory.

use crate::own::{self, Half};
use crate::routes::{note, ok};
use crate::{Directory, migrate};
use axum::Router;
use axum::extract::{FromRequest, Multipart, Request, State};
use axum::routing::post;
use chat::{Actor, Error, Json, Result, Site};
use operations::access::{require, require_admin};
use serde::Deserialize;
use wire::StatusOk;

/// Longest certificate or key, bytes.
const MOST_BYTES: usize = 64 << 10;

/// Part of the routes of `/ldap`.
pub fn router() -> Router<Site> {
    Router::new()
        .route("/ldap/migrateid", post(migrate_id))
        .route("/ldap/certificate/public", post(take_certificate).delete(drop_certificate))
        .route("/ldap/certificate/private", post(take_key).delete(drop_key))
}

/// Body of POST /ldap/migrateid.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct NewAttribute {
    to_attribute: String,
}

async fn migrate_id(State(site): State<Site>, actor: Actor, Json(new): Json<NewAttribute>) -> Result<Json<StatusOk>> {
    require_admin(&actor)?;
    let moved = migrate::id_attribute(&site, &crate::of(&site)?, &new.to_attribute).await?;
    note(&site, &actor, "/api/v4/ldap/migrateid", &format!("to={} accounts={moved}", new.to_attribute)).await?;
    ok()
}

fn no_file() -> Error {
    let message = "A form with one file named certificate is wanted.";
    Error::invalid("api.admin.add_certificate.no_file.app_error", message)
}

/// The form is read only when `permission` is there.
async fn take(
    site: &Site,
    actor: &Actor,
    half: Half,
    permission: &'static str,
    form: Request,
) -> Result<Json<StatusOk>> {
    require(actor, &[permission, "manage_system"])?;
    let directory = crate::of(site)?;
    let mut form = Multipart::from_request(form, site).await.map_err(|_| no_file())?;
    loop {
        let field = form.next_field().await.map_err(|_| no_file())?.ok_or_else(no_file)?;
        if field.name() != Some("certificate") {
            continue;
        }
        let bytes = field.bytes().await.map_err(|_| no_file())?;
        let text = std::str::from_utf8(&bytes).ok().filter(|_| bytes.len() <= MOST_BYTES).ok_or_else(no_file)?;
        own::keep(site, half, Some(text)).await?;
        break;
    }
    changed(site, actor, &directory, half, "added").await
}

async fn forget(site: &Site, actor: &Actor, half: Half, permission: &'static str) -> Result<Json<StatusOk>> {
    require(actor, &[permission, "manage_system"])?;
    let directory = crate::of(site)?;
    own::keep(site, half, None).await?;
    changed(site, actor, &directory, half, "removed").await
}

async fn changed(site: &Site, actor: &Actor, directory: &Directory, half: Half, how: &str) -> Result<Json<StatusOk>> {
    directory.refresh(site).await?;
    note(site, actor, "/api/v4/ldap/certificate", &format!("{half:?} {how}")).await?;
    ok()
}

async fn take_certificate(State(site): State<Site>, actor: Actor, form: Request) -> Result<Json<StatusOk>> {
    take(&site, &actor, Half::Public, "add_ldap_public_cert", form).await
}

async fn take_key(State(site): State<Site>, actor: Actor, form: Request) -> Result<Json<StatusOk>> {
    take(&site, &actor, Half::Private, "add_ldap_private_cert", form).await
}

async fn drop_certificate(State(site): State<Site>, actor: Actor) -> Result<Json<StatusOk>> {
    forget(&site, &actor, Half::Public, "remove_ldap_public_cert").await
}

async fn drop_key(State(site): State<Site>, actor: Actor) -> Result<Json<StatusOk>> {
    forget(&site, &actor, Half::Private, "remove_ldap_private_cert").await
}
