//! A stand-in for rtcd: its WebSocket and HTTP side with sessions that hold no media.

use axum::extract::ws::{Message as Frame, WebSocket};
use axum::extract::{Path, State, WebSocketUpgrade};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use rtcd_client::signal::{Description, ServerCandidate};
use rtcd_client::{Join, Message, RtcKind, RtcMessage};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Answers every offer, hears a voice on every unmute.
#[derive(Clone)]
pub struct Rtcd {
    pub url: String,
    state: Arc<Mutex<Known>>,
    stop: CancellationToken,
}

#[derive(Default)]
struct Known {
    registered: Option<String>,
    sessions: Vec<Join>,
    heard: Vec<Message>,
}

impl Rtcd {
    /// Starts on a free port.
    pub async fn start() -> Self {
        Self::at("127.0.0.1:0").await
    }

    /// Starts on this address, knowing nobody.
    pub async fn at(address: &str) -> Self {
        let mut bound = tokio::net::TcpListener::bind(address).await;
        // An earlier one at this address may be about to go.
        for _ in 0..100 {
            if bound.is_ok() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
            bound = tokio::net::TcpListener::bind(address).await;
        }
        let listener = bound.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let rtcd = Self { url, state: Arc::default(), stop: CancellationToken::new() };
        let app = Router::new()
            .route("/ws", get(ws))
            .route("/register", post(register))
            .route("/version", get(|| async { Json(json!({"buildVersion": "v1.2.6"})) }))
            .route("/calls/{call_id}/sessions", get(sessions))
            .with_state(rtcd.clone());
        let stop = rtcd.stop.clone();
        tokio::spawn(async move {
            tokio::select! {
                served = axum::serve(listener, app) => served.unwrap(),
                () = stop.cancelled() => {}
            }
        });
        rtcd
    }

    /// An address where nothing listens yet.
    pub fn absent() -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        Self { url, state: Arc::default(), stop: CancellationToken::new() }
    }

    /// Ends it, sockets and sessions included.
    pub fn kill(&self) {
        self.stop.cancel();
        *self.state.lock().unwrap() = Known::default();
    }

    /// Waits for a message of the server.
    pub async fn heard(&self, wanted: impl Fn(&Message) -> bool) -> Message {
        for _ in 0..500 {
            if let Some(found) = self.state.lock().unwrap().heard.iter().find(|m| wanted(m)) {
                return found.clone();
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("rtcd was not told what was waited for");
    }
}

async fn register(State(rtcd): State<Rtcd>, Json(body): Json<Value>) -> impl IntoResponse {
    assert!(body["authKey"].as_str().unwrap().len() >= 32, "the original takes no shorter key");
    rtcd.state.lock().unwrap().registered = Some(body["clientID"].as_str().unwrap().to_owned());
    (StatusCode::CREATED, Json(json!({"clientID": body["clientID"], "code": "201"})))
}

async fn sessions(State(rtcd): State<Rtcd>, headers: HeaderMap, Path(call_id): Path<String>) -> Response {
    assert!(headers.contains_key("authorization"));
    let known: Vec<Value> = {
        let state = rtcd.state.lock().unwrap();
        let of_call = state.sessions.iter().filter(|j| j.call_id == call_id);
        of_call
            .map(|j| json!({"GroupID": "g", "CallID": call_id, "UserID": j.user_id, "SessionID": j.session_id, "Props": {}}))
            .collect()
    };
    if known.is_empty() {
        (StatusCode::NOT_FOUND, "call not found").into_response()
    } else {
        Json(known).into_response()
    }
}

/// Like the original, it lets nobody in that it does not know, with an answer that is no WebSocket.
async fn ws(State(rtcd): State<Rtcd>, upgrade: WebSocketUpgrade) -> Response {
    if rtcd.state.lock().unwrap().registered.is_none() {
        return StatusCode::OK.into_response();
    }
    upgrade.on_upgrade(move |socket| async move {
        let stop = rtcd.stop.clone();
        tokio::select! {
            () = serve(rtcd, socket) => {}
            () = stop.cancelled() => {}
        }
    })
}

async fn serve(rtcd: Rtcd, mut socket: WebSocket) {
    let hello = Message::Hello { client_id: "installation".into(), conn_id: kit::id::new() };
    let mut answers = vec![hello];
    loop {
        for answer in answers.drain(..) {
            if socket.send(Frame::Binary(answer.encode().into())).await.is_err() {
                return;
            }
        }
        match socket.recv().await {
            Some(Ok(Frame::Binary(bytes))) => answers = rtcd.hear(Message::decode(&bytes).unwrap()),
            Some(Ok(_)) => {}
            _ => return,
        }
    }
}

impl Rtcd {
    fn hear(&self, message: Message) -> Vec<Message> {
        let mut state = self.state.lock().unwrap();
        state.heard.push(message.clone());
        match message {
            Message::Join(join) => {
                state.sessions.push(join);
                vec![]
            }
            Message::Leave { session_id } => {
                state.sessions.retain(|s| s.session_id != session_id);
                vec![Message::Close { session_id }]
            }
            Message::Reconnect { session_id } if !state.sessions.iter().any(|s| s.session_id == session_id) => {
                vec![Message::Close { session_id }]
            }
            Message::Rtc(rtc) if rtc.kind == RtcKind::SDP => {
                let answer = serde_json::to_vec(&Description::answer("v=0 answer")).unwrap();
                let candidate = serde_json::to_vec(&ServerCandidate::new("candidate:1".into())).unwrap();
                vec![
                    Message::Rtc(RtcMessage::new(rtc.session_id.as_str(), RtcKind::SDP, answer)),
                    Message::Rtc(RtcMessage::new(rtc.session_id.as_str(), RtcKind::ICE, candidate)),
                ]
            }
            Message::Rtc(rtc) if rtc.kind == RtcKind::UNMUTE => {
                vec![Message::Vad(RtcMessage::new(rtc.session_id, RtcKind::VOICE_ON, Vec::new()))]
            }
            _ => vec![],
        }
    }
}
