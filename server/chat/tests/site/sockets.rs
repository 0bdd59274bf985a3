//! The protocol on a real socket: who is let in, what is refused, what breaks a connection, and coming back.

use crate::support::{Team, World, team, text, worlds};
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::time::Duration;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

type Stream = tokio_tungstenite::WebSocketStream<tokio_tungstenite::MaybeTlsStream<tokio::net::TcpStream>>;

struct Socket(Stream);

/// The site behind a port; its address.
async fn serve(world: &World) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = world.api.clone();
    tokio::spawn(async move { axum::serve(listener, app).await });
    format!("ws://{address}/api/v4/websocket")
}

impl Socket {
    async fn open(url: &str, token: Option<&str>) -> Self {
        let mut request = url.into_client_request().unwrap();
        if let Some(token) = token {
            request.headers_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
        }
        Self(tokio_tungstenite::connect_async(request).await.unwrap().0)
    }

    async fn say(&mut self, value: Value) {
        self.0.send(Message::text(value.to_string())).await.unwrap();
    }

    /// The next frame; `None` once the server has closed.
    async fn hear(&mut self) -> Option<Value> {
        loop {
            let next = tokio::time::timeout(Duration::from_secs(20), self.0.next()).await.expect("a frame or the end");
            match next {
                Some(Ok(Message::Text(text))) => return Some(serde_json::from_str(&text).unwrap()),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                _ => return None,
            }
        }
    }

    async fn event(&mut self, name: &str) -> Value {
        loop {
            let frame = self.hear().await.unwrap_or_else(|| panic!("closed before {name}"));
            if frame["event"] == name {
                return frame;
            }
        }
    }

    /// The answer to a request; events before it are passed over.
    async fn ask(&mut self, request: Value) -> Value {
        self.say(request).await;
        loop {
            let frame = self.hear().await.expect("an answer");
            if frame.get("seq_reply").is_some() {
                return frame;
            }
        }
    }
}

fn error(answer: &Value) -> &str {
    assert_eq!(answer["status"], "FAIL", "{answer}");
    answer["error"]["id"].as_str().unwrap()
}

#[tokio::test]
async fn a_driver_proves_itself_and_hears_hello_before_the_answer() {
    for world in worlds().await {
        let (t, url) = (team(&world).await, serve(&world).await);
        let mut socket = Socket::open(&url, None).await;
        let early = socket.ask(json!({"seq": 1, "action": "ping"})).await;
        assert_eq!(error(&early), "api.web_socket_router.not_authenticated.app_error");
        let data = json!({"token": t.ana.token});
        socket.say(json!({"seq": 2, "action": "authentication_challenge", "data": data})).await;
        let hello = socket.hear().await.unwrap();
        assert_eq!((&hello["event"], &hello["seq"]), (&json!("hello"), &json!(0)));
        assert_eq!(socket.hear().await.unwrap(), json!({"status": "OK", "seq_reply": 2}));
        // Official clients prove themselves again; nothing is answered.
        socket.say(json!({"seq": 3, "action": "authentication_challenge", "data": data})).await;
        let pong = socket.ask(json!({"seq": 4, "action": "ping"})).await;
        assert_eq!((&pong["seq_reply"], &pong["data"]["text"]), (&json!(4), &json!("pong")));

        let mut stranger = Socket::open(&url, None).await;
        let data = json!({"token": "x".repeat(26)});
        stranger.say(json!({"seq": 1, "action": "authentication_challenge", "data": data})).await;
        assert_eq!(stranger.hear().await, None, "a wrong token closes");
        let mut silent = Socket::open(&url, None).await;
        assert_eq!(silent.hear().await, None, "who says nothing is sent away within seconds");
    }
}

#[tokio::test]
async fn what_is_no_request_is_refused_or_breaks_the_connection() {
    for world in worlds().await {
        let (t, url) = (team(&world).await, serve(&world).await);
        let mut socket = Socket::open(&url, Some(&t.ana.token)).await;
        socket.event("hello").await;
        for (request, id) in [
            (json!({"seq": 1}), "api.web_socket_router.no_action.app_error"),
            (json!({"action": "ping"}), "api.web_socket_router.bad_seq.app_error"),
            (json!({"seq": 2, "action": "fly"}), "api.web_socket_router.bad_action.app_error"),
        ] {
            assert_eq!(error(&socket.ask(request).await), id);
        }
        let foreign = json!({"channel_id": "a".repeat(26)});
        let refused = socket.ask(json!({"seq": 3, "action": "user_typing", "data": foreign})).await;
        assert_eq!((&refused["status"], &refused["seq_reply"]), (&json!("FAIL"), &json!(3)), "{refused}");

        let packed = rmpv::ext::to_value(json!({"seq": 4, "action": "ping", "data": {}})).unwrap();
        let mut bytes = Vec::new();
        rmpv::encode::write_value(&mut bytes, &packed).unwrap();
        socket.0.send(Message::binary(bytes)).await.unwrap();
        assert_eq!(socket.hear().await.unwrap()["seq_reply"], 4, "MessagePack is answered in JSON");

        let long = json!({"seq": 5, "action": "ping", "data": {"x": "y".repeat(9000)}}).to_string();
        for broken in [Message::text("{"), Message::binary(vec![0xc1]), Message::text(long)] {
            let mut socket = Socket::open(&url, Some(&t.ana.token)).await;
            socket.event("hello").await;
            socket.0.send(broken).await.unwrap();
            while socket.hear().await.is_some() {}
        }
    }
}

/// Says something in the square and waits until the socket has it; its number.
async fn says(t: &Team<'_>, socket: &mut Socket) -> i64 {
    t.bruno.says(&t.square, "", "tick").await;
    socket.event("posted").await["seq"].as_i64().unwrap()
}

#[tokio::test]
async fn who_comes_back_goes_on_where_they_stopped() {
    for world in worlds().await {
        let (t, url) = (team(&world).await, serve(&world).await);
        let mut socket = Socket::open(&format!("{url}?connection_id=&sequence_number=0"), Some(&t.ana.token)).await;
        let id = text(&socket.event("hello").await["data"], "connection_id");
        let last = says(&t, &mut socket).await;
        drop(socket);
        t.bruno.says(&t.square, "", "while she was away").await;
        let back = format!("{url}?connection_id={id}&sequence_number={}", last + 1);
        let mut socket = Socket::open(&back, Some(&t.ana.token)).await;
        let mut missed = socket.hear().await.unwrap();
        assert_eq!(missed["seq"], json!(last + 1), "no number is missing, and no hello is said");
        while missed["event"] != "posted" {
            missed = socket.hear().await.unwrap();
        }
        assert!(text(&missed["data"], "post").contains("while she was away"));

        // The same connection, opened once more: the first socket ends.
        let seq = missed["seq"].as_i64().unwrap();
        let mut again =
            Socket::open(&format!("{url}?connection_id={id}&sequence_number={}", seq + 1), Some(&t.ana.token)).await;
        while socket.hear().await.is_some() {}
        let next = says(&t, &mut again).await;
        assert!(next > seq);

        // Nobody else goes on with it, nor one who says a number that was never given, nor a challenge.
        for (token, seq) in [(&t.bruno.token, next + 1), (&t.ana.token, next + 1000)] {
            let mut other = Socket::open(&format!("{url}?connection_id={id}&sequence_number={seq}"), Some(token)).await;
            let hello = other.event("hello").await;
            assert_eq!(hello["seq"], 0);
            assert_ne!(hello["data"]["connection_id"], json!(id));
        }
        for query in [
            "connection_id=x&sequence_number=1",
            "connection_id=aaaaaaaaaaaaaaaaaaaaaaaaaa",
            "connection_id=aaaaaaaaaaaaaaaaaaaaaaaaaa&sequence_number=many",
        ] {
            let mut half = Socket::open(&format!("{url}?{query}"), Some(&t.ana.token)).await;
            assert_eq!(half.hear().await, None, "{query}");
        }
    }
}

#[tokio::test]
async fn what_is_typed_elsewhere_is_not_told_to_who_looks_here() {
    for world in worlds().await {
        let (t, url) = (team(&world).await, serve(&world).await);
        let other = text(&t.ana.get(&format!("/teams/{}/channels/name/off-topic", t.id)).await, "id");
        let mut ana = Socket::open(&url, Some(&t.ana.token)).await;
        let mut bruno = Socket::open(&url, Some(&t.bruno.token)).await;
        ana.event("hello").await;
        bruno.event("hello").await;
        let look = json!({"seq": 1, "action": "presence", "data": {"channel_id": t.square}});
        assert_eq!(ana.ask(look).await["status"], "OK");
        for (seq, channel) in [(1, &other), (2, &t.square)] {
            let typing = json!({"seq": seq, "action": "user_typing", "data": {"channel_id": channel, "parent_id": ""}});
            assert_eq!(bruno.ask(typing).await["status"], "OK");
        }
        let heard = ana.event("typing").await;
        assert_eq!(heard["broadcast"]["channel_id"], json!(t.square), "the first one was elsewhere");
        assert_eq!(heard["data"]["user_id"], json!(t.bruno.id));
    }
}
