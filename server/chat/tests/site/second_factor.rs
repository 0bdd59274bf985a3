//! Logging in with a code from a phone, and waiting after wrong passwords.

use crate::support::{Person, World, arrive, call, text, worlds, worlds_with};
use axum::http::StatusCode;
use chat::Config;
use chat::auth::{Entrance, Settings};
use chat::users::Newcomer;
use serde_json::{Value, json};
use totp_rs::{Builder, Secret};

fn code(world: &World, secret: &str) -> String {
    let secret = Secret::try_from_base32(secret).unwrap();
    let totp = Builder::new().with_secret(secret).build().unwrap();
    totp.generate(u64::try_from(world.clock.now_ms() / 1000).unwrap()).to_string()
}

async fn log_in(world: &World, name: &str, password: &str, code: &str) -> (StatusCode, Option<String>, Value) {
    let body = json!({"login_id": name, "password": password, "token": code});
    call(&world.api, "POST", "/users/login", body, None).await
}

/// Turns the second factor on; its secret.
async fn set_up(world: &World, person: &Person<'_>) -> String {
    let shown = person.ok("POST", "/users/me/mfa/generate", Value::Null).await;
    let png = data_encoding::BASE64.decode(text(&shown, "qr_code").as_bytes()).unwrap();
    assert!(image::load_from_memory(&png).unwrap().width() > 100, "a picture to scan");
    let secret = text(&shown, "secret");
    let (status, refused) = person.call("PUT", "/users/me/mfa", json!({"activate": true, "code": "000000"})).await;
    assert_eq!((status, text(&refused, "id").as_str()), (StatusCode::BAD_REQUEST, "mfa.activate.bad_token.app_error"));
    person.ok("PUT", "/users/me/mfa", json!({"activate": true, "code": code(world, &secret)})).await;
    secret
}

const RIGHT: &str = "Correct-horse-9";
const NO_CODE: &str = "mfa.validate_token.authenticate.app_error";

#[tokio::test]
async fn a_code_opens_the_account_once_and_an_administrator_helps_who_lost_the_phone() {
    for world in worlds().await {
        let ana = arrive(&world.api, "ana", "").await;
        let bruno = arrive(&world.api, "bruno", "").await;
        let secret = set_up(&world, &bruno).await;
        assert_eq!(bruno.get("/users/me").await["mfa_active"], true, "{}", world.engine);
        assert!(ana.get("/users/me").await.get("mfa_active").is_none());

        world.clock.advance(60_000);
        let (status, _, asked) = log_in(&world, "bruno", RIGHT, "").await;
        assert_eq!((status, text(&asked, "id").as_str()), (StatusCode::UNAUTHORIZED, NO_CODE), "{}", world.engine);
        let (_, _, wrong) = log_in(&world, "bruno", "Wrong-horse-9", &code(&world, &secret)).await;
        assert_eq!(
            text(&wrong, "id"),
            "api.user.login.invalid_credentials_email_username",
            "the code alone says nothing"
        );

        let now = code(&world, &secret);
        assert_eq!(log_in(&world, "bruno", RIGHT, &now).await.0, StatusCode::OK, "{}", world.engine);
        let (status, _, replayed) = log_in(&world, "bruno", RIGHT, &now).await;
        assert_eq!((status, text(&replayed, "id").as_str()), (StatusCode::UNAUTHORIZED, NO_CODE), "{}", world.engine);
        world.clock.advance(30_000);
        assert_eq!(log_in(&world, "bruno", RIGHT, &code(&world, &secret)).await.0, StatusCode::OK);

        let path = format!("/users/{}/mfa", bruno.id);
        let (status, _) = bruno.call("PUT", &format!("/users/{}/mfa", ana.id), json!({"activate": false})).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{}", world.engine);
        ana.ok("PUT", &path, json!({"activate": false})).await;
        assert_eq!(log_in(&world, "bruno", RIGHT, "").await.0, StatusCode::OK, "{}", world.engine);
        let audits = ana.get("/audits").await;
        assert!(audits.as_array().unwrap().iter().any(|a| text(a, "action") == format!("/api/v4{path}")), "{audits}");
    }
}

#[tokio::test]
async fn a_site_may_ask_everybody_for_a_second_factor() {
    let accounts = Settings { enforce_mfa: true, ..Settings::default() };
    for world in worlds_with(Config { accounts, ..Config::default() }).await {
        let ana = arrive(&world.api, "ana", "").await;
        let (status, refused) = ana.call("GET", "/users/me/teams", Value::Null).await;
        let id = "api.context.mfa_required.app_error";
        assert_eq!((status, text(&refused, "id").as_str()), (StatusCode::UNAUTHORIZED, id), "{}", world.engine);
        assert_eq!(text(&ana.get("/users/me").await, "username"), "ana", "a client may find out who it is");
        set_up(&world, &ana).await;
        assert_eq!(ana.get("/users/me/teams").await, json!([]), "{}", world.engine);

        // A login service asks for its own; with it in between this site does not.
        let mut tx = world.site.db.write().await.unwrap();
        let new = Newcomer {
            service: "openid".into(),
            data: "7".into(),
            name: "Ana".into(),
            email: "ana@id.example".into(),
            ..Newcomer::default()
        };
        let user = chat::users::make_for_service(&world.site, &mut tx, new).await.unwrap();
        assert_eq!((user.username.as_str(), user.roles.as_str()), ("ana2", "system_user"), "{}", world.engine);
        let made = chat::auth::enter(&world.site, &mut tx, &user, &Entrance::default()).await.unwrap();
        tx.commit().await.unwrap();
        let other = Person { api: &world.api, token: made.token, id: user.id };
        assert_eq!(other.get("/users/me/teams").await, json!([]), "{}", world.engine);
    }
}

#[tokio::test]
async fn an_account_waits_after_wrong_passwords_and_opens_by_itself() {
    const LOCKED: &str = "api.user.check_user_login_attempts.too_many.app_error";
    for world in worlds_with(Config { max_login_attempts: 3, ..Config::default() }).await {
        let ana = arrive(&world.api, "ana", "").await;
        let bruno = arrive(&world.api, "bruno", "").await;
        // At the same moment, as a program would; the account lets three of them guess.
        let guesses = futures::future::join_all((0..6).map(|_| log_in(&world, "bruno", "Wrong-horse-9", ""))).await;
        let locked = guesses.iter().filter(|(_, _, body)| body["id"] == LOCKED).count();
        assert_eq!(locked, 3, "{}: {guesses:?}", world.engine);
        assert_eq!(text(&log_in(&world, "bruno", RIGHT, "").await.2, "id"), LOCKED, "{}", world.engine);
        assert_eq!(log_in(&world, "ana", RIGHT, "").await.0, StatusCode::OK, "others log in");

        world.clock.advance(11 * 60_000);
        assert_eq!(log_in(&world, "bruno", RIGHT, "").await.0, StatusCode::OK, "{}: by itself", world.engine);
        for _ in 0..3 {
            log_in(&world, "bruno", "Wrong-horse-9", "").await;
        }
        assert_eq!(text(&log_in(&world, "bruno", RIGHT, "").await.2, "id"), LOCKED, "{}", world.engine);
        let path = format!("/users/{}/reset_failed_attempts", bruno.id);
        assert_eq!(bruno.call("POST", &path, Value::Null).await.0, StatusCode::FORBIDDEN, "{}", world.engine);
        ana.ok("POST", &path, Value::Null).await;
        assert_eq!(log_in(&world, "bruno", RIGHT, "").await.0, StatusCode::OK, "{}: by an administrator", world.engine);
    }
}
