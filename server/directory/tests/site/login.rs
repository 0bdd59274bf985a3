//! Coming in by the directory.

use crate::support::{Slapd, places, text};
use axum::http::StatusCode;
use serde_json::{Value, json};
use totp_rs::{Builder, Secret};

const WRONG: &str = "api.user.login.invalid_credentials_email_username";

#[tokio::test]
async fn people_of_the_directory_come_in_with_their_names_and_passwords() {
    let slapd = Slapd::start();
    for place in places(&slapd.config()).await {
        let engine = place.engine;
        let told = place.ok("", "GET", "/config/client?format=old", Value::Null).await;
        assert_eq!((&told["EnableLdap"], &told["LdapLoginFieldName"]), (&json!("true"), &json!("Field name")));
        assert_eq!(place.get("/license/client?format=old").await["LDAPGroups"], "true");

        assert_eq!(place.turned_away("bruno", "wrong-Pass-9").await, (401, WRONG.into()), "{engine}");
        // A name is a name, whatever signs are in it.
        for name in ["bru*", "*", "bruno)(uid=*", "nobody)(|(uid=bruno)"] {
            assert_eq!(place.turned_away(name, "bruno-Pass-9").await, (401, WRONG.into()), "{engine}: {name}");
        }
        let blank = place.turned_away("bruno", "").await;
        assert_eq!(blank.1, "api.user.login.blank_pwd.app_error", "{engine}");
        assert_eq!(place.get("/users/stats").await["total_users_count"], 1, "{engine}: nobody new");

        let user = place.comes("bruno").await;
        let expected = json!(["bruno", "ldap", "bruno@field.example", "Bruno", "Field", "Nurse", "system_user"]);
        let found: Vec<&Value> = ["username", "auth_service", "email", "first_name", "last_name", "position", "roles"]
            .iter()
            .map(|key| &user[*key])
            .collect();
        assert_eq!(json!(found), expected, "{engine}");
        assert_eq!(text(&user, "auth_data").len(), 36, "{engine}: an entryUUID: {user}");
        let again = place.token("bruno@field.example", "bruno-Pass-9").await;
        assert_eq!(place.ok(&again, "GET", "/users/me", Value::Null).await["id"], user["id"], "{engine}: the same one");

        // Under its own password the site's account is as it was, unless only the directory is asked.
        assert_eq!(place.log_in("root", "Correct-horse-9").await.0, StatusCode::OK, "{engine}");
        let only = json!({"login_id": "root", "password": "Correct-horse-9", "ldap_only": true});
        assert_eq!(place.refused("", "POST", "/users/login", only).await.0, 401, "{engine}");

        // What the directory says is changed there.
        let patch = json!({"first_name": "B."});
        let refused = place.refused(&again, "PUT", "/users/me/patch", patch).await;
        let id = "api.user.update_user.login_provider_attribute_set.app_error";
        assert_eq!(refused, (409, id.into()), "{engine}");
        place.ok(&again, "PUT", "/users/me/patch", json!({"nickname": "Bru"})).await;
        let password = json!({"current_password": "bruno-Pass-9", "new_password": "Correct-horse-9"});
        let refused = place.refused(&again, "PUT", "/users/me/password", password).await;
        assert_eq!(refused.1, "api.user.update_password.oauth.app_error", "{engine}");
    }
}

#[tokio::test]
async fn limits_second_factors_and_deactivation_hold_for_them_too() {
    let slapd = Slapd::start();
    for place in places(&slapd.config()).await {
        let engine = place.engine;
        let carla = place.comes("carla").await;
        for _ in 0..3 {
            assert_eq!(place.turned_away("carla", "wrong-Pass-9").await.1, WRONG, "{engine}");
        }
        let locked = place.turned_away("carla", "carla-Pass-9").await.1;
        assert_eq!(locked, "api.user.check_user_login_attempts.too_many.app_error", "{engine}");
        place.clock.advance(11 * 60 * 1000);
        let token = place.token("carla", "carla-Pass-9").await;

        let secret = text(&place.ok(&token, "POST", "/users/me/mfa/generate", Value::Null).await, "secret");
        let code = || {
            let totp = Builder::new().with_secret(Secret::try_from_base32(&secret).unwrap()).build().unwrap();
            totp.generate(u64::try_from(place.clock.now_ms() / 1000).unwrap()).to_string()
        };
        place.ok(&token, "PUT", "/users/me/mfa", json!({"activate": true, "code": code()})).await;
        place.clock.advance(60_000);
        let asked = place.turned_away("carla", "carla-Pass-9").await.1;
        assert_eq!(asked, "mfa.validate_token.authenticate.app_error", "{engine}");
        let login = json!({"login_id": "carla", "password": "carla-Pass-9", "token": code()});
        place.ok("", "POST", "/users/login", login).await;

        let path = format!("/users/{}/active", text(&carla, "id"));
        place.ok(&place.root, "PUT", &path, json!({"active": false})).await;
        assert_eq!(place.turned_away("carla", "carla-Pass-9").await.1, "api.user.login.inactive.app_error", "{engine}");
        assert_eq!(place.turned_away("carla", "wrong-Pass-9").await.1, WRONG, "{engine}");
    }
}

#[tokio::test]
async fn nobody_gets_the_account_of_somebody_else() {
    let slapd = Slapd::start();
    for place in places(&slapd.config()).await {
        let engine = place.engine;
        let account = json!({"username": "bruno", "email": "b@site.example", "password": "Correct-horse-9"});
        place.ok("", "POST", "/users", account).await;
        assert_eq!(place.turned_away("bruno", "bruno-Pass-9").await.1, WRONG, "{engine}: the site's own account");
        let only = json!({"login_id": "bruno", "password": "bruno-Pass-9", "ldap_only": true});
        let refused = place.refused("", "POST", "/users/login", only).await;
        assert_eq!(refused, (400, "ent.ldap.save_user.username_exists.ldap_app_error".into()), "{engine}");

        // Both passwords make it the directory's, and back.
        let switch = |current: &str, new: &str, password: &str, new_password: &str| {
            json!({"current_service": current, "new_service": new, "email": if current == "ldap" { "bruno@field.example" } else { "b@site.example" },
                "password": password, "ldap_id": "bruno", "new_password": new_password})
        };
        let path = "/users/login/switch";
        for (old, new) in [("wrong-Pass-9", "bruno-Pass-9"), ("Correct-horse-9", "wrong-Pass-9")] {
            assert_eq!(place.refused("", "POST", path, switch("email", "ldap", old, new)).await.0, 401, "{engine}");
        }
        // They counted as failed logins of his; ten minutes later he has three again.
        place.clock.advance(11 * 60 * 1000);
        place.ok("", "POST", path, switch("email", "ldap", "Correct-horse-9", "bruno-Pass-9")).await;
        let user = place.comes("bruno").await;
        assert_eq!(
            (&user["auth_service"], &user["email"]),
            (&json!("ldap"), &json!("bruno@field.example")),
            "{engine}"
        );
        assert_eq!(place.turned_away("bruno", "Correct-horse-9").await.1, WRONG, "{engine}");
        place.ok("", "POST", path, switch("ldap", "email", "bruno-Pass-9", "Correct-horse-8")).await;
        assert_eq!(place.turned_away("bruno", "bruno-Pass-9").await.1, WRONG, "{engine}");
        let (_, _, user) = place.log_in("bruno", "Correct-horse-8").await;
        assert_eq!(user["auth_service"], "", "{engine}");

        // All accounts at once.
        let migrate = json!({"from": "email", "match_field": "username", "force": false});
        assert_eq!(
            place.refused(&place.root, "POST", "/users/migrate_auth/ldap", migrate).await.0,
            400,
            "{engine}: root"
        );
        place
            .post("/users/migrate_auth/ldap", json!({"from": "email", "match_field": "username", "force": true}))
            .await;
        assert_eq!(place.comes("bruno").await["id"], user["id"], "{engine}");
        assert_eq!(place.log_in("root", "Correct-horse-9").await.0, StatusCode::OK, "{engine}");
    }
}

#[tokio::test]
async fn a_directory_that_is_away_keeps_its_own_people_out_only() {
    let slapd = Slapd::start();
    let config = slapd.config();
    for place in places(&config).await {
        place.comes("bruno").await;
    }
    let tried = json!({"LdapServer": "127.0.0.1", "LdapPort": slapd.port, "BaseDN": "dc=nowhere"});
    let places = places(&config).await;
    let refused = places[0].refused(&places[0].root, "POST", "/ldap/test_connection", tried).await;
    assert_eq!(refused.0, 503, "no such base");
    drop(slapd);
    for place in places {
        let engine = place.engine;
        let away = (503, "ent.ldap.do_login.unable_to_connect.app_error".to_owned());
        for _ in 0..5 {
            // Nobody has failed, so that nobody is locked out by it.
            assert_eq!(place.turned_away("bruno", "bruno-Pass-9").await, away, "{engine}");
        }
        assert_eq!(place.log_in("root", "Correct-horse-9").await.0, StatusCode::OK, "{engine}");
        let (status, id) = place.refused(&place.root, "POST", "/ldap/test", Value::Null).await;
        assert_eq!((status, id), (503, away.1), "{engine}");
    }
    let found = directory::examine(&config).await.unwrap();
    assert!(found.found.contains("cannot be reached"), "{found:?}");
}

#[tokio::test]
async fn pictures_come_along() {
    let slapd = Slapd::start();
    slapd.set_picture("bruno").await;
    let config = directory::Config { picture_attribute: "jpegPhoto".into(), ..slapd.config() };
    for place in places(&config).await {
        let engine = place.engine;
        let id = text(&place.comes("bruno").await, "id");
        let set = place.get(&format!("/users/{id}")).await["last_picture_update"].clone();
        assert!(set.as_i64().is_some_and(|at| at > 0), "{engine}: {set}");
        place.clock.advance(1000);
        place.comes("bruno").await;
        let again = place.get(&format!("/users/{id}")).await["last_picture_update"].clone();
        assert_eq!(again, set, "{engine}: the same picture is not made again");
    }
}
