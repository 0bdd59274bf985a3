//! What an administrator arranges on a site, and how it is found where the site moved.

use crate::{World, arrive, ok, raw};
use axum::body::Body;
use axum::http::StatusCode;
use serde_json::{Value, json};

/// A scheme for the team with what its members may, a moderated channel, a role, an own emoji, and pictures of a person and
/// of a bot.
pub async fn arranged(w: &World, ana: &str, square: &str) {
    let new = json!({"name": "strict", "display_name": "Strict", "scope": "team", "description": "for the field"});
    let scheme = ok(&w.api, "POST", "/schemes", ana, new).await;
    let members = format!("/roles/name/{}", scheme["default_channel_user_role"].as_str().unwrap());
    let role = ok(&w.api, "GET", &members, ana, Value::Null).await;
    let may = json!({"permissions": ["create_post", "read_channel", "read_channel_content"]});
    ok(&w.api, "PUT", &format!("/roles/{}/patch", role["id"].as_str().unwrap()), ana, may).await;
    let team = ok(&w.api, "GET", "/teams/name/field", ana, Value::Null).await;
    let path = format!("/teams/{}/scheme", team["id"].as_str().unwrap());
    ok(&w.api, "PUT", &path, ana, json!({"scheme_id": scheme["id"]})).await;
    let quiet = json!([{"name": "create_post", "roles": {"members": false, "guests": false}}]);
    ok(&w.api, "PUT", &format!("/channels/{square}/moderations/patch"), ana, quiet).await;
    let role = ok(&w.api, "GET", "/roles/name/system_user", ana, Value::Null).await;
    let path = format!("/roles/{}/patch", role["id"].as_str().unwrap());
    ok(&w.api, "PUT", &path, ana, json!({"permissions": ["create_direct_channel", "view_members"]})).await;
    let bot = ok(&w.api, "POST", "/bots", ana, json!({"username": "herald", "display_name": "Herald"})).await;
    for (path, form) in [
        ("/users/me/image".to_owned(), form("image", "")),
        (format!("/users/{}/image", bot["user_id"].as_str().unwrap()), form("image", "")),
        ("/emoji".into(), form("image", r#"{"name": "pump", "creator_id": "ANA"}"#)),
    ] {
        let me = ok(&w.api, "GET", "/users/me", ana, Value::Null).await;
        let form = form.replace_ana(me["id"].as_str().unwrap());
        let kind = [("content-type", "multipart/form-data; boundary=XX")];
        let (status, _, bytes) = raw(&w.api, "POST", &path, ana, Body::from(form.0), &kind).await;
        assert!(status.is_success(), "{path}: {status} {}", String::from_utf8_lossy(&bytes));
    }
}

/// A form with a picture, and perhaps the words of an emoji.
struct Form(Vec<u8>);

fn form(field: &str, emoji: &str) -> Form {
    let mut body = Vec::new();
    if !emoji.is_empty() {
        let part = format!("--XX\r\ncontent-disposition: form-data; name=\"emoji\"\r\n\r\n{emoji}\r\n");
        body.extend_from_slice(part.as_bytes());
    }
    let head = format!("--XX\r\ncontent-disposition: form-data; name=\"{field}\"; filename=\"a.png\"\r\n\r\n");
    body.extend_from_slice(head.as_bytes());
    body.extend_from_slice(DOT);
    body.extend_from_slice(b"\r\n--XX--\r\n");
    Form(body)
}

impl Form {
    fn replace_ana(self, id: &str) -> Self {
        let at = self.0.windows(5).position(|w| w == b"\"ANA\"");
        let Some(at) = at else { return self };
        let mut body = self.0;
        body.splice(at..at + 5, format!("\"{id}\"").into_bytes());
        Self(body)
    }
}

/// A picture of one pixel.
const DOT: &[u8] = include_bytes!("dot.png");

/// What a member may and sees where the import went.
pub async fn there(w: &World) {
    let (zoe, _) = arrive(&w.api, "zoe", "").await;
    let ids = ok(&w.api, "POST", "/users/usernames", &zoe, json!(["ana", "herald"])).await;
    for user in ids.as_array().unwrap() {
        let path = format!("/users/{}/image", user["id"].as_str().unwrap());
        let (status, headers, _) = raw(&w.api, "GET", &path, &zoe, Body::empty(), &[]).await;
        let kind = headers.get("content-type").map(|v| v.to_str().unwrap());
        assert_eq!((status, kind), (StatusCode::OK, Some("image/png")), "{}: {}", w.engine, user["username"]);
    }
    let role = w.site.roles.roles().get("system_user").cloned().unwrap();
    assert_eq!(role.permissions, ["create_direct_channel", "view_members"], "{}", w.engine);
    let mut conn = w.site.db.read().await.unwrap();
    let of = "SELECT s.name FROM teams t JOIN schemes s ON s.id = t.scheme_id WHERE t.name = 'field'";
    let rows = conn.query(&db::Sql::new(of), vec![]).await.unwrap();
    assert_eq!(rows[0].clone().only::<String>().unwrap(), "strict", "{}", w.engine);
}
