//! The button that tries the mail settings, against a mail server that listens.

use crate::support::{call, worlds};
use axum::http::StatusCode;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

/// A mail server that takes everything; what was said to it, line by line, comes out of the channel when a client leaves.
async fn mail_server() -> (u16, mpsc::Receiver<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (send, receive) = mpsc::channel(16);
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let (read, mut write) = socket.into_split();
            let mut lines = BufReader::new(read).lines();
            write.write_all(b"220 mail\r\n").await.unwrap();
            let (mut said, mut in_mail) = (Vec::new(), false);
            while let Ok(Some(line)) = lines.next_line().await {
                said.push(line.clone());
                let answer: &[u8] = match (in_mail, line.as_str()) {
                    (true, ".") => b"250 taken\r\n",
                    (true, _) => continue,
                    (false, "DATA") => b"354 go on\r\n",
                    (false, "QUIT") => b"221 bye\r\n",
                    (false, _) => b"250 fine\r\n",
                };
                in_mail = line == "DATA";
                write.write_all(answer).await.unwrap();
                if line == "QUIT" {
                    break;
                }
            }
            send.send(said).await.unwrap();
        }
    });
    (port, receive)
}

#[tokio::test]
async fn a_mail_goes_to_who_asks_with_settings_that_are_stored_nowhere() {
    let (port, mut sessions) = mail_server().await;
    for world in worlds().await {
        let engine = world.engine;
        let settings = |port: u16| {
            json!({"EmailSettings": {"SMTPServer": "127.0.0.1", "SMTPPort": port.to_string(),
                "FeedbackEmail": "chat@site.example", "ConnectionSecurity": "", "SMTPServerTimeout": 5}})
        };
        world.ana("POST", "/email/test", settings(port)).await;
        let said = tokio::time::timeout(Duration::from_secs(20), sessions.recv()).await.expect("a mail").unwrap();
        let has = |start: &str| said.iter().any(|line| line.starts_with(start));
        assert!(has("MAIL FROM:<chat@site.example>"), "{engine}: {said:?}");
        assert!(has("RCPT TO:<ana@site.example>"), "{engine}: {said:?}");
        assert!(has("This mail came through."), "{engine}: {said:?}");
        assert_eq!(world.site.config().mail.host, "", "{engine}: trying is not setting");

        // A port that nobody listens on any more.
        let free = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let closed = free.local_addr().unwrap().port();
        drop(free);
        let (status, refused) = call(&world.api, &world.ana.0, "POST", "/email/test", settings(closed)).await;
        assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR, "{engine}: {refused}");
        assert_eq!(refused["id"], "api.admin.test_email.failure", "{engine}");
        let (status, refused) = call(&world.api, &world.ana.0, "POST", "/email/test", Value::Null).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{engine}: no server is set: {refused}");
        assert_eq!(world.bruno("POST", "/email/test", settings(port)).await.0, StatusCode::FORBIDDEN, "{engine}");
    }
}
