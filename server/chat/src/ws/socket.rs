//! The protocol on one socket: authenticate, say hello or resume, then frames both ways until one side ends.

use super::hub::{Action, ClientAction, Connection, Next};
use crate::actor::{self, presented_token};
use crate::{Actor, Error, Result, Site, auth, channels, status, teams};
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Query, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use futures::stream::{SplitSink, SplitStream};
use futures::{SinkExt, StreamExt};
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use wire::{Event, Props, WsReply};

/// Largest frame from a client; SDP of a call travels in one.
const MAX_FRAME: usize = 64 * 1024;
/// Buffers of one socket, bytes. Most sockets are silent most of the time, so the library's 128 kB would be nearly all
/// that a client costs; a larger frame still goes through.
const READ_BUFFER: usize = 4 * 1024;
const WRITE_BUFFER: usize = 4 * 1024;
const AUTHENTICATE_WITHIN: Duration = Duration::from_secs(5);
const WRITE_DEADLINE: Duration = Duration::from_secs(30);
const PING_EVERY: Duration = Duration::from_secs(60);
const SILENCE_LIMIT: Duration = Duration::from_secs(100);

/// `connection_id` and `sequence_number` of a client that comes back.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Resume {
    connection_id: String,
    sequence_number: Option<i64>,
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
        if presented.from_cookie && !same_origin(&site.config.site_url, &headers) {
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
        if let Err(error) = serve(&site, socket, known, resume).await {
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

type Sender = SplitSink<WebSocket, Message>;
type Receiver = SplitStream<WebSocket>;

async fn serve(site: &Site, socket: WebSocket, known: Option<Actor>, resume: Resume) -> Result<()> {
    let (mut send, mut receive) = socket.split();
    let (actor, challenge) = match known {
        Some(actor) => (actor, None),
        None => match tokio::time::timeout(AUTHENTICATE_WITHIN, challenged(site, &mut send, &mut receive)).await {
            Ok(Some((actor, seq))) => (actor, Some(seq)),
            _ => return Ok(()),
        },
    };
    let (all, own) = site.hub.count(&actor.user_id);
    if all >= site.config.max_connections || own >= site.config.max_connections_per_user {
        tracing::warn!(user.id = %actor.user_id, all, own, "too many connections; one was refused");
        return Ok(());
    }
    let connection = attach(site, &actor, &resume).await?;
    let generation = connection.attach();
    if let Some(seq) = challenge {
        // Drivers want hello first, then the answer to their challenge.
        if let Next::Frames(frames) = connection.next(generation).await {
            write(&mut send, frames).await?;
        }
        write(&mut send, [reply_text(seq, None)]).await?;
    }
    status::active(site, &actor.user_id).await?;
    status::announce(site, &actor.user_id).await?;
    pump(site, &actor, &connection, generation, send, receive).await;
    if site.hub.detach(&connection, generation, site.clock.now_ms()) {
        let gone = ClientAction {
            user_id: actor.user_id.clone(),
            session_id: actor.session_id.clone(),
            connection_id: connection.id.clone(),
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
async fn challenged(site: &Site, send: &mut Sender, receive: &mut Receiver) -> Option<(Actor, i64)> {
    while let Some(Ok(message)) = receive.next().await {
        let Some(request) = read(&message) else { continue };
        if request.action == "authentication_challenge" {
            let token = text(&request.data, "token").unwrap_or_default();
            return authenticate(site, &token).await.ok().flatten().map(|a| (a, request.seq));
        }
        let error = Error::new(
            crate::error::Kind::Unauthorized,
            "api.web_socket_router.not_authenticated.app_error",
            "WebSocket connection is not authenticated.",
        );
        write(send, [failure_text(request.seq, &error)]).await.ok()?;
    }
    None
}

/// The old connection when it can be resumed, else a new one with a hello queued.
async fn attach(site: &Site, actor: &Actor, resume: &Resume) -> Result<Arc<Connection>> {
    if let (false, Some(seq)) = (resume.connection_id.is_empty(), resume.sequence_number) {
        if let Some(old) = site.hub.resumable(&resume.connection_id, &actor.user_id) {
            if old.resume_at(seq) {
                return Ok(old);
            }
        }
    }
    let mut conn = site.db.read().await?;
    let channels = channels::ids_of(&mut conn, &actor.user_id).await?;
    let teams = teams::ids_of(&mut conn, &actor.user_id).await?;
    let connection = site.hub.connect(kit::id::new(), &actor.user_id, &actor.session_id, &channels, &teams);
    let hello = Event::new("hello")
        .with("connection_id", connection.id.as_str())
        .with("server_version", version(site))
        .with("server_hostname", "");
    site.hub.publish(hello.to_connection(&connection.id));
    Ok(connection)
}

/// `X-Version-ID`: version, build, hash of the client configuration, licensed.
pub fn version(site: &Site) -> String {
    let v = &site.config.version;
    format!("{v}.{v}.{}.false", site.config.diagnostic_id)
}

async fn pump(
    site: &Site,
    actor: &Actor,
    connection: &Arc<Connection>,
    generation: u64,
    mut send: Sender,
    mut receive: Receiver,
) {
    let mut heard = tokio::time::Instant::now();
    let mut ping = tokio::time::interval_at(heard + PING_EVERY, PING_EVERY);
    loop {
        tokio::select! {
            next = connection.next(generation) => match next {
                Next::Close => break,
                Next::Frames(frames) => if write(&mut send, frames).await.is_err() {
                    return;
                },
            },
            message = receive.next() => {
                let Some(Ok(message)) = message else { return };
                heard = tokio::time::Instant::now();
                if matches!(message, Message::Close(_)) {
                    return;
                }
                if let Some(request) = read(&message) {
                    if let Some(answer) = handle(site, actor, connection, request).await {
                        if write(&mut send, [answer]).await.is_err() {
                            return;
                        }
                    }
                }
            }
            _ = ping.tick() => {
                if heard.elapsed() > SILENCE_LIMIT || send.send(Message::Ping(bytes::Bytes::new())).await.is_err() {
                    return;
                }
            }
        }
    }
    // The other side may be gone already.
    drop(send.close().await);
}

/// Sends frames in one go.
async fn write(send: &mut Sender, frames: impl IntoIterator<Item = String>) -> Result<()> {
    let sending = async {
        for frame in frames {
            send.feed(Message::Text(frame.into())).await?;
        }
        send.flush().await
    };
    tokio::time::timeout(WRITE_DEADLINE, sending).await.map_err(Error::internal)?.map_err(Error::internal)
}

/// A client's request; `data` keeps bytes when the frame was MessagePack.
struct Request {
    seq: i64,
    action: String,
    data: rmpv::Value,
}

fn read(message: &Message) -> Option<Request> {
    let value: rmpv::Value = match message {
        Message::Text(text) => rmpv::ext::to_value(serde_json::from_str::<serde_json::Value>(text).ok()?).ok()?,
        Message::Binary(bytes) => rmpv::decode::read_value_with_max_depth(&mut bytes.as_ref(), 32).ok()?,
        _ => return None,
    };
    let field = |key: &str| value.as_map()?.iter().find(|(k, _)| k.as_str() == Some(key)).map(|(_, v)| v.clone());
    Some(Request {
        seq: field("seq").and_then(|s| s.as_i64()).unwrap_or(0),
        action: field("action")?.as_str()?.to_owned(),
        data: field("data").unwrap_or(rmpv::Value::Nil),
    })
}

fn text(data: &rmpv::Value, key: &str) -> Option<String> {
    data.as_map()?.iter().find(|(k, _)| k.as_str() == Some(key))?.1.as_str().map(str::to_owned)
}

fn flag(data: &rmpv::Value, key: &str) -> bool {
    let found = data.as_map().and_then(|m| m.iter().find(|(k, _)| k.as_str() == Some(key)));
    found.and_then(|(_, v)| v.as_bool()).unwrap_or(false)
}

fn reply_text(seq: i64, data: Option<serde_json::Value>) -> String {
    let data = data.and_then(|d| d.as_object().cloned());
    let reply = WsReply { status: "OK".into(), data, seq_reply: seq, ..WsReply::default() };
    serde_json::to_string(&reply).unwrap_or_default()
}

fn failure_text(seq: i64, error: &Error) -> String {
    let reply = WsReply { status: "FAIL".into(), error: Some(error.to_wire()), seq_reply: seq, ..WsReply::default() };
    serde_json::to_string(&reply).unwrap_or_default()
}

/// Does what the client asks; the answer, if the protocol has one.
async fn handle(site: &Site, actor: &Actor, connection: &Connection, request: Request) -> Option<String> {
    let Request { seq, action, data } = request;
    match action.as_str() {
        // Already authenticated: upstream stays silent.
        "authentication_challenge" => None,
        "ping" => Some(reply_text(
            seq,
            Some(
                json!({"text": "pong", "version": site.config.version, "server_time": site.clock.now_ms(), "node_id": ""}),
            ),
        )),
        "user_typing" => {
            let channel = text(&data, "channel_id").unwrap_or_default();
            let mut conn = site.db.read().await.ok()?;
            let may = channels::access(&mut conn, actor, &channel, crate::roles::Permission::CREATE_POST).await;
            if let Err(error) = may {
                return Some(failure_text(seq, &error));
            }
            drop(conn);
            status::active(site, &actor.user_id).await.ok()?;
            let event = Event::new("typing")
                .with("parent_id", text(&data, "parent_id").unwrap_or_default())
                .with("user_id", actor.user_id.as_str())
                .omitting_user(&actor.user_id);
            site.hub.publish(event.to_channel(&channel));
            Some(reply_text(seq, None))
        }
        "user_update_active_status" => {
            let there = flag(&data, "user_is_active");
            let done = if there {
                status::active(site, &actor.user_id).await
            } else {
                status::idle(site, &actor.user_id).await
            };
            Some(done.map_or_else(|error| failure_text(seq, &error), |()| reply_text(seq, None)))
        }
        // What a client looks at would limit what it is sent; here every client gets everything it may read.
        "presence" | "posted_notify_ack" => Some(reply_text(seq, None)),
        "get_statuses" => {
            let ids = site.hub.connected();
            let mut conn = site.db.read().await.ok()?;
            let found = status::of(site, &mut conn, &ids).await.ok()?;
            let map: Props = found.into_iter().map(|s| (s.user_id, s.status.into())).collect();
            Some(reply_text(seq, Some(map.into())))
        }
        "get_statuses_by_ids" => {
            let list = data.as_map()?.iter().find(|(k, _)| k.as_str() == Some("user_ids"))?.1.as_array()?.clone();
            let ids: Vec<String> = list.iter().filter_map(|v| v.as_str().map(str::to_owned)).take(1000).collect();
            let mut conn = site.db.read().await.ok()?;
            let found = status::of(site, &mut conn, &ids).await.ok()?;
            let map: Props = found.into_iter().map(|s| (s.user_id, s.status.into())).collect();
            Some(reply_text(seq, Some(map.into())))
        }
        custom if custom.starts_with("custom_") => {
            let told = ClientAction {
                user_id: actor.user_id.clone(),
                session_id: actor.session_id.clone(),
                connection_id: connection.id.clone(),
                action: Action::Request { name: action, data },
            };
            site.hub.dispatch(told).await;
            None
        }
        _ => {
            let error = Error::new(
                crate::error::Kind::Internal,
                "api.web_socket_router.bad_action.app_error",
                "Unknown WebSocket action.",
            );
            Some(failure_text(seq, &error))
        }
    }
}
