//! Connections: one administrator makes a code, the other accepts it, and both sites hold a token of the other.

pub mod routes;
pub mod store;

use crate::Federation;
use crate::call::Failed;
use crate::invite::{self, BadInvite};
use chat::{Actor, Error, Result, Site, audits, error::Kind, teams};
use db::Conn;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{Connection, PENDING};
use wire::{RemoteCluster, RemoteClusterInvite};

/// A partner that was heard within this time is online, milliseconds.
pub const ONLINE_MS: i64 = 5 * 60 * 1000;
const HOUR_MS: i64 = 3600 * 1000;
/// Characters of a password that is made here.
const PASSWORD: usize = 26;

pub(crate) fn missing() -> Error {
    Error::not_found("api.remote_cluster.get.not_found", "There is no connection to such a site.")
}

/// Body of POST /remotecluster and of accept_invite.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct New {
    name: String,
    display_name: String,
    default_team_id: String,
    password: String,
    invite: String,
}

/// Answer of POST /remotecluster.
#[derive(Debug, Serialize)]
pub struct Made {
    remote_cluster: RemoteCluster,
    invite: String,
    /// When it was made here.
    #[serde(skip_serializing_if = "String::is_empty")]
    password: String,
}

/// Body of PATCH.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Patch {
    display_name: Option<String>,
    default_team_id: Option<String>,
}

fn check_name(name: &str) -> Result<String> {
    let name = name.trim().to_lowercase();
    let shape = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if (1..=64).contains(&name.len()) && name.chars().all(shape) {
        return Ok(name);
    }
    Err(Error::invalid_body("name", "1 to 64 letters, digits, dots, dashes or underscores are wanted"))
}

fn check_display_name(text: &str) -> Result<()> {
    if text.chars().count() > 64 {
        return Err(Error::invalid_body("display_name", "at most 64 characters are wanted"));
    }
    Ok(())
}

async fn check_team(conn: &mut Conn, id: &str) -> Result<()> {
    if id.is_empty() || teams::get(conn, id).await?.is_some_and(|t| t.delete_at == 0) {
        return Ok(());
    }
    Err(Error::invalid_body("default_team_id", "there is no such team"))
}

/// Where partners reach this site.
fn own_url(site: &Site) -> Result<String> {
    let url = site.config().site_url.clone();
    if url.is_empty() {
        let message = "Set [server] site_url first: it is where partner sites answer.";
        return Err(Error::invalid("api.remote_cluster.site_url_not_set.app_error", message));
    }
    Ok(url)
}

async fn sealed(invite: RemoteClusterInvite, password: String) -> Result<String> {
    let work = tokio::task::spawn_blocking(move || invite::seal(&invite, &password));
    work.await.map_err(Error::internal)?.map_err(Error::internal)
}

fn invite_of(remote: &RemoteCluster, site_url: String) -> RemoteClusterInvite {
    RemoteClusterInvite {
        remote_id: remote.remote_id.clone(),
        site_url,
        token: remote.token.clone(),
        version: invite::VERSION,
        ..RemoteClusterInvite::default()
    }
}

/// Makes a connection that waits for the other site, and the code for its administrator.
///
/// # Errors
/// 400 that names the field.
pub async fn create(site: &Site, federation: &Federation, actor: &Actor, new: New) -> Result<Made> {
    let url = own_url(site)?;
    let name = check_name(&new.name)?;
    check_display_name(&new.display_name)?;
    let (password, told) = match new.password.as_str() {
        "" => {
            let made = format!("{}{}", kit::id::new(), kit::id::new())[..PASSWORD].to_owned();
            (made.clone(), made)
        }
        given => (given.to_owned(), String::new()),
    };
    let now = site.clock.now_ms();
    let id = kit::id::new();
    let remote = RemoteCluster {
        site_url: format!("{PENDING}{id}"),
        remote_id: id,
        display_name: if new.display_name.is_empty() { name.clone() } else { new.display_name },
        name,
        default_team_id: new.default_team_id,
        create_at: now,
        token: kit::id::new(),
        creator_id: actor.user_id.clone(),
        ..RemoteCluster::default()
    };
    let mut tx = site.db.write().await?;
    check_team(&mut tx, &remote.default_team_id).await?;
    check_room(&mut tx, federation).await?;
    store::insert(&mut tx, &site.keys, &remote).await?;
    audits::record(site, &mut tx, actor, "/api/v4/remotecluster", &format!("remote_id={}", remote.remote_id)).await?;
    tx.commit().await?;
    let invite = sealed(invite_of(&remote, url), password).await?;
    let shown = Connection { remote, ..Connection::default() }.shown();
    Ok(Made { remote_cluster: shown, invite, password: told })
}

async fn check_room(conn: &mut Conn, federation: &Federation) -> Result<()> {
    let most = federation.config.max_connections;
    if usize::try_from(store::count(conn).await?).unwrap_or(usize::MAX) < most {
        return Ok(());
    }
    let message = format!("This site has {most} connections, as many as [server.federation] max_connections allows.");
    Err(Error::invalid("api.remote_cluster.too_many.app_error", message))
}

/// Another code for a connection that nobody has accepted; the one before opens nothing any more.
///
/// # Errors
/// 400 when it was accepted, 404.
pub async fn invite_again(site: &Site, actor: &Actor, id: &str, password: String) -> Result<String> {
    if password.is_empty() {
        return Err(Error::invalid_body("password", "it seals the code"));
    }
    let mut tx = site.db.write().await?;
    let mut found = live(&mut tx, site, id).await?;
    let url = own_url(site)?;
    found.remote.token = kit::id::new();
    if !store::renew(&mut tx, &site.keys, id, &found.remote.token, site.clock.now_ms()).await? {
        let message = "The other site has accepted already.";
        return Err(Error::invalid("api.remote_cluster.generate_invite_cluster_is_confirmed", message));
    }
    audits::record(site, &mut tx, actor, "/api/v4/remotecluster/generate_invite", &format!("remote_id={id}")).await?;
    tx.commit().await?;
    sealed(invite_of(&found.remote, url), password).await
}

/// A connection that is not deleted.
///
/// # Errors
/// 404.
pub async fn live(conn: &mut Conn, site: &Site, id: &str) -> Result<Connection> {
    store::get(conn, &site.keys, id).await?.filter(|c| c.remote.delete_at == 0).ok_or_else(missing)
}

/// Accepts the code of another site, which is told.
///
/// # Errors
/// 400 for a code that cannot be opened or that the other site does not take.
pub async fn accept(site: &Site, federation: &Federation, actor: &Actor, new: New) -> Result<RemoteCluster> {
    let url = own_url(site)?;
    let name = check_name(&new.name)?;
    check_display_name(&new.display_name)?;
    let (code, password) = (new.invite, new.password);
    let opened = tokio::task::spawn_blocking(move || invite::open(&code, &password)).await.map_err(Error::internal)?;
    let bad = |e: BadInvite| Error::invalid_body("invite", &e.to_string());
    let invite = opened.map_err(bad)?;
    let theirs = invite.site_url.trim_end_matches('/').to_owned();
    if let Err(failure) = federation.check(&theirs) {
        return Err(Error::invalid_body("invite", &failure.to_string()));
    }
    if theirs == url {
        return Err(Error::invalid_body("invite", "it is of this site"));
    }
    let remote = RemoteCluster {
        remote_id: invite.remote_id.clone(),
        site_url: theirs,
        display_name: if new.display_name.is_empty() { name.clone() } else { new.display_name },
        name,
        default_team_id: new.default_team_id,
        create_at: site.clock.now_ms(),
        token: kit::id::new(),
        remote_token: if invite.version >= 2 { kit::id::new() } else { invite.token.clone() },
        creator_id: actor.user_id.clone(),
        ..RemoteCluster::default()
    };
    let mut tx = site.db.write().await?;
    check_team(&mut tx, &remote.default_team_id).await?;
    check_room(&mut tx, federation).await?;
    let known = store::get(&mut tx, &site.keys, &remote.remote_id).await?;
    if known.is_some_and(|k| k.remote.delete_at != 0) {
        store::forget(&mut tx, &remote.remote_id).await?;
    }
    store::insert(&mut tx, &site.keys, &remote).await?;
    tx.commit().await?;
    if let Err(failed) = tell_accepted(site, federation, &remote, &invite, &url).await {
        let mut tx = site.db.write().await?;
        store::forget(&mut tx, &remote.remote_id).await?;
        tx.commit().await?;
        let message = format!("The other site did not take the answer: {failed}");
        return Err(Error::new(Kind::Invalid, "api.remote_cluster.accept_invitation_error", message));
    }
    let mut tx = site.db.write().await?;
    store::heard(&mut tx, &remote.remote_id, site.clock.now_ms()).await?;
    let info = format!("remote_id={}", remote.remote_id);
    audits::record(site, &mut tx, actor, "/api/v4/remotecluster/accept_invite", &info).await?;
    tx.commit().await?;
    federation.ring();
    let found = live(&mut site.db.read().await?, site, &remote.remote_id).await?;
    Ok(found.shown())
}

async fn tell_accepted(
    site: &Site,
    federation: &Federation,
    remote: &RemoteCluster,
    invite: &RemoteClusterInvite,
    url: &str,
) -> std::result::Result<(), Failed> {
    let answer = RemoteClusterInvite {
        remote_id: remote.remote_id.clone(),
        site_url: url.into(),
        token: remote.token.clone(),
        refreshed_token: if invite.version >= 2 { remote.remote_token.clone() } else { String::new() },
        version: invite.version.clamp(1, invite::VERSION),
        ..RemoteClusterInvite::default()
    };
    let with_code = RemoteCluster { remote_token: invite.token.clone(), ..remote.clone() };
    match federation.tell(site, &with_code, "confirm_invite", "invitation", json!(answer)).await {
        // It may have been taken, and the answer lost: then the new token opens the door.
        Err(Failed::Away(reason)) => match federation.ping(site, remote).await {
            Ok(()) => Ok(()),
            Err(_) => Err(Failed::Away(reason)),
        },
        done => done.map(|_| ()),
    }
}

/// The other site accepts. `shown` is the connection whose code it has.
///
/// # Errors
/// 400 with what is wrong.
pub async fn confirmed(
    site: &Site,
    federation: &Federation,
    shown: Connection,
    answer: RemoteClusterInvite,
) -> Result<()> {
    let refused = |message: &str| Error::invalid("api.remote_cluster.confirm_invitation.app_error", message);
    let now = site.clock.now_ms();
    if shown.confirmed() {
        return Err(refused("this invitation was accepted before"));
    }
    if now - shown.invite_at > federation.config.invite_hours * HOUR_MS {
        return Err(refused("this invitation has expired"));
    }
    if answer.remote_id != shown.remote.remote_id || answer.token.is_empty() {
        return Err(refused("the answer is of another connection"));
    }
    let their_url = answer.site_url.trim_end_matches('/').to_owned();
    federation.check(&their_url).map_err(|failure| refused(&failure.to_string()))?;
    let token = match answer.version {
        0 | 1 => shown.remote.token.clone(),
        _ if !kit::id::is_valid(&answer.refreshed_token) => return Err(refused("a new token is wanted")),
        _ if answer.refreshed_token == shown.remote.token => return Err(refused("a token of its own is wanted")),
        _ => answer.refreshed_token,
    };
    let remote = RemoteCluster { site_url: their_url, remote_token: answer.token, token, ..shown.remote };
    let mut tx = site.db.write().await?;
    if !store::confirm(&mut tx, &site.keys, &remote).await? {
        return Err(refused("this invitation was accepted before"));
    }
    store::heard(&mut tx, &remote.remote_id, now).await?;
    tx.commit().await?;
    federation.ring();
    Ok(())
}

/// Changes what a connection is called here.
///
/// # Errors
/// 400 that names the field, 404.
pub async fn patch(site: &Site, actor: &Actor, id: &str, patch: Patch) -> Result<RemoteCluster> {
    let mut tx = site.db.write().await?;
    let mut found = live(&mut tx, site, id).await?;
    if let Some(text) = patch.display_name {
        check_display_name(&text)?;
        found.remote.display_name = text;
    }
    if let Some(team) = patch.default_team_id {
        check_team(&mut tx, &team).await?;
        found.remote.default_team_id = team;
    }
    store::patch(&mut tx, id, &found.remote.display_name, &found.remote.default_team_id).await?;
    audits::record(site, &mut tx, actor, "/api/v4/remotecluster/patch", &format!("remote_id={id}")).await?;
    tx.commit().await?;
    Ok(found.shown())
}

/// Ends a connection: its channels are not shared with that site any more.
///
/// # Errors
/// 404.
pub async fn delete(site: &Site, federation: &Federation, actor: &Actor, id: &str) -> Result<()> {
    let mut tx = site.db.write().await?;
    live(&mut tx, site, id).await?;
    crate::channels::leave_all(site, &mut tx, id).await?;
    store::delete(&mut tx, id, site.clock.now_ms()).await?;
    audits::record(site, &mut tx, actor, "/api/v4/remotecluster/delete", &format!("remote_id={id}")).await?;
    tx.commit().await?;
    federation.ring();
    Ok(())
}
