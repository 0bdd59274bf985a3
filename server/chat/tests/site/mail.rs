//! A site with a mail server: invitations and links for new passwords arrive.

use crate::support::{arrive, call, team, text, worlds_with};
use axum::http::StatusCode;
use chat::Config;
use chat::mail::{Security, Settings};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// A mail server that takes everything; what it took comes out of the channel.
async fn mail_server() -> (u16, mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (send, receive) = mpsc::channel(16);
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let (read, mut write) = socket.into_split();
            let mut lines = BufReader::new(read).lines();
            write.write_all(b"220 mail\r\n").await.unwrap();
            let mut mail: Option<String> = None;
            while let Ok(Some(line)) = lines.next_line().await {
                let answer = match (&mut mail, line.as_str()) {
                    (Some(_), ".") => {
                        send.send(mail.take().unwrap()).await.unwrap();
                        "250 taken\r\n"
                    }
                    (Some(text), _) => {
                        text.push_str(&line);
                        text.push('\n');
                        continue;
                    }
                    (None, "DATA") => {
                        mail = Some(String::new());
                        "354 go on\r\n"
                    }
                    (None, "QUIT") => "221 bye\r\n",
                    (None, _) => "250 fine\r\n",
                };
                write.write_all(answer.as_bytes()).await.unwrap();
            }
        }
    });
    (port, receive)
}

async fn arrives(mails: &mut mpsc::Receiver<String>) -> String {
    tokio::time::timeout(Duration::from_secs(20), mails.recv()).await.expect("a mail arrives").unwrap()
}

/// What follows `start` in a mail, up to the end of the line.
fn after(mail: &str, start: &str) -> String {
    let mail = mail.replace("=\n", "").replace("=3D", "=");
    let at = mail.find(start).unwrap_or_else(|| panic!("no {start} in {mail}"));
    mail[at + start.len()..].lines().next().unwrap().trim().to_owned()
}

/// A site that sends its mail through `port` of this machine.
fn mailing_through(port: u16) -> Config {
    let mail = Settings {
        host: "127.0.0.1".into(),
        port,
        security: Security::None,
        from: "chat@site.example".into(),
        ..Settings::default()
    };
    Config { mail, site_url: "https://chat.site.example".into(), ..Config::default() }
}

#[tokio::test]
async fn invitations_and_new_passwords_come_by_mail() {
    let (port, mut mails) = mail_server().await;
    for world in worlds_with(mailing_through(port)).await {
        let stop = CancellationToken::new();
        let sender = tokio::spawn(chat::mail::run(world.site.clone(), stop.clone()));
        let t = team(&world).await;
        let path = format!("/teams/{}/invite/email", t.id);
        t.ana.ok("POST", &path, json!(["carla@site.example"])).await;
        let invitation = arrives(&mut mails).await;
        assert!(invitation.contains("To: carla@site.example"), "{invitation}");
        let token = after(&invitation, "https://chat.site.example/signup_user_complete/?t=");
        let account = json!({"username": "carla", "email": "other@site.example", "password": "Correct-horse-9"});
        let (status, _, made) = call(&world.api, "POST", &format!("/users?t={token}"), account, None).await;
        assert_eq!(status, StatusCode::CREATED, "{}: {made}", world.engine);
        assert_eq!(text(&made, "email"), "carla@site.example", "{}: the address of the mail", world.engine);
        assert_eq!(made["email_verified"], true, "{}", world.engine);

        t.ana.ok("POST", &path, json!(["david@site.example"])).await;
        let token = after(&arrives(&mut mails).await, "?t=");
        t.ana.ok("DELETE", "/teams/invites/email", Value::Null).await;
        let account = json!({"username": "david", "email": "david@site.example", "password": "Correct-horse-9"});
        let (status, ..) = call(&world.api, "POST", &format!("/users?t={token}"), account, None).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{}: withdrawn", world.engine);

        let forgot = async |email: &str| {
            let (status, ..) =
                call(&world.api, "POST", "/users/password/reset/send", json!({"email": email}), None).await;
            assert_eq!(status, StatusCode::OK, "{email}");
        };
        forgot("nobody@site.example").await;
        forgot("bruno@site.example").await;
        forgot("bruno@site.example").await;
        let code = after(&arrives(&mut mails).await, "/reset_password_complete?token=");
        let body = json!({"token": code, "new_password": "Another-horse-9"});
        let (status, ..) = call(&world.api, "POST", "/users/password/reset", body, None).await;
        assert_eq!(status, StatusCode::OK, "{}", world.engine);
        let (status, _) = t.bruno.call("GET", "/users/me", Value::Null).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{}", world.engine);

        let erin = arrive(&world.api, "erin", "").await;
        call(&world.api, "POST", "/users/email/verify/send", json!({"email": "erin@site.example"}), None).await;
        let mail = arrives(&mut mails).await;
        assert!(mail.contains("To: erin@site.example"), "{}: no second mail to Bruno: {mail}", world.engine);
        let body = json!({"token": after(&mail, "/do_verify_email?token=")});
        let (status, ..) = call(&world.api, "POST", "/users/email/verify", body, None).await;
        assert_eq!(status, StatusCode::OK, "{}", world.engine);
        assert_eq!(erin.get("/users/me").await["email_verified"], true, "{}", world.engine);
        stop.cancel();
        sender.await.unwrap();
    }
}

#[tokio::test]
async fn a_guest_comes_in_by_a_link_once_and_gets_another_when_coming_again() {
    let (port, mut mails) = mail_server().await;
    for world in worlds_with(mailing_through(port)).await {
        let engine = world.engine;
        let stop = CancellationToken::new();
        let sender = tokio::spawn(chat::mail::run(world.site.clone(), stop.clone()));
        let t = team(&world).await;
        let path = format!("/teams/{}/invite-guests/email?guest_magic_link=true", t.id);
        let known = json!({"emails": ["bruno@site.example"], "channels": [t.square]});
        assert_eq!(t.ana.call("POST", &path, known).await.0, StatusCode::BAD_REQUEST, "{engine}: has a password");
        t.ana.ok("POST", &path, json!({"emails": ["Visitor@far.example"], "channels": [t.square]})).await;
        let token = after(&arrives(&mut mails).await, "/login/one_time_link?t=");
        let account = json!({"username": "visitor", "email": "x@far.example", "password": "Correct-horse-9"});
        let (status, ..) = call(&world.api, "POST", &format!("/users?t={token}"), account, None).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{engine}: no password goes with it");

        let by = |token: &str| json!({"magic_link_token": token});
        let (status, session, user) = call(&world.api, "POST", "/users/login", by(&token), None).await;
        assert_eq!(status, StatusCode::OK, "{engine}: {user}");
        assert_eq!((&user["roles"], &user["auth_service"]), (&json!("system_guest"), &json!("magic_link")), "{engine}");
        assert_eq!((&user["email"], &user["username"]), (&json!("visitor@far.example"), &json!("visitor")), "{engine}");
        let session = session.unwrap();
        let channels = format!("/users/me/teams/{}/channels", t.id);
        let (_, _, channels) = call(&world.api, "GET", &channels, Value::Null, Some(&session)).await;
        assert_eq!(channels.as_array().unwrap().len(), 1, "{engine}: the channel of the invitation");
        let (status, ..) = call(&world.api, "POST", "/users/login", by(&token), None).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{engine}: the link is used up");

        let kind = async |login: &str| {
            let (_, _, told) = call(&world.api, "POST", "/users/login/type", json!({"login_id": login}), None).await;
            told["auth_service"].clone()
        };
        assert_eq!((kind("bruno").await, kind("nobody").await), (json!(""), json!("")), "{engine}");
        assert_eq!(kind("visitor@far.example").await, "magic_link", "{engine}");
        let token = after(&arrives(&mut mails).await, "/login/one_time_link?t=");
        world.clock.advance(25 * 3600 * 1000);
        let body = json!({"token": token});
        let (status, ..) = call(&world.api, "POST", "/users/login/one_time_link", body, None).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{engine}: too late");
        kind("visitor").await;
        let body = json!({"token": after(&arrives(&mut mails).await, "/login/one_time_link?t=")});
        let (status, _, user) = call(&world.api, "POST", "/users/login/one_time_link", body, None).await;
        assert_eq!((status, &user["username"]), (StatusCode::OK, &json!("visitor")), "{engine}");
        stop.cancel();
        sender.await.unwrap();
    }
}
