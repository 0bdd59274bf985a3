//! Changing what an account and a team are, as a whole and in part.

use crate::support::{call, team, text, worlds};
use axum::http::StatusCode;
use serde_json::{Value, json};

#[tokio::test]
async fn a_profile_is_replaced_or_patched_and_another_address_needs_the_password() {
    for world in worlds().await {
        let t = team(&world).await;
        let me = format!("/users/{}", t.bruno.id);
        let patched = t.bruno.ok("PUT", &format!("{me}/patch"), json!({"nickname": "B", "position": "Nurse"})).await;
        assert_eq!((text(&patched, "nickname"), text(&patched, "position")), ("B".into(), "Nurse".into()));
        let whole =
            json!({"id": t.bruno.id, "username": "bruno", "email": "bruno@site.example", "first_name": "Bruno"});
        let replaced = t.bruno.ok("PUT", &me, whole.clone()).await;
        let fields = (text(&replaced, "first_name"), text(&replaced, "nickname"), text(&replaced, "position"));
        assert_eq!(fields, ("Bruno".into(), String::new(), String::new()), "{}", world.engine);
        assert_eq!(replaced["notify_props"]["desktop"], "mention", "{}: defaults, not nothing", world.engine);
        let other = json!({"id": t.ana.id, "username": "bruno", "email": "bruno@site.example"});
        assert_eq!(t.bruno.call("PUT", &me, other).await.0, StatusCode::BAD_REQUEST, "{}", world.engine);
        let nobody = json!({"id": t.bruno.id, "username": "bruno"});
        assert_eq!(t.bruno.call("PUT", &me, nobody).await.0, StatusCode::BAD_REQUEST, "{}", world.engine);

        let patch = format!("{me}/patch");
        let moved = json!({"email": "b@clinic.example"});
        assert_eq!(t.bruno.call("PUT", &patch, moved.clone()).await.0, StatusCode::BAD_REQUEST, "{}", world.engine);
        let guessed = json!({"email": "b@clinic.example", "password": "Wrong-horse-9"});
        let (status, refused) = t.bruno.call("PUT", &patch, guessed).await;
        let wrong = "api.user.check_user_password.invalid.app_error";
        assert_eq!((status, text(&refused, "id").as_str()), (StatusCode::BAD_REQUEST, wrong), "{}", world.engine);
        t.ana.ok("POST", &format!("{me}/email/verify/member"), Value::Null).await;
        assert_eq!(t.bruno.get(&me).await["email_verified"], true, "{}", world.engine);
        let proven = json!({"email": "b@clinic.example", "password": "Correct-horse-9"});
        assert_eq!(text(&t.bruno.ok("PUT", &patch, proven).await, "email"), "b@clinic.example", "{}", world.engine);
        assert!(t.bruno.get(&me).await.get("email_verified").is_none(), "{}: nobody has seen it", world.engine);
        t.ana.ok("PUT", &patch, json!({"email": "bruno@site.example"})).await;
    }
}

#[tokio::test]
async fn a_team_is_replaced_and_admits_the_domains_it_names() {
    for world in worlds().await {
        let t = team(&world).await;
        let path = format!("/teams/{}", t.id);
        let patch = json!({"allowed_domains": "clinic.example", "company_name": "Clinic"});
        assert_eq!(text(&t.ana.ok("PUT", &format!("{path}/patch"), patch).await, "company_name"), "Clinic");
        let account = |name: &str, domain: &str| json!({"username": name, "email": format!("{name}@{domain}"), "password": "Correct-horse-9"});
        let join = format!("/users?iid={}", t.invite);
        let (status, _, refused) = call(&world.api, "POST", &join, account("carla", "site.example"), None).await;
        let domains = "api.team.join_user_to_team.allowed_domains.app_error";
        assert_eq!((status, text(&refused, "id").as_str()), (StatusCode::BAD_REQUEST, domains), "{}", world.engine);
        let (status, ..) = call(&world.api, "POST", &join, account("carla", "clinic.example"), None).await;
        assert_eq!(status, StatusCode::CREATED, "{}", world.engine);

        let whole = json!({"id": t.id, "display_name": "Field two"});
        assert_eq!(t.bruno.call("PUT", &path, whole.clone()).await.0, StatusCode::FORBIDDEN, "{}", world.engine);
        let replaced = t.ana.ok("PUT", &path, whole).await;
        assert_eq!(
            (text(&replaced, "display_name"), text(&replaced, "allowed_domains")),
            ("Field two".into(), String::new())
        );
        assert_eq!(text(&t.bruno.get(&path).await, "company_name"), "", "{}", world.engine);
        let blank = json!({"id": t.id, "display_name": " "});
        assert_eq!(t.ana.call("PUT", &path, blank).await.0, StatusCode::BAD_REQUEST, "{}", world.engine);
    }
}
