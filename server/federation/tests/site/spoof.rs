//! A partner that lies.

use crate::support::{Place, call, connect, heard, places, said, share, team, text};
use axum::http::StatusCode;
use serde_json::{Value, json};

/// What a partner with this connection can send.
struct Liar<'a> {
    at: &'a Place,
    remote: String,
    token: String,
}

impl Liar<'_> {
    async fn says(&self, topic: &str, payload: Value) -> (StatusCode, Value) {
        let frame = json!({"remote_id": self.remote, "msg": {"id": kit::id::new(), "topic": topic, "create_at": 1, "payload": payload}});
        let request = axum::http::Request::builder()
            .method("POST")
            .uri("/api/v4/remotecluster/msg")
            .header("content-type", "application/json")
            .header("x-remotecluster-id", &self.remote)
            .header("x-remotecluster-token", &self.token)
            .body(axum::body::Body::from(frame.to_string()))
            .unwrap();
        let answer = tower::ServiceExt::oneshot(self.at.world.api.clone(), request).await.unwrap();
        let status = answer.status();
        let bytes = axum::body::to_bytes(answer.into_body(), 1 << 20).await.unwrap();
        (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }
}

/// The token that a site shows for this connection: what the other end of the line has.
async fn token(place: &Place, remote: &str) -> String {
    let mut conn = place.world.site.db.read().await.unwrap();
    let sql = db::Sql::new("SELECT remote_token FROM remote_clusters WHERE id = $1");
    let sealed: String = conn.fetch_optional(&sql, db::params![remote], db::Row::only).await.unwrap().unwrap();
    assert!(sealed.starts_with("sealed:"), "{sealed}");
    place.world.site.keys.open(&chat::keys::REMOTE_TOKENS[1], remote, &sealed).unwrap()
}

#[tokio::test]
async fn a_partner_speaks_for_its_own_people_in_its_own_channels_alone() {
    for (a, b) in places().await {
        let engine = a.world.engine;
        let (at_a, at_b) = (team(&a.world).await, team(&b.world).await);
        let remote = connect(&at_a.ana, &at_b.ana).await;
        let channel = share(&at_a, &at_b.ana, &remote, "open").await;
        let ours = at_a.ana.says(&channel, "", "of ana").await;
        at_b.ana.says(&channel, "", "of the other ana").await;
        heard(&at_a.ana, &channel, "of the other ana").await;
        let secret = at_a.square.clone();
        let before = said(&at_a.ana, &channel).await.len();
        let liar = Liar { at: &a, remote: remote.clone(), token: token(&b, &remote).await };
        let post = |user: &str, channel: &str, id: &str| json!({"id": id, "user_id": user, "channel_id": channel, "message": "lie", "create_at": 5, "update_at": 5, "edit_at": 5});
        let new = kit::id::new();

        let (_, answer) = liar
            .says("sharedchannel_sync", json!({"channel_id": secret, "posts": [post(&at_b.ana.id, &secret, &new)]}))
            .await;
        assert_eq!(answer["status"], "FAIL", "{engine}: a channel that is not shared");
        assert!(text(&answer, "err").contains("channel is not shared"));
        let refused = async |posts: Value| {
            let (_, answer) = liar.says("sharedchannel_sync", json!({"channel_id": channel, "posts": posts})).await;
            assert_eq!(answer["status"], "OK", "{engine}: {answer}");
            assert_eq!(answer["payload"]["post_errors"].as_array().unwrap().len(), 1, "{engine}: {answer}");
        };
        refused(json!([post(&at_a.ana.id, &channel, &new)])).await; // for somebody of ours
        refused(json!([post(&at_b.ana.id, &secret, &new)])).await; // in another channel than the message says
        refused(json!([post(&at_b.ana.id, &channel, &text(&ours, "id"))])).await; // over a post of ours
        let mut gone = post(&at_a.ana.id, &channel, &text(&ours, "id"));
        gone["delete_at"] = 7.into();
        refused(json!([gone])).await;
        refused(json!([post("zzzzzzzzzzzzzzzzzzzzzzzzzz", &channel, &new)])).await; // for nobody

        let reaction = json!([{"user_id": at_a.ana.id, "post_id": ours["id"], "emoji_name": "x", "create_at": 5}]);
        let (_, answer) = liar.says("sharedchannel_sync", json!({"channel_id": channel, "reactions": reaction})).await;
        assert_eq!(answer["payload"]["reaction_errors"].as_array().unwrap().len(), 1, "{engine}: {answer}");

        // Somebody of ours cannot be changed or taken over.
        let takeover = json!({at_a.ana.id.clone(): {"id": at_a.ana.id, "username": "evil", "nickname": "evil"}});
        let (_, answer) = liar.says("sharedchannel_sync", json!({"channel_id": channel, "users": takeover})).await;
        assert_eq!(answer["payload"]["user_errors"], json!([at_a.ana.id]), "{engine}: {answer}");
        assert_eq!(at_a.ana.get("/users/me").await["username"], "ana");

        // A channel of ours cannot be brought as theirs.
        let invitation = json!({"channel_id": secret, "name": "x", "display_name": "X", "type": "O"});
        let (_, answer) = liar.says("sharedchannel_invite", invitation).await;
        assert_eq!(answer["status"], "FAIL", "{engine}: {answer}");
        let file = json!({"channel_id": secret, "user_id": at_b.ana.id, "filename": "f", "file_size": 3, "req_file_id": kit::id::new()});
        let (_, answer) = liar.says("sharedchannel_upload", file).await;
        assert_eq!(answer["status"], "FAIL", "{engine}: {answer}");

        assert_eq!(said(&at_a.ana, &channel).await.len(), before, "{engine}");
        let wrong = Liar { at: &a, remote: remote.clone(), token: kit::id::new() };
        assert_eq!(wrong.says("sharedchannel_sync", json!({})).await.0, StatusCode::UNAUTHORIZED);

        // Nobody logs in as somebody of another site, even with a password that was set.
        let name = at_a.ana.get(&format!("/users/{}", at_b.ana.id)).await;
        drop(
            at_a.ana
                .call("PUT", &format!("/users/{}/password", at_b.ana.id), json!({"new_password": "Correct-horse-9"}))
                .await,
        );
        let login = json!({"login_id": name["username"], "password": "Correct-horse-9"});
        let (status, ..) = call(&a.world.api, "POST", "/users/login", login, None).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{engine}");
    }
}
