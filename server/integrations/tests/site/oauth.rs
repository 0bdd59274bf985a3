//! A calendar that people let act for them.

use crate::support::{Person, World, call, post, team, text, worlds};
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use tower::ServiceExt;

const FORM: &str = "application/x-www-form-urlencoded";
const BACK: &str = "http://calendar.lan/back";

fn form(fields: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

fn query(location: &str) -> BTreeMap<String, String> {
    url::Url::parse(location).unwrap().query_pairs().into_owned().collect()
}

/// What a browser with the session of `person` gets: status, where it is sent, and the page.
async fn browse(
    world: &World,
    person: Option<&Person<'_>>,
    path: &str,
    body: Option<String>,
) -> (StatusCode, String, String) {
    let mut request = Request::builder().method(if body.is_some() { "POST" } else { "GET" }).uri(path);
    if let Some(person) = person {
        request = request.header("cookie", format!("MMAUTHTOKEN={}", person.token));
    }
    let request = request.header("content-type", FORM).body(body.map_or_else(Body::empty, Body::from)).unwrap();
    let answer = world.api.clone().oneshot(request).await.unwrap();
    let location = answer.headers().get(header::LOCATION).map(|v| v.to_str().unwrap().to_owned()).unwrap_or_default();
    let status = answer.status();
    (status, location, String::from_utf8(to_bytes(answer.into_body(), 1 << 20).await.unwrap().to_vec()).unwrap())
}

async fn token(world: &World, fields: &[(&str, &str)]) -> (StatusCode, Value) {
    let (status, body) = post(&world.api, "/oauth/access_token", FORM, form(fields)).await;
    (status, serde_json::from_str(&body).unwrap())
}

/// The fields of the form on a page.
fn fields(page: &str) -> Vec<(String, String)> {
    let value =
        |text: &str, key: &str| text.split(&format!("{key}=\"")).nth(1).unwrap().split('"').next().unwrap().to_owned();
    page.split("<input ").skip(1).map(|input| (value(input, "name"), value(input, "value"))).collect()
}

fn app() -> Value {
    json!({"name": "Calendar", "description": "Meets", "callback_urls": [BACK], "homepage": "http://calendar.lan"})
}

#[tokio::test]
async fn a_user_lets_a_calendar_act_and_takes_it_back() {
    for world in worlds().await {
        let team = team(&world).await;
        let (status, app) = team.ana.call("POST", "/oauth/apps", app()).await;
        assert_eq!(status, StatusCode::CREATED, "{app}");
        let (id, secret) = (text(&app, "id"), text(&app, "client_secret"));
        let path = format!(
            "/oauth/authorize?{}",
            form(&[("response_type", "code"), ("client_id", &id), ("redirect_uri", BACK), ("state", "s 1")])
        );
        let (status, location, _) = browse(&world, None, &path, None).await;
        assert_eq!(status, StatusCode::SEE_OTHER);
        assert!(location.starts_with("/login?redirect_to=%2Foauth%2Fauthorize%3F"), "{location}");

        // The page asks; without the session's own secret nobody can say yes for Bruno.
        let (status, _, page) = browse(&world, Some(&team.bruno), &path, None).await;
        assert_eq!(status, StatusCode::OK);
        assert!(page.contains("Allow Calendar?") && page.contains("@bruno"), "{page}");
        let filled = fields(&page);
        let forged: Vec<(&str, &str)> =
            filled.iter().map(|(k, v)| (k.as_str(), if k == "csrf" { "x" } else { v.as_str() })).collect();
        assert_eq!(
            browse(&world, Some(&team.bruno), "/oauth/authorize", Some(form(&forged))).await.0,
            StatusCode::FORBIDDEN
        );
        let own: Vec<(&str, &str)> = filled.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        let (status, location, _) = browse(&world, Some(&team.bruno), "/oauth/authorize", Some(form(&own))).await;
        assert_eq!(status, StatusCode::SEE_OTHER);
        let back = query(&location);
        assert!(location.starts_with(BACK) && back["state"] == "s 1", "{location}");

        let exchange = [
            ("grant_type", "authorization_code"),
            ("client_id", id.as_str()),
            ("code", back["code"].as_str()),
            ("redirect_uri", BACK),
        ];
        let with = |secret: &'static str| [&exchange[..], &[("client_secret", secret)]].concat();
        assert_eq!(token(&world, &with("wrong")).await.0, StatusCode::UNAUTHORIZED);
        let right = [&exchange[..], &[("client_secret", secret.as_str())]].concat();
        let (status, first) = token(&world, &right).await;
        assert_eq!(
            (status, &first["token_type"], &first["expires_in"]),
            (StatusCode::OK, &json!("bearer"), &json!(43200))
        );
        assert_eq!(token(&world, &right).await.1["error"], "invalid_grant", "a code is good once");
        let access = text(&first, "access_token");
        let (_, _, me) = call(&world.api, "GET", "/users/me", Value::Null, Some(&access)).await;
        assert_eq!(me["username"], "bruno");
        let sessions = team.bruno.get("/users/me/sessions").await;
        let session = sessions.as_array().unwrap().iter().find(|s| s["is_oauth"] == true).unwrap();
        assert_eq!(session["props"]["platform"], "Calendar");
        let apps = team.bruno.get("/users/me/oauth/apps/authorized").await;
        assert_eq!((&apps[0]["name"], &apps[0]["client_secret"]), (&json!("Calendar"), &json!("")));

        // It may not make itself at home.
        let (status, _, _) =
            call(&world.api, "POST", "/users/me/tokens", json!({"description": "mine"}), Some(&access)).await;
        assert_eq!(status, StatusCode::FORBIDDEN);

        // The token ends, however much it is used; its refresh token gets another, once.
        world.clock.advance(11 * 3_600_000);
        assert_eq!(call(&world.api, "GET", "/users/me", Value::Null, Some(&access)).await.0, StatusCode::OK);
        world.clock.advance(2 * 3_600_000);
        assert_eq!(call(&world.api, "GET", "/users/me", Value::Null, Some(&access)).await.0, StatusCode::UNAUTHORIZED);
        let old = text(&first, "refresh_token");
        let refresh = [
            ("grant_type", "refresh_token"),
            ("client_id", id.as_str()),
            ("client_secret", secret.as_str()),
            ("refresh_token", old.as_str()),
        ];
        let (status, second) = token(&world, &refresh).await;
        assert_eq!(status, StatusCode::OK, "{second}");
        assert_eq!(token(&world, &refresh).await.1["error"], "invalid_grant");

        // Allowed once, Bruno is not asked again; taken back, it is over at once.
        assert_eq!(browse(&world, Some(&team.bruno), &path, None).await.0, StatusCode::SEE_OTHER);
        let access = text(&second, "access_token");
        let taken_back =
            Request::builder().method("POST").uri("/oauth/deauthorize").header("content-type", "application/json");
        let taken_back = taken_back.header("authorization", format!("Bearer {}", team.bruno.token));
        let taken_back = taken_back.body(Body::from(json!({"client_id": id}).to_string())).unwrap();
        assert_eq!(world.api.clone().oneshot(taken_back).await.unwrap().status(), StatusCode::OK);
        assert_eq!(call(&world.api, "GET", "/users/me", Value::Null, Some(&access)).await.0, StatusCode::UNAUTHORIZED);
        assert_eq!(team.bruno.get("/users/me/oauth/apps/authorized").await, json!([]));
        assert_eq!(browse(&world, Some(&team.bruno), &path, None).await.0, StatusCode::OK, "he is asked again");
    }
}

#[tokio::test]
async fn an_app_on_a_phone_proves_itself_with_pkce() {
    for world in worlds().await {
        let team = team(&world).await;
        let mut new = app();
        new["is_public"] = true.into();
        new["callback_urls"] = json!(["org.example.calendar:/back"]);
        let app = team.ana.ok("POST", "/oauth/apps", new).await;
        assert_eq!(app["client_secret"], "");
        let id = text(&app, "id");
        let verifier = "v".repeat(50);
        let challenge = BASE64URL_NOPAD.encode(&Sha256::digest(verifier.as_bytes()));
        let asked = json!({"response_type": "code", "client_id": id, "redirect_uri": "org.example.calendar:/back",
                           "state": "x", "code_challenge": challenge, "code_challenge_method": "S256"});
        let allow = async |asked: &Value| {
            let request =
                Request::builder().method("POST").uri("/oauth/authorize").header("content-type", "application/json");
            let request = request.header("authorization", format!("Bearer {}", team.bruno.token));
            let answer = world.api.clone().oneshot(request.body(Body::from(asked.to_string())).unwrap()).await.unwrap();
            let status = answer.status();
            (status, serde_json::from_slice::<Value>(&to_bytes(answer.into_body(), 1 << 16).await.unwrap()).unwrap())
        };
        let mut bare = asked.clone();
        bare["code_challenge"] = "".into();
        assert_eq!(allow(&bare).await.0, StatusCode::BAD_REQUEST, "a public client needs PKCE");
        let mut elsewhere = asked.clone();
        elsewhere["redirect_uri"] = "http://evil.example/".into();
        assert_eq!(allow(&elsewhere).await.1["id"], "api.oauth.allow_oauth.redirect_callback.app_error");
        for (verifier, status) in [("w".repeat(50), StatusCode::BAD_REQUEST), (verifier, StatusCode::OK)] {
            let (_, allowed) = allow(&asked).await;
            let code = query(&text(&allowed, "redirect"))["code"].clone();
            let fields = [
                ("grant_type", "authorization_code"),
                ("client_id", id.as_str()),
                ("code", &code),
                ("redirect_uri", "org.example.calendar:/back"),
                ("code_verifier", &verifier),
            ];
            assert_eq!(token(&world, &fields).await.0, status);
        }
        let (_, found) = {
            let answer = world
                .api
                .clone()
                .oneshot(Request::get("/.well-known/oauth-authorization-server").body(Body::empty()).unwrap())
                .await
                .unwrap();
            (
                answer.status(),
                serde_json::from_slice::<Value>(&to_bytes(answer.into_body(), 1 << 16).await.unwrap()).unwrap(),
            )
        };
        assert_eq!(
            (&found["issuer"], &found["code_challenge_methods_supported"]),
            (&json!("http://chat.example"), &json!(["S256"]))
        );
    }
}

#[tokio::test]
async fn only_administrators_make_applications() {
    for world in worlds().await {
        let team = team(&world).await;
        assert_eq!(team.bruno.call("POST", "/oauth/apps", app()).await.0, StatusCode::FORBIDDEN);
        let made = team.ana.ok("POST", "/oauth/apps", app()).await;
        let path = format!("/oauth/apps/{}", text(&made, "id"));
        assert_eq!(team.bruno.call("GET", &path, Value::Null).await.0, StatusCode::FORBIDDEN);
        let info = team.bruno.get(&format!("{path}/info")).await;
        assert_eq!((&info["name"], &info["client_secret"]), (&json!("Calendar"), &json!("")));
        assert_eq!(team.ana.get("/oauth/apps").await.as_array().unwrap().len(), 1);
        let fresh = team.ana.ok("POST", &format!("{path}/regen_secret"), Value::Null).await;
        assert_ne!(fresh["client_secret"], made["client_secret"]);
        let mut bad = made.clone();
        bad["callback_urls"] = json!(["javascript:alert(1)"]);
        let (status, body) = team.ana.call("PUT", &path, bad).await;
        assert_eq!(
            (status, body["id"].as_str()),
            (StatusCode::BAD_REQUEST, Some("model.oauth.is_valid.callback.app_error"))
        );
        let mut named = made.clone();
        named["name"] = "Agenda".into();
        assert_eq!(team.ana.ok("PUT", &path, named).await["name"], "Agenda");
        team.ana.ok("DELETE", &path, Value::Null).await;
        assert_eq!(team.ana.call("GET", &path, Value::Null).await.0, StatusCode::NOT_FOUND);
    }
}
