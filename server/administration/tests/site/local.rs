//! The socket through which tools on the same machine administer without a password.

use crate::support::worlds;
use administration::socket::Socket;
use serde_json::{Value, json};
use std::path::Path;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

/// Says one request and reads the answer: status and body.
async fn ask(socket: &Path, method: &str, path: &str, headers: &str, body: &Value) -> (u16, Value) {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let mut stream = UnixStream::connect(socket).await.unwrap();
    let request = format!(
        "{method} /api/v4{path} HTTP/1.1\r\nHost: _\r\nConnection: close\r\nContent-Type: application/json\r\n{headers}Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    (status, serde_json::from_str(body).unwrap_or_else(|_| panic!("{answer}")))
}

#[tokio::test]
async fn whoever_may_open_the_socket_administers() {
    for world in worlds().await {
        let engine = world.engine;
        let path = world.folder.path().join("server.sock");
        let socket = Socket::open(&path).await.unwrap();
        let serving = tokio::spawn(socket.serve(world.api.clone(), world.stop.clone()));
        let none = Value::Null;
        let (status, me) = ask(&path, "GET", "/users/me", "", &none).await;
        assert_eq!((status, &me["username"]), (200, &json!("system-bot")), "{engine}: {me}");
        let patch = json!({"TeamSettings": {"EnableOpenServer": false}});
        assert_eq!(ask(&path, "PUT", "/config/patch", "", &patch).await.0, 200, "{engine}");
        let account = json!({"username": "carla", "email": "carla@site.example", "password": "Correct-horse-9"});
        let (status, carla) = ask(&path, "POST", "/users", "", &account).await;
        assert_eq!(status, 201, "{engine}: {carla}");
        let roles = format!("/users/{}/roles", carla["id"].as_str().unwrap());
        let admin = json!({"roles": "system_user system_admin"});
        assert_eq!(ask(&path, "PUT", &roles, "", &admin).await.0, 200, "{engine}");
        let team = json!({"name": "quay", "display_name": "Quay", "type": "O"});
        let as_bruno = format!("X-Mattermost-Id: {}\r\n", world.bruno.1);
        let (status, team) = ask(&path, "POST", "/teams", &as_bruno, &team).await;
        assert_eq!(status, 201, "{engine}: {team}");
        let members = world.ana("GET", &format!("/teams/{}/members", team["id"].as_str().unwrap()), none).await;
        assert_eq!(members[0]["user_id"], world.bruno.1.as_str(), "{engine}: the team is Bruno's");
        // The same words over the network are nobody's.
        let (status, _) = crate::support::call(&world.api, "", "GET", "/users/me", Value::Null).await;
        assert_eq!(status, 401, "{engine}");
        world.stop.cancel();
        serving.await.unwrap().unwrap();
        assert!(!path.exists(), "{engine}: the file goes with the server");
    }
}
