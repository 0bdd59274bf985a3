//! HTTP and the WebSocket, through `rtcd-client` as a chat server uses it.

use crate::running::{KEY, Rtcd, next};
use rtcd_client::{Client, Config, Event, Join, Message, RtcKind, RtcMessage};
use serde_json::{Value, json};
use std::process::Command;
use std::time::Duration;

fn join(session: &str) -> Message {
    Message::Join(Join {
        call_id: "call".into(),
        user_id: "user".into(),
        session_id: session.into(),
        channel_id: "channel".into(),
        ..Join::default()
    })
}

fn close(session: &str) -> Event {
    Event::Message(Message::Close { session_id: session.into() })
}

async fn post(rtcd: &Rtcd, path: &str, user: Option<(&str, &str)>, body: &Value) -> (u16, Value) {
    let mut request = reqwest::Client::new().post(format!("{}{path}", rtcd.url)).body(body.to_string());
    if let Some((user, password)) = user {
        request = request.basic_auth(user, Some(password));
    }
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

#[tokio::test]
async fn refusals_have_the_words_that_chat_servers_know() {
    let folder = tempfile::tempdir().unwrap();
    let rtcd = Rtcd::start(folder.path(), "127.0.0.1:0", &["--admin-secret-key", "admin's word"]);
    let credentials = |id: &str, key: &str| json!({ "clientID": id, "authKey": key });
    let refused = |code: u16, error: &str| (code, json!({ "error": error, "code": code.to_string() }));

    let register = |id: &'static str, key: &'static str| {
        let rtcd = &rtcd;
        async move { post(rtcd, "/register", None, &credentials(id, key)).await }
    };
    assert_eq!(register("", KEY).await, refused(400, "registration failed: error: empty key"));
    assert_eq!(register("site", "short").await, refused(400, "registration failed: key not long enough"));
    assert_eq!(register("site", KEY).await, (201, json!({ "clientID": "site", "code": "201" })));
    assert_eq!(register("site", KEY).await, refused(400, "registration failed: already registered"));

    let login = post(&rtcd, "/login", None, &credentials("site", KEY)).await;
    assert_eq!((login.0, login.1["code"].as_str()), (200, Some("200")));
    assert_eq!(login.1["bearerToken"].as_str().unwrap().len(), 32);
    let login = post(&rtcd, "/login", None, &credentials("site", "wrong")).await;
    assert_eq!(login, refused(400, "login failed: authentication failed"));

    let other = json!({ "clientID": "other" });
    assert_eq!(
        post(&rtcd, "/unregister", None, &other).await,
        refused(401, "authentication failed: invalid auth header")
    );
    assert_eq!(post(&rtcd, "/unregister", Some(("site", "x")), &other).await, refused(401, "authentication failed"));
    assert_eq!(post(&rtcd, "/unregister", Some(("site", KEY)), &other).await, refused(403, "client id not valid"));
    assert_eq!(
        post(&rtcd, "/unregister", Some(("site", KEY)), &json!({})).await,
        refused(400, "client id should not be empty")
    );
    assert_eq!(
        post(&rtcd, "/unregister", Some(("", "admin's word")), &other).await,
        refused(400, "unregister failed: error: not found")
    );

    let get = |path: &'static str, key: &'static str| {
        let request = reqwest::Client::new().get(format!("{}{path}", rtcd.url)).basic_auth("site", Some(key));
        async move {
            let answer = request.send().await.unwrap();
            (answer.status().as_u16(), answer.text().await.unwrap())
        }
    };
    assert_eq!(get("/calls/c/sessions", "wrong").await, (401, "unauthorized".into()));
    assert_eq!(get("/calls/c/sessions", "admin's word").await, (401, "unauthorized".into()));
    assert_eq!(get("/calls/c/sessions", KEY).await, (404, "failed to get session configs: group not found".into()));
    assert_eq!(get("/ws", "wrong").await.0, 401);
    assert_eq!(get("/register", KEY).await.0, 404);
    assert_eq!(get("/healthz", "").await, (200, "ok".into()));
    assert_eq!(get("/readyz", "").await.0, 200);
    assert!(get("/metrics", "").await.1.contains("rtcd_rtc_packets_sent"));

    assert_eq!(post(&rtcd, "/unregister", Some(("site", KEY)), &json!({ "clientID": "site" })).await.0, 200);
    assert_eq!(get("/calls/c/sessions", KEY).await.0, 401);
}

#[tokio::test]
async fn nobody_registers_where_that_is_closed() {
    let folder = tempfile::tempdir().unwrap();
    let flags = ["--allow-self-registration", "false"];
    let rtcd = Rtcd::start(folder.path(), "127.0.0.1:0", &flags);
    let body = json!({ "clientID": "site", "authKey": KEY });
    assert_eq!(post(&rtcd, "/register", None, &body).await.0, 401);
    let refused = post(&rtcd, "/unregister", None, &body).await;
    assert_eq!(refused, (403, json!({ "error": "unregister not enabled", "code": "403" })));
    let error = Client::connect(rtcd.client()).await.unwrap_err().to_string();
    assert!(error.contains("401"), "{error}");
}

#[tokio::test]
async fn a_session_is_listed_until_it_is_over() {
    let folder = tempfile::tempdir().unwrap();
    let rtcd = Rtcd::start(folder.path(), "127.0.0.1:0", &["--first-offer-seconds", "1"]);
    let (client, mut events) = Client::connect(rtcd.client()).await.unwrap();
    assert!(matches!(next(&mut events).await, Event::Connected { conn_id } if conn_id.len() == 26));
    assert_eq!(client.version().await.unwrap().build_version, "v1.2.6");
    assert!(client.system().await.unwrap().cpu_load.is_finite());

    client.send(join("s1")).await.unwrap();
    client.send(join("s1")).await.unwrap();
    client.send(join("s2")).await.unwrap();
    // A round trip over another connection shows that the joins have been taken.
    let (second, mut other) = Client::connect(rtcd.client()).await.unwrap();
    next(&mut other).await;
    let mut found = Vec::new();
    for _ in 0..50 {
        found = client.sessions("call").await.unwrap();
        if found.len() == 2 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(found.len(), 2);
    assert_eq!((found[0].group_id.as_str(), found[0].session_id.as_str()), ("site", "s1"));
    assert_eq!(found[0].props["channelID"], "channel");

    client.send(Message::Leave { session_id: "s1".into() }).await.unwrap();
    assert_eq!(next(&mut events).await, close("s1"));
    assert_eq!(client.sessions("call").await.unwrap().len(), 1);

    // The second connection takes the session over; both hear that no offer came.
    second.send(Message::Reconnect { session_id: "s2".into() }).await.unwrap();
    second.send(Message::Reconnect { session_id: "unknown".into() }).await.unwrap();
    assert_eq!(next(&mut other).await, close("unknown"));
    assert_eq!(next(&mut other).await, close("s2"));
    assert_eq!(next(&mut events).await, close("s2"));
    assert!(client.sessions("call").await.unwrap().is_empty());
}

#[tokio::test]
async fn one_client_cannot_touch_the_sessions_of_another() {
    let folder = tempfile::tempdir().unwrap();
    let rtcd = Rtcd::start(folder.path(), "127.0.0.1:0", &["--first-offer-seconds", "2"]);
    let (owner, mut events) = Client::connect(rtcd.client()).await.unwrap();
    next(&mut events).await;
    owner.send(join("s1")).await.unwrap();
    let stranger = Config { client_id: "stranger".into(), ..rtcd.client() };
    let (stranger, mut heard) = Client::connect(stranger).await.unwrap();
    next(&mut heard).await;
    stranger.send(Message::Leave { session_id: "s1".into() }).await.unwrap();
    stranger.send(Message::Reconnect { session_id: "s1".into() }).await.unwrap();
    assert_eq!(next(&mut heard).await, close("s1"), "to a stranger the session is unknown");
    assert_eq!(owner.sessions("call").await.unwrap().len(), 1);
    assert!(stranger.sessions("call").await.unwrap().is_empty());
    assert_eq!(next(&mut events).await, close("s1"));
}

#[tokio::test]
async fn sessions_of_a_restarted_rtcd_are_over() {
    let folder = tempfile::tempdir().unwrap();
    let mut rtcd = Rtcd::start(folder.path(), "127.0.0.1:0", &[]);
    let (client, mut events) = Client::connect(rtcd.client()).await.unwrap();
    next(&mut events).await;
    client.send(join("s1")).await.unwrap();
    client.send(Message::Rtc(RtcMessage::new("s1", RtcKind::MUTE, Vec::new()))).await.unwrap();
    while client.sessions("call").await.unwrap().is_empty() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let address = rtcd.address().to_owned();
    rtcd.stop();
    assert!(matches!(next(&mut events).await, Event::Lost { .. }));
    let _again = Rtcd::start(folder.path(), &address, &[]);
    assert!(matches!(next(&mut events).await, Event::Connected { .. }));
    assert_eq!(next(&mut events).await, close("s1"));
}

#[test]
fn a_wrong_setting_names_its_key() {
    let run = |flags: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_rtcd")).args(flags).env_remove("MUSTER_CONFIG").output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, text) = run(&["--media-address", "home"]);
    assert_eq!(code, Some(2));
    assert!(text.contains("media_address") && text.contains("home"), "{text}");
    let (code, text) = run(&["--media-port-udp", "many"]);
    assert_eq!(code, Some(2));
    assert!(text.contains("media_port_udp"), "{text}");
}
