//! Roles are data: what administrators write under a role holds for everybody who has it, at once.

use crate::support::{Person, team, text, worlds};
use axum::http::StatusCode;
use chat::Site;
use chat::site::Parts;
use chat::ws::Hub;
use serde_json::{Value, json};
use std::sync::Arc;

async fn permissions(who: &Person<'_>, role: &str) -> Vec<String> {
    let role = who.get(&format!("/roles/name/{role}")).await;
    serde_json::from_value(role["permissions"].clone()).unwrap()
}

#[tokio::test]
async fn a_changed_role_holds_at_once_here_and_soon_on_another_server() {
    for world in worlds().await {
        let t = team(&world).await;
        let files = Arc::new(object_store::memory::InMemory::new());
        let parts = Parts {
            db: world.site.db.clone(),
            hub: Hub::default(),
            clock: world.clock.clone(),
            keys: world.site.keys.clone(),
            config: chat::Config::default(),
            files,
        };
        let other = chat::routes::api(&Site::new(parts));
        let elsewhere = Person { api: &other, token: t.bruno.token.clone(), id: t.bruno.id.clone() };
        elsewhere.says(&t.square, "", "before").await;

        let role = t.bruno.get("/roles/name/channel_user").await;
        assert!(role["permissions"].as_array().unwrap().contains(&json!("create_post")));
        let path = format!("/roles/{}/patch", text(&role, "id"));
        let fewer: Vec<String> =
            permissions(&t.bruno, "channel_user").await.into_iter().filter(|p| p != "create_post").collect();
        let patch = json!({"permissions": fewer});
        assert_eq!(t.bruno.call("PUT", &path, patch.clone()).await.0, StatusCode::FORBIDDEN);
        t.ana.ok("PUT", &path, patch).await;
        let post = json!({"channel_id": t.square, "message": "after"});
        assert_eq!(t.bruno.call("POST", "/posts", post.clone()).await.0, StatusCode::FORBIDDEN);
        t.ana.says(&t.square, "", "an administrator may").await;
        world.clock.advance(10_000);
        assert_eq!(elsewhere.call("POST", "/posts", post).await.0, StatusCode::FORBIDDEN, "{}", world.engine);
    }
}

#[tokio::test]
async fn a_role_of_the_site_can_be_given_to_an_account_and_to_a_member() {
    for world in worlds().await {
        let t = team(&world).await;
        let tokens = format!("/users/{}/tokens", t.bruno.id);
        let token = json!({"description": "for a script"});
        assert_eq!(t.bruno.call("POST", &tokens, token.clone()).await.0, StatusCode::FORBIDDEN);
        let path = format!("/users/{}/roles", t.bruno.id);
        t.ana.ok("PUT", &path, json!({"roles": "system_user system_user_access_token"})).await;
        t.bruno.ok("POST", &tokens, token).await;
        let (status, error) = t.ana.call("PUT", &path, json!({"roles": "system_user channel_admin"})).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{error}");

        let path = format!("/teams/{}/members/{}/roles", t.id, t.bruno.id);
        t.ana.ok("PUT", &path, json!({"roles": "team_user team_admin team_post_all"})).await;
        let member = t.bruno.get(&format!("/teams/{}/members/me", t.id)).await;
        assert_eq!(member["roles"], "team_user team_admin team_post_all");
        assert_eq!((&member["explicit_roles"], &member["scheme_admin"]), (&json!("team_post_all"), &json!(true)));
        // As an administrator of the team he decides about members, not about what roles may.
        let path = format!("/teams/{}/members/{}/roles", t.id, t.ana.id);
        let (status, _) = t.bruno.call("PUT", &path, json!({"roles": "team_user system_post_all"})).await;
        assert_eq!(status, StatusCode::FORBIDDEN);
        assert_eq!(t.bruno.call("PUT", &path, json!({"roles": "team_user nonsense"})).await.0, StatusCode::BAD_REQUEST);
    }
}

#[tokio::test]
async fn clients_find_the_roles_by_name_and_id() {
    for world in worlds().await {
        let t = team(&world).await;
        let asked = json!(["channel_guest", "unknown", "channel_guest", "system_admin"]);
        let found = t.bruno.ok("POST", "/roles/names", asked).await;
        assert_eq!(found.as_array().unwrap().len(), 2, "{found}");
        let admin = &found[1];
        assert!(admin["permissions"].as_array().unwrap().len() > 200, "an administrator's clients show every button");
        let one = t.bruno.get(&format!("/roles/{}", text(admin, "id"))).await;
        assert_eq!(one["name"], "system_admin");
        assert_eq!(t.bruno.call("GET", "/roles", Value::Null).await.0, StatusCode::FORBIDDEN);
        assert!(t.ana.get("/roles").await.as_array().unwrap().len() >= 20);
        let path = format!("/roles/{}/patch", text(admin, "id"));
        let (status, error) = t.ana.call("PUT", &path, json!({"permissions": []})).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{error}");
    }
}
