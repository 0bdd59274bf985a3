//! The protocol on one socket: authenticate, say hello or resume, then frames both ways until one side ends.

use super::connection::{Connection, Next};
use super::hub::Newcomer;
use super::register::Standing;
use super::requests::{Incoming, done, handle};
use super::taps::{Action, ClientAction};
use crate::actor::{self, presented_token};
use crate::roles::Permission;
use crate::{Actor, Error, Result, Site, auth, channels, status, teams};
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::extract::{Query, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use futures::{SinkExt, StreamExt};
use serde::Deserialize;
use std::sync::Arc;
use std::time::Duration;
use wire::Event;

/// Largest frame from a client. Requests in JSON are shorter; the session description of a call travels in MessagePack.
const MAX_FRAME: usize = 64 * 1024;
/// Buffers of one socket, bytes. Most sockets are silent most of the time, so the library's 128 kB would be nearly all
/// that a client costs; a larger frame still goes through.
const READ_BUFFER: usize = 1024;
const WRITE_BUFFER: usize = 4 * 1024;
const AUTHENTICATE_WITHIN: Duration = Duration::from_secs(5);
const WRITE_DEADLINE: Duration = Duration::from_secs(30);
const PING_EVERY: Duration = Duration::from_secs(60);
const SILENCE_LIMIT: Duration = Duration::from_secs(100);

/// `connection_id` and `sequence_number` of a client that comes back; empty for one that is new.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Resume {
    connection_id: String,
    sequence_number: String,
}

/// Where a client wants to go on: a connection and the next number it expects.
struct Wanted {
    id: String,
    seq: i64,
}

impl Resume {
    /// `Err` when it says half of it.
    fn read(self) -> std::result::Result<Option<Wanted>, ()> {
        if self.connection_id.is_empty() {
            return Ok(None);
        }
        let seq = self.sequence_number.parse::<i64>().ok().filter(|seq| *seq >= 0);
        let id = Some(self.connection_id).filter(|id| kit::id::is_valid(id));
        id.zip(seq).map(|(id, seq)| Some(Wanted { id, seq })).ok_or(())
    }
}

/// GET /websocket
pub async fn upgrade(
    State(site): State<Site>,
    headers: HeaderMap,
    Query(resume): Query<Resume>,
    ws: WebSocketUpgrade,
) -> Response {
    let mut known = None;
    if let Some(presented) = presented_token(&headers) {
        if presented.from_cookie && !same_origin(&site.config().site_url, &headers) {
            let message = "The page that opens this WebSocket belongs to another site.";
            return Error::invalid("api.web_socket.connect.upgrade.app_error", message).into_response();
        }
        match authenticate(&site, &presented.token).await {
            Ok(Some(actor)) => known = Some(actor),
            Ok(None) => return Error::session_expired().into_response(),
            Err(error) => return error.into_response(),
        }
    }
    let ws = ws.max_message_size(MAX_FRAME).read_buffer_size(READ_BUFFER).write_buffer_size(WRITE_BUFFER);
    ws.on_upgrade(move |socket| async move {
        if let Err(error) = serve(site, socket, known, resume).await {
            tracing::debug!(%error, "a socket ended");
        }
    })
}

/// A browser sends cookies for whatever page opens the socket; only this site's own pages may use them. Programs send no
/// `Origin`.
fn same_origin(site_url: &str, headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|v| v.to_str().ok());
    let Some(origin) = text(header::ORIGIN) else { return !headers.contains_key(header::ORIGIN) };
    let configured = url::Url::parse(site_url).is_ok_and(|u| u.origin().ascii_serialization() == origin);
    let authority = origin.split_once("://").map(|(_, authority)| authority);
    configured || authority.zip(text(header::HOST)).is_some_and(|(a, host)| a.eq_ignore_ascii_case(host))
}

async fn authenticate(site: &Site, token: &str) -> Result<Option<Actor>> {
    let actor = actor::by_token(site, token).await?;
    Ok(actor.filter(|a| !auth::mfa_is_missing(site, a)))
}

/// A socket whose client is known.
struct Open {
    socket: WebSocket,
    actor: Actor,
    connection: Arc<Connection>,
    generation: u64,
}

async fn serve(site: Site, socket: WebSocket, known: Option<Actor>, resume: Resume) -> Result<()> {
    // Boxed: what only the beginning and the end need must not be kept for as long as the socket is open.
    let Some(mut open) = Box::pin(begin(&site, socket, known, resume)).await? else { return Ok(()) };
    pump(&site, &mut open).await;
    Box::pin(end(&site, open)).await
}

/// Authenticates, finds or makes the connection and says hello; `None` when the client was sent away.
async fn begin(site: &Site, mut socket: WebSocket, known: Option<Actor>, resume: Resume) -> Result<Option<Open>> {
    let Ok(wanted) = resume.read() else {
        close(&mut socket, close_code::POLICY, "connection_id wants a sequence_number").await;
        return Ok(None);
    };
    let (actor, challenge) = match known {
        Some(actor) => (actor, None),
        None => match tokio::time::timeout(AUTHENTICATE_WITHIN, challenged(site, &mut socket)).await {
            Ok(Some((actor, seq))) => (actor, Some(seq)),
            _ => {
                close(&mut socket, close_code::POLICY, "not authenticated").await;
                return Ok(None);
            }
        },
    };
    let (all, own) = site.hub.count(&actor.user_id);
    if all >= site.config().max_connections || own >= site.config().max_connections_per_user {
        tracing::warn!(user.id = %actor.user_id, all, own, "too many connections; one was refused");
        close(&mut socket, close_code::AGAIN, "too many connections").await;
        return Ok(None);
    }
    let old = wanted.filter(|_| challenge.is_none()).and_then(|w| resumed(site, &actor, &w));
    let connection = match old {
        Some(connection) => connection,
        None => self::open(site, &actor).await?,
    };
    let generation = connection.attach();
    if let Some(seq) = challenge {
        // Drivers want hello first, then the answer to their challenge.
        if let Next::Frames(frames) = connection.next(generation).await {
            write(&mut socket, frames).await?;
        }
        write(&mut socket, [done(seq, None)]).await?;
    }
    status::active(site, &actor.user_id).await?;
    status::announce(site, &actor.user_id).await?;
    Ok(Some(Open { socket, actor, connection, generation }))
}

async fn end(site: &Site, open: Open) -> Result<()> {
    let Open { actor, connection, generation, .. } = open;
    if site.hub.detach(&connection, generation, site.clock.now_ms()) {
        let gone = ClientAction {
            user_id: actor.user_id.clone(),
            session_id: actor.session_id,
            connection_id: connection.id.to_string(),
            action: Action::Closed,
        };
        site.hub.dispatch(gone).await;
        if !site.hub.is_connected(&actor.user_id) {
            status::announce(site, &actor.user_id).await?;
        }
    }
    Ok(())
}

/// Waits for the authentication challenge and answers everything else with 401.
async fn challenged(site: &Site, socket: &mut WebSocket) -> Option<(Actor, i64)> {
    while let Some(Ok(message)) = socket.next().await {
        match Incoming::read(&message) {
            Incoming::Request(r) if r.action == "authentication_challenge" && r.check().is_ok() => {
                return authenticate(site, &r.text("token")).await.ok().flatten().map(|a| (a, r.seq));
            }
            Incoming::Request(r) => write(socket, [r.refusal()]).await.ok()?,
            Incoming::Nothing => {}
            Incoming::Broken | Incoming::Closed => return None,
        }
    }
    None
}

/// The connection that the client had, when everything since then can be sent to it.
fn resumed(site: &Site, actor: &Actor, wanted: &Wanted) -> Option<Arc<Connection>> {
    let old = site.hub.resumable(&wanted.id, &actor.user_id)?;
    if old.resume_at(wanted.seq) && *old.session_id == actor.session_id {
        return Some(old);
    }
    site.hub.forget(&old);
    None
}

/// A new connection of the actor, in all of the user's channels and teams, with a hello queued.
///
/// # Errors
/// When the database fails.
pub async fn open(site: &Site, actor: &Actor) -> Result<Arc<Connection>> {
    let expected = site.hub.expect(&actor.user_id);
    let mut conn = site.db.read().await?;
    let channels = channels::ids_of(&mut conn, &actor.user_id).await?;
    let teams = teams::ids_of(&mut conn, &actor.user_id).await?;
    drop(conn);
    let id = kit::id::new();
    let hello = Event::new("hello")
        .with("connection_id", id.as_str())
        .with("server_version", version(site))
        .with("server_hostname", "")
        .to_user(&actor.user_id);
    let new = Newcomer {
        id: &id,
        user_id: &actor.user_id,
        session_id: &actor.session_id,
        standing: standing(actor),
        channels: &channels,
        teams: &teams,
        hello,
    };
    Ok(site.hub.connect(expected, new))
}

/// What the roles of a user let events through.
pub(crate) fn standing(actor: &Actor) -> Standing {
    Standing { administers: actor.is_system_admin(), sees_few: !actor.may(Permission::VIEW_MEMBERS) }
}

/// `X-Version-ID`: version, build, hash of the client configuration, licensed.
pub fn version(site: &Site) -> String {
    let (v, mark) = (&site.config().version, site.config_mark());
    format!("{v}.{v}.{mark}")
}

async fn pump(site: &Site, open: &mut Open) {
    let Open { socket, actor, connection, generation } = open;
    let mut heard = tokio::time::Instant::now();
    let mut ping = tokio::time::interval_at(heard + PING_EVERY, PING_EVERY);
    loop {
        tokio::select! {
            next = connection.next(*generation) => match next {
                Next::Close => break,
                Next::Frames(frames) => if write(socket, frames).await.is_err() {
                    return;
                },
            },
            message = socket.next() => {
                let Some(Ok(message)) = message else { return };
                heard = tokio::time::Instant::now();
                match Incoming::read(&message) {
                    Incoming::Nothing => {}
                    Incoming::Closed => return,
                    Incoming::Broken => return close(socket, close_code::INVALID, "no request").await,
                    Incoming::Request(request) => {
                        if let Some(answer) = Box::pin(handle(site, actor, connection, request)).await {
                            if write(socket, [answer]).await.is_err() {
                                return;
                            }
                        }
                    }
                }
            }
            _ = ping.tick() => {
                let late = heard.elapsed() > SILENCE_LIMIT;
                if late || send(socket, [Message::Ping(bytes::Bytes::new())]).await.is_err() {
                    return;
                }
            }
        }
    }
    close(socket, close_code::NORMAL, "").await;
}

/// Says why the server leaves; the other side may be gone already.
async fn close(socket: &mut WebSocket, code: u16, reason: &'static str) {
    drop(send(socket, [Message::Close(Some(CloseFrame { code, reason: reason.into() }))]).await);
}

async fn write(socket: &mut WebSocket, frames: impl IntoIterator<Item = String>) -> Result<()> {
    send(socket, frames.into_iter().map(|frame| Message::Text(frame.into()))).await
}

/// Sends messages in one go.
async fn send(socket: &mut WebSocket, messages: impl IntoIterator<Item = Message>) -> Result<()> {
    let sending = async {
        for message in messages {
            socket.feed(message).await?;
        }
        socket.flush().await
    };
    tokio::time::timeout(WRITE_DEADLINE, sending).await.map_err(Error::internal)?.map_err(Error::internal)
}
