//! What official clients ask for when they start, in their order: everything answers, in the shape that they read.

use crate::support::{call, team, text, worlds};
use axum::http::StatusCode;
use chat::products::Product;
use serde_json::{Value, json};

#[tokio::test]
async fn web_and_mobile_clients_start() {
    for world in worlds().await {
        let (engine, t) = (world.engine, team(&world).await);
        let (team, square) = (&t.id, &t.square);
        let post = t.ana.says(square, "", "hello").await;
        let lists = [
            "/users/me/teams".to_owned(),
            "/users/me/teams/members".into(),
            "/users/me/teams/unread?include_collapsed_threads=true".into(),
            "/users/me/channels".into(),
            "/users/me/channel_members?page=0&per_page=60".into(),
            format!("/users/me/teams/{team}/channels?include_deleted=true&last_delete_at=0"),
            format!("/users/me/teams/{team}/channels/members"),
            format!("/users/me/teams/{team}/drafts"),
            format!("/channels/{square}/bookmarks"),
            format!("/channels/{square}/timezones"),
            format!("/channels/{square}/member_counts_by_group?include_timezones=true"),
            format!("/channels/{square}/members?page=0&per_page=60"),
            "/teams?page=0&per_page=200".into(),
            "/users/me/groups".into(),
            "/system/timezones".into(),
            "/custom_profile_attributes/fields".into(),
            "/emoji?page=0&per_page=60&sort=name".into(),
            "/plugins/webapp".into(),
            "/groups?filter_allow_reference=true".into(),
            "/users?page=0&per_page=60&in_channel=".to_owned() + square,
            format!("/teams/{team}/commands/autocomplete"),
            "/users/me/sessions".into(),
            "/users/known".into(),
        ];
        for path in &lists {
            assert!(t.bruno.get(path).await.is_array(), "{engine}: {path}");
        }
        let objects = [
            "/config/client?format=old".to_owned(),
            "/license/client?format=old".into(),
            "/users/me".into(),
            "/limits/server".into(),
            format!("/users/me/teams/{team}/channels/categories"),
            format!("/users/me/teams/{team}/threads?totalsOnly=true"),
            format!("/users/me/teams/{team}/threads?threadsOnly=true&extended=true&since=0&per_page=60"),
            format!("/users/me/teams/{team}/unread"),
            format!("/posts/scheduled/team/{team}?includeDirectChannels=true"),
            format!("/channels/{square}/stats?exclude_files_count=true"),
            format!(
                "/users/me/channels/{square}/posts/unread?limit_before=30&limit_after=30&skipFetchThreads=false&collapsedThreads=true&collapsedThreadsExtended=false"
            ),
            format!("/channels/{square}/posts?page=0&per_page=60&collapsedThreads=true&collapsedThreadsExtended=true"),
            format!("/posts/{}/info", text(&post, "id")),
            format!("/posts/{}/thread?perPage=60&direction=down", text(&post, "id")),
            "/users/me/posts/flagged".into(),
            "/agents".into(),
            format!("/channels/{square}/groups"),
            "/users/autocomplete?name=an&in_team=x".into(),
        ];
        for path in &objects {
            assert!(t.bruno.get(path).await.is_object(), "{engine}: {path}");
        }
        for (path, body) in [
            ("/users/ids?since=0", json!([t.ana.id])),
            ("/users/usernames", json!(["ana"])),
            ("/users/search", json!({"term": "an", "team_id": team})),
            ("/users/status/ids", json!([t.ana.id])),
            ("/roles/names", json!(["system_user", "channel_user"])),
            ("/posts/ids", json!([post["id"]])),
        ] {
            let found = t.bruno.ok("POST", path, body).await;
            assert!(found.as_array().is_some_and(|list| !list.is_empty()), "{engine}: {path} {found}");
        }
        t.bruno.ok("PUT", "/users/sessions/device", json!({"device_id": "android_rn-v2:abc"})).await;
        assert_eq!(t.bruno.get("/users/me/sessions").await[0]["device_id"], "android_rn-v2:abc", "{engine}");
        t.bruno.ok("POST", "/notifications/test", Value::Null).await;
        let direct: Vec<Value> = serde_json::from_value(t.bruno.get("/users/me/channels").await).unwrap();
        assert!(direct.iter().any(|c| c["type"] == "D"), "{engine}: the test notification is a direct message");
    }
}

#[tokio::test]
async fn products_are_found_by_everybody_and_managed_by_nobody() {
    for world in worlds().await {
        let (engine, t) = (world.engine, team(&world).await);
        world.site.offer(Product { id: "com.mattermost.calls", name: "Calls", version: "1.11.0" });
        // The login page asks too.
        let (status, _, listed) = call(&world.api, "GET", "/plugins/webapp", Value::Null, None).await;
        assert_eq!((status, &listed[0]["id"]), (StatusCode::OK, &json!("com.mattermost.calls")), "{engine}");
        assert_eq!(t.ana.get("/plugins").await["active"][0]["version"], "1.11.0", "{engine}");
        let runs = &t.ana.get("/plugins/statuses").await[0];
        assert_eq!((&runs["plugin_id"], &runs["state"]), (&json!("com.mattermost.calls"), &json!(2)), "{engine}");
        assert_eq!(t.bruno.call("GET", "/plugins/statuses", Value::Null).await.0, StatusCode::FORBIDDEN, "{engine}");
        for (method, path) in [
            ("POST", "/plugins"),
            ("POST", "/plugins/install_from_url"),
            ("DELETE", "/plugins/com.mattermost.calls"),
            ("POST", "/plugins/com.mattermost.calls/disable"),
        ] {
            let (status, refused) = t.ana.call(method, path, Value::Null).await;
            assert_eq!(status, StatusCode::NOT_IMPLEMENTED, "{engine}: {path}");
            assert_eq!(refused["id"], "app.plugin.disabled.app_error", "{engine}: {path}");
        }
    }
}
