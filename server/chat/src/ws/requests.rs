//! What clients ask over the socket, and the answers.

use super::connection::Connection;
use super::taps::{Action, ClientAction};
use crate::error::Kind;
use crate::roles::Permission;
use crate::{Actor, Error, Result, Site, channels, status};
use axum::extract::ws::Message;
use rmpv::Value;
use serde_json::json;
use wire::{Event, Props, WsReply};

/// Longest request in JSON, bytes.
const MAX_TEXT: usize = 8 * 1024;
/// Most users whose status is asked for at once.
const MAX_STATUSES: usize = 1000;

/// A client's request; `data` keeps bytes when the frame was MessagePack.
pub struct Request {
    pub seq: i64,
    pub action: String,
    pub data: Value,
}

/// What came in on a socket.
pub enum Incoming {
    Request(Request),
    /// Nothing to answer: a ping or pong.
    Nothing,
    /// No request at all, or one that is too long; such a socket is closed.
    Broken,
    Closed,
}

impl Incoming {
    pub fn read(message: &Message) -> Self {
        let value = match message {
            Message::Text(text) if text.len() > MAX_TEXT => None,
            Message::Text(text) => {
                serde_json::from_str::<serde_json::Value>(text).ok().and_then(|v| rmpv::ext::to_value(v).ok())
            }
            Message::Binary(bytes) => rmpv::decode::read_value_with_max_depth(&mut bytes.as_ref(), 32).ok(),
            Message::Ping(_) | Message::Pong(_) => return Self::Nothing,
            Message::Close(_) => return Self::Closed,
        };
        let Some(Value::Map(fields)) = value else { return Self::Broken };
        let mut request = Request { seq: 0, action: String::new(), data: Value::Nil };
        for (key, value) in fields {
            match key.as_str() {
                Some("seq") => request.seq = value.as_i64().unwrap_or(0),
                Some("action") => request.action = value.as_str().unwrap_or_default().to_owned(),
                Some("data") => request.data = value,
                _ => {}
            }
        }
        Self::Request(request)
    }
}

impl Request {
    pub fn text(&self, key: &str) -> String {
        self.field(key).and_then(Value::as_str).unwrap_or_default().to_owned()
    }

    fn flag(&self, key: &str) -> bool {
        self.field(key).and_then(Value::as_bool).unwrap_or(false)
    }

    fn field(&self, key: &str) -> Option<&Value> {
        self.data.as_map()?.iter().find(|(k, _)| k.as_str() == Some(key)).map(|(_, v)| v)
    }

    /// Whether it is a request at all.
    ///
    /// # Errors
    /// 400 without an action or a number.
    pub fn check(&self) -> Result<()> {
        if self.action.is_empty() {
            return Err(Error::invalid("api.web_socket_router.no_action.app_error", "No WebSocket action."));
        }
        if self.seq <= 0 {
            let message = "Invalid sequence for WebSocket message.";
            return Err(Error::invalid("api.web_socket_router.bad_seq.app_error", message));
        }
        Ok(())
    }

    /// The answer before authentication.
    pub fn refusal(&self) -> String {
        let message = "WebSocket connection is not authenticated.";
        let id = "api.web_socket_router.not_authenticated.app_error";
        failure(self.seq, &self.check().err().unwrap_or_else(|| Error::new(Kind::Unauthorized, id, message)))
    }
}

/// The answer of a request that was carried out.
pub fn done(seq: i64, data: Option<Props>) -> String {
    let reply = WsReply { status: "OK".into(), data, seq_reply: seq, ..WsReply::default() };
    serde_json::to_string(&reply).unwrap_or_default()
}

fn failure(seq: i64, error: &Error) -> String {
    let reply = WsReply { status: "FAIL".into(), error: Some(error.to_wire()), seq_reply: seq, ..WsReply::default() };
    serde_json::to_string(&reply).unwrap_or_default()
}

/// Carries out a request; the text of the reply, if the protocol has one.
pub async fn handle(site: &Site, actor: &Actor, connection: &Connection, request: Request) -> Option<String> {
    let seq = request.seq;
    match answer(site, actor, connection, request).await {
        Ok(Answer::Silence) => None,
        Ok(Answer::Done) => Some(done(seq, None)),
        Ok(Answer::Data(data)) => Some(done(seq, Some(data))),
        Err(error) => Some(failure(seq, &error)),
    }
}

enum Answer {
    Silence,
    Done,
    Data(Props),
}

async fn answer(site: &Site, actor: &Actor, connection: &Connection, request: Request) -> Result<Answer> {
    request.check()?;
    match request.action.as_str() {
        // Already authenticated: upstream stays silent.
        "authentication_challenge" => Ok(Answer::Silence),
        "ping" => {
            let now = site.clock.now_ms();
            let pong = json!({"text": "pong", "version": site.config().version, "server_time": now, "node_id": ""});
            Ok(Answer::Data(pong.as_object().cloned().unwrap_or_default()))
        }
        "user_typing" if !site.config().features.typing => Ok(Answer::Done),
        "user_typing" => {
            typing(site, actor, &actor.user_id, &request.text("channel_id"), &request.text("parent_id")).await?;
            status::active(site, &actor.user_id).await?;
            Ok(Answer::Done)
        }
        "user_update_active_status" if request.flag("user_is_active") => {
            status::active(site, &actor.user_id).await?;
            Ok(Answer::Done)
        }
        "user_update_active_status" => {
            status::idle(site, &actor.user_id).await?;
            Ok(Answer::Done)
        }
        "presence" => {
            if request.field("channel_id").is_some() {
                connection.show_channel(&request.text("channel_id"));
            } else if request.field("thread_channel_id").is_some() {
                connection.show_thread(&request.text("thread_channel_id"), request.flag("is_thread_view"));
            }
            Ok(Answer::Done)
        }
        "posted_notify_ack" => Ok(Answer::Done),
        "get_statuses" => statuses(site, &site.hub.connected()).await,
        "get_statuses_by_ids" => {
            let list = request.field("user_ids").and_then(Value::as_array);
            let list = list.ok_or_else(|| Error::invalid_param("user_ids"))?;
            let ids = list.iter().filter_map(|v| v.as_str().map(str::to_owned)).take(MAX_STATUSES);
            statuses(site, &ids.collect::<Vec<String>>()).await
        }
        custom if custom.starts_with("custom_") => {
            let told = ClientAction {
                user_id: actor.user_id.clone(),
                session_id: actor.session_id.clone(),
                connection_id: connection.id.to_string(),
                action: Action::Request { name: request.action, data: request.data },
            };
            site.hub.dispatch(told).await;
            Ok(Answer::Silence)
        }
        _ => {
            let message = "Unknown WebSocket action.";
            Err(Error::new(Kind::Internal, "api.web_socket_router.bad_action.app_error", message))
        }
    }
}

async fn statuses(site: &Site, ids: &[String]) -> Result<Answer> {
    let found = status::of(site, &mut site.db.read().await?, ids).await?;
    Ok(Answer::Data(found.into_iter().map(|s| (s.user_id, s.status.into())).collect()))
}

/// Tells the channel that `user` types, in the thread `parent` if there is one.
///
/// # Errors
/// 503 when too much is typed at once; 403 for who may not write there.
pub async fn typing(site: &Site, actor: &Actor, user: &str, channel: &str, parent: &str) -> Result<()> {
    let Some(_turn) = site.hub.turn_to_type() else {
        let message = "The server is busy; what is typed is told again later.";
        return Err(Error::new(Kind::Unavailable, "api.websocket_handler.server_busy.app_error", message));
    };
    channels::access(&mut site.db.read().await?, actor, channel, Permission::CREATE_POST).await?;
    let event = Event::new("typing").with("parent_id", parent).with("user_id", user);
    site.hub.publish(event.omitting_user(user).to_channel(channel));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(message: Message) -> Option<Request> {
        match Incoming::read(&message) {
            Incoming::Request(request) => Some(request),
            _ => None,
        }
    }

    #[test]
    fn json_and_message_pack_say_the_same() {
        let json = json!({"seq": 3, "action": "custom_x", "data": {"a": "b", "on": true}});
        let mut packed = Vec::new();
        rmpv::encode::write_value(&mut packed, &rmpv::ext::to_value(&json).unwrap()).unwrap();
        for message in [Message::Text(json.to_string().into()), Message::Binary(packed.into())] {
            let request = read(message).unwrap();
            assert_eq!((request.seq, request.action.as_str()), (3, "custom_x"));
            assert_eq!(
                (request.text("a").as_str(), request.flag("on"), request.text("none").as_str()),
                ("b", true, "")
            );
        }
    }

    #[test]
    fn what_is_no_request_breaks_the_socket_and_what_is_half_one_is_refused() {
        let long = json!({"seq": 1, "action": "ping", "data": {"x": "y".repeat(MAX_TEXT)}}).to_string();
        for bad in ["", "{", "[1]", "\"ping\"", long.as_str()] {
            assert!(read(Message::Text(bad.to_owned().into())).is_none(), "{bad:.20}");
        }
        assert!(read(Message::Binary(vec![0xc1].into())).is_none());
        let id = |text: &str| read(Message::Text(text.to_owned().into())).unwrap().check().unwrap_err().to_wire().id;
        assert_eq!(id("{}"), "api.web_socket_router.no_action.app_error");
        assert_eq!(id(r#"{"action": "ping"}"#), "api.web_socket_router.bad_seq.app_error");
        assert_eq!(id(r#"{"action": "ping", "seq": -1}"#), "api.web_socket_router.bad_seq.app_error");
    }
}
