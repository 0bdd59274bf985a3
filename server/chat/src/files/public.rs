//! Links to files that work without an account: the path holds the file's id, the query a keyed hash of it.

use super::{missing, store};
use crate::Json;
use crate::roles::Permission;
use crate::{Actor, Error, Result, Site, channels, features, system};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, Method};
use axum::response::Response;
use db::Conn;
use hmac::{Hmac, Mac};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::Sha256;
use subtle::ConstantTimeEq;

/// Name of the key among the values of the installation.
const KEY: &str = "PublicLinkKey";

/// The key of this installation; made by the first link.
async fn key(site: &Site) -> Result<String> {
    system::secret(site, KEY, 52).await
}

fn hash(key: &str, id: &str) -> Result<String> {
    let mut mac = <Hmac<Sha256> as Mac>::new_from_slice(key.as_bytes()).map_err(Error::internal)?;
    mac.update(id.as_bytes());
    Ok(data_encoding::BASE64URL_NOPAD.encode(&mac.finalize().into_bytes()))
}

/// GET /files/{id}/link: by those who may give such links in the channel.
pub async fn link(State(site): State<Site>, actor: Actor, Path(id): Path<String>) -> Result<Json<Value>> {
    let info = {
        let mut conn = site.db.read().await?;
        let (info, _) = store::get(&mut conn, &id).await?.ok_or_else(missing)?;
        channels::access(&mut conn, &actor, &info.channel_id, Permission("get_public_link")).await?;
        info
    };
    if info.post_id.is_empty() {
        let message = "Unable to get public link for file. File must be attached to a post that can be read.";
        return Err(Error::invalid("api.file.get_public_link.no_post.app_error", message));
    }
    let hash = hash(&key(&site).await?, &id)?;
    Ok(Json(json!({"link": format!("{}/files/{id}/public?h={hash}", site.config().site_url)})))
}

/// Query of a public link.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Hash {
    h: String,
}

/// GET /files/{id}/public, outside `/api/v4`: whoever has the link.
pub async fn open(
    State(site): State<Site>,
    method: Method,
    headers: HeaderMap,
    Path(id): Path<String>,
    Query(q): Query<Hash>,
) -> Result<Response> {
    if !site.config().features.public_links {
        return Err(features::off("api.file.get_public_link.disabled.app_error", "Public links"));
    }
    let expected = hash(&key(&site).await?, &id)?;
    if !bool::from(expected.as_bytes().ct_eq(q.h.as_bytes())) {
        return Err(Error::invalid(
            "api.file.get_file.public_invalid.app_error",
            "The public link does not appear to be valid.",
        ));
    }
    let (info, path) = lookup(&mut site.db.read().await?, &id).await?;
    super::send::send(&site, &info, &path, &method, &headers, false).await
}

/// A link ends with the post that the file belongs to.
async fn lookup(conn: &mut Conn, id: &str) -> Result<(wire::FileInfo, String)> {
    let (info, path) = store::get(conn, id).await?.ok_or_else(missing)?;
    if !store::is_live(conn, id).await? {
        return Err(missing());
    }
    Ok((info, path))
}
