//! Changing what an account and a team are, as a whole and in part.

use crate::support::{arrive, call, team, text, worlds};
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

#[tokio::test]
async fn lists_of_users_are_narrowed_by_group_and_role() {
    for world in worlds().await {
        let (engine, t) = (world.engine, team(&world).await);
        let carla = arrive(&world.api, "carla", &t.invite).await;
        let dario = arrive(&world.api, "dario", &t.invite).await;
        t.ana.ok("POST", &format!("/users/{}/demote", carla.id), Value::Null).await;
        let path = format!("/teams/{}/members/{}/schemeRoles", t.id, t.bruno.id);
        t.ana.ok("PUT", &path, json!({"scheme_user": true, "scheme_admin": true})).await;
        let group = json!({"name": "medics", "display_name": "Medics", "source": "custom", "allow_reference": true,
            "user_ids": [t.bruno.id, carla.id]});
        let group = text(&t.ana.ok("POST", "/groups", group).await, "id");
        let names = async |query: String| -> Vec<String> {
            let list = t.ana.get(&query).await;
            list.as_array().unwrap().iter().map(|u| text(u, "username")).collect()
        };
        let team = &t.id;
        assert_eq!(names(format!("/users?in_team={team}&team_roles=team_admin")).await, ["bruno"], "{engine}");
        assert_eq!(
            names(format!("/users?in_team={team}&team_roles=team_user,team_guest")).await,
            ["carla", "dario"],
            "{engine}"
        );
        let both = format!("/users?in_team={team}&roles=system_admin&team_roles=team_guest");
        assert_eq!(names(both).await, ["ana", "carla"], "{engine}: any of them");
        let square = &t.square;
        assert_eq!(
            names(format!("/users?in_channel={square}&channel_roles=channel_user")).await,
            ["bruno", "dario"],
            "{engine}"
        );
        assert_eq!(names(format!("/users?in_group={group}&in_team={team}")).await, ["bruno", "carla"], "{engine}");
        assert_eq!(names(format!("/users?not_in_group={group}&active=true")).await, ["ana", "dario"], "{engine}");
        let (status, _) = t.ana.call("GET", "/users?team_roles=team_user", Value::Null).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{engine}: roles of no team");

        let search =
            async |body: Value| -> usize { t.ana.ok("POST", "/users/search", body).await.as_array().unwrap().len() };
        assert_eq!(search(json!({"term": "", "in_group_id": group})).await, 2, "{engine}");
        assert_eq!(search(json!({"term": "dar", "not_in_group_id": group})).await, 1, "{engine}");
        assert_eq!(search(json!({"term": "", "team_id": team, "team_roles": ["team_admin"]})).await, 1, "{engine}");
        t.ana.ok("POST", "/bots", json!({"username": "helper"})).await;
        t.ana.ok("DELETE", &format!("/users/{}", dario.id), Value::Null).await;
        let total =
            async |query: &str| t.ana.get(&format!("/users/stats/filtered{query}")).await["total_users_count"].clone();
        assert_eq!(total("").await, 3, "{engine}");
        assert_eq!(total("?include_bots=true&include_deleted=true").await, 5, "{engine}");
        assert_eq!(total(&format!("?in_team={team}&team_roles=team_guest")).await, 1, "{engine}");
    }
}

#[tokio::test]
async fn an_administrator_says_what_opens_an_account_and_the_user_goes_back_to_a_password() {
    for world in worlds().await {
        let (engine, t) = (world.engine, team(&world).await);
        let path = format!("/users/{}/auth", t.bruno.id);
        let by_saml = json!({"auth_service": "saml", "auth_data": "bruno@idp"});
        assert_eq!(t.bruno.call("PUT", &path, by_saml.clone()).await.0, StatusCode::FORBIDDEN, "{engine}");
        assert_eq!(t.ana.ok("PUT", &path, by_saml.clone()).await, by_saml, "{engine}");
        assert_eq!(t.ana.get(&format!("/users/{}", t.bruno.id)).await["auth_service"], "saml", "{engine}");
        let login = |password: &str| json!({"login_id": "bruno", "password": password});
        let (status, ..) = call(&world.api, "POST", "/users/login", login("Correct-horse-9"), None).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{engine}: the password opens it no longer");

        let back = json!({"current_service": "saml", "new_service": "email", "email": "bruno@site.example",
            "new_password": "Another-horse-9"});
        let (status, ..) = call(&world.api, "POST", "/users/login/switch", back.clone(), None).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{engine}: not for anybody");
        assert_eq!(t.ana.call("POST", "/users/login/switch", back.clone()).await.0, StatusCode::FORBIDDEN, "{engine}");
        let answer = t.bruno.ok("POST", "/users/login/switch", back).await;
        assert!(answer["follow_link"].as_str().unwrap().starts_with("/login"), "{engine}");
        let (status, ..) = call(&world.api, "POST", "/users/login", login("Another-horse-9"), None).await;
        assert_eq!(status, StatusCode::OK, "{engine}");
        let to_ldap = json!({"current_service": "email", "new_service": "ldap", "email": "bruno@site.example"});
        let (status, _, error) = call(&world.api, "POST", "/users/login/switch", to_ldap, None).await;
        assert_eq!(status, StatusCode::NOT_IMPLEMENTED, "{engine}: {error}");
    }
}
