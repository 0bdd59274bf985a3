//! Settings that an administrator changes hold at once, and nothing else changes.

use crate::support::{open, worlds};
use axum::http::StatusCode;
use serde_json::{Value, json};

const MASK: &str = "********************************";

#[tokio::test]
async fn a_change_holds_at_once_and_is_on_record() {
    for world in worlds().await {
        let engine = world.engine;
        let mut heard = world.site.hub.tap();
        let whole = world.ana("GET", "/config", Value::Null).await;
        assert_eq!(whole["TeamSettings"]["SiteName"], "Field", "{engine}");
        // Tools send the whole back; nothing has changed then.
        assert_eq!(world.ana("PUT", "/config", whole.clone()).await, whole, "{engine}");
        let patch = json!({
            "TeamSettings": {"SiteName": "Harbour", "EnableOpenServer": false},
            "PasswordSettings": {"MinimumLength": 20},
            "ServiceSettings": {"EnableCustomEmoji": false, "EnableBotAccountCreation": false, "PostEditTimeLimit": 60},
            "MusterSettings": {"MaxPostSize": 100},
            "PrivacySettings": {"ShowEmailAddress": false},
            "EmailSettings": {"SMTPPassword": "hush", "SMTPServer": "mail.site.example"},
        });
        let after = world.ana("PUT", "/config/patch", patch).await;
        assert_eq!(after["EmailSettings"]["SMTPPassword"], MASK, "{engine}");
        let told = loop {
            let event = heard.recv().await.expect("an event");
            if event.event == "config_changed" {
                break event.data["config"].clone();
            }
        };
        assert_eq!(told["SiteName"], "Harbour", "{engine}");
        let client = world.ana("GET", "/config/client?format=old", Value::Null).await;
        assert_eq!((&client["SiteName"], &client["EnableCustomEmoji"]), (&json!("Harbour"), &json!("false")));
        assert_eq!(client["PasswordMinimumLength"], "20");

        let account =
            json!({"username": "carla", "email": "carla@site.example", "password": "Correct-horse-9-and-more"});
        let (status, refused) = crate::support::call(&world.api, "", "POST", "/users", account.clone()).await;
        assert_eq!((status, &refused["id"]), (StatusCode::FORBIDDEN, &json!("api.user.create_user.no_open_server")));
        let short = json!({"username": "carla", "email": "carla@site.example", "password": "Correct-horse-9"});
        let (status, _) = crate::support::call(&world.api, &world.ana.0, "POST", "/users", short).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{engine}: a short password");
        world.ana("POST", "/users", account).await;
        let (status, _) = world.bruno("POST", "/emoji", Value::Null).await;
        assert_eq!(status, StatusCode::NOT_IMPLEMENTED, "{engine}: custom emoji are off");
        let (_, seen) = world.bruno("GET", &format!("/users/{}", world.ana.1), Value::Null).await;
        assert_eq!(seen["email"], "", "{engine}: addresses are not shown");
        assert_eq!(world.site.config().mail.password, "hush");

        let team = world.ana("POST", "/teams", json!({"name": "quay", "display_name": "Quay", "type": "O"})).await;
        let path = format!("/teams/{}/channels/name/town-square", team["id"].as_str().unwrap());
        let square = world.ana("GET", &path, Value::Null).await["id"].clone();
        let post = world.ana("POST", "/posts", json!({"channel_id": square, "message": "helo"})).await;
        let long = json!({"channel_id": square, "message": "x".repeat(101)});
        let (status, _) = crate::support::call(&world.api, &world.ana.0, "POST", "/posts", long).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{engine}: a message over the new limit");
        let path = format!("/posts/{}/patch", post["id"].as_str().unwrap());
        world.ana("PUT", &path, json!({"message": "hello"})).await;
        world.clock.advance(61_000);
        let (status, late) =
            crate::support::call(&world.api, &world.ana.0, "PUT", &path, json!({"message": "hullo"})).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{engine}: {late}");
        assert_eq!(late["id"], "api.post.update_post.permissions_time_limit.app_error");

        let audits = world.ana("GET", "/audits?per_page=200", Value::Null).await.to_string();
        assert!(audits.contains("PasswordSettings.MinimumLength=20"), "{engine}: {audits}");
        assert!(audits.contains("EmailSettings.SMTPPassword=(secret)") && !audits.contains("hush"), "{engine}");
        // Writing the mask keeps the secret.
        world.ana("PUT", "/config", after).await;
        assert_eq!(world.site.config().mail.password, "hush", "{engine}");
        let (status, _) = world.bruno("GET", "/config", Value::Null).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{engine}");
    }
}

#[tokio::test]
async fn what_is_set_elsewhere_or_is_not_there_is_refused_whole() {
    for world in worlds().await {
        let engine = world.engine;
        let environment = world.ana("GET", "/config/environment", Value::Null).await;
        assert_eq!(environment, json!({"ServiceSettings": {"MaximumLoginAttempts": true}}), "{engine}");
        let refusals = [
            (json!({"ServiceSettings": {"MaximumLoginAttempts": 3}}), "flag --limits.max-login-attempts"),
            (json!({"LdapSettings": {"Enable": true}}), "LdapSettings.Enable"),
            (json!({"TeamSettings": {"SiteName": "x".repeat(31)}}), "TeamSettings.SiteName"),
            (json!({"TeamSettings": {"EnableOpenServer": "yes"}}), "true or false"),
        ];
        for (mut sent, named) in refusals {
            sent["PasswordSettings"] = json!({"MinimumLength": 30});
            let (status, body) =
                crate::support::call(&world.api, &world.ana.0, "PUT", "/config/patch", sent.clone()).await;
            assert_eq!(status, StatusCode::BAD_REQUEST, "{engine}: {sent}");
            assert!(body["message"].as_str().unwrap().contains(named), "{engine}: {body}");
        }
        let length = world.site.config().accounts.password_min_length;
        assert_eq!(length, 8, "{engine}: a refused change is made in part");
        world.ana("POST", "/config/reload", Value::Null).await;
    }
}

#[tokio::test]
async fn another_server_on_the_same_database_follows() {
    for world in worlds().await {
        let engine = world.engine;
        let other = open(world.site.db.clone(), &[]).await;
        world
            .ana(
                "PUT",
                "/config/patch",
                json!({"TeamSettings": {"SiteName": "Harbour"},
            "ServiceSettings": {"SiteURL": "https://chat.site.example/"}}),
            )
            .await;
        other.2.look(&other.0).await.unwrap();
        assert_eq!(other.0.config().site_name, "Harbour", "{engine}");
        assert_eq!(world.site.config().site_url, "", "{engine}: this needs a new start");
        let shown = world.ana("GET", "/config?remove_defaults=true", Value::Null).await;
        assert_eq!(shown["ServiceSettings"]["SiteURL"], "https://chat.site.example", "{engine}: {shown}");
        let later = open(world.site.db.clone(), &[]).await;
        assert_eq!(later.0.config().site_url, "https://chat.site.example", "{engine}: after a new start");
        other.4.cancel();
        later.4.cancel();
    }
}

#[tokio::test]
async fn who_holds_pages_of_the_console_sees_and_changes_those() {
    for world in worlds().await {
        let engine = world.engine;
        let role = world.ana("GET", "/roles/name/system_custom_group_admin", Value::Null).await;
        let pages = json!([
            "sysconsole_read_site_customization",
            "sysconsole_write_site_customization",
            "sysconsole_read_environment_smtp",
            "sysconsole_read_authentication_password"
        ]);
        let path = format!("/roles/{}/patch", role["id"].as_str().unwrap());
        world.ana("PUT", &path, json!({"permissions": pages})).await;
        let (status, _) = world.bruno("GET", "/config", Value::Null).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{engine}: before he holds the role");
        let roles = format!("/users/{}/roles", world.bruno.1);
        world.ana("PUT", &roles, json!({"roles": "system_user system_custom_group_admin"})).await;
        world.ana("PUT", "/config/patch", json!({"EmailSettings": {"SMTPPassword": "hush"}})).await;

        let (status, seen) = world.bruno("GET", "/config", Value::Null).await;
        assert_eq!(status, StatusCode::OK, "{engine}: {seen}");
        assert_eq!(seen["TeamSettings"]["SiteName"], "Field", "{engine}");
        assert_eq!(seen["EmailSettings"]["SMTPPassword"], MASK, "{engine}");
        let hidden = [
            ("TeamSettings", "EnableOpenServer"),
            ("EmailSettings", "FeedbackEmail"),
            ("ServiceSettings", "SiteURL"),
            ("SqlSettings", "DataSource"),
        ];
        for (section, name) in hidden {
            assert!(seen[section].get(name).is_none(), "{engine}: {section}.{name} is on a page that he does not hold");
        }
        let (_, elsewhere) = world.bruno("GET", "/config/environment", Value::Null).await;
        assert_eq!(elsewhere, json!({"ServiceSettings": {"MaximumLoginAttempts": true}}), "{engine}");

        // What he was shown he may send back; nothing of it changes.
        let (status, same) = world.bruno("PUT", "/config", seen.clone()).await;
        assert_eq!((status, &same), (StatusCode::OK, &seen), "{engine}");
        for sent in [
            json!({"PasswordSettings": {"MinimumLength": 30}}),
            json!({"EmailSettings": {"SMTPPassword": ""}}),
            json!({"TeamSettings": {"EnableOpenServer": false}}),
        ] {
            let mut sent = sent;
            sent["TeamSettings"]["SiteName"] = json!("Pirates");
            let (status, refused) = world.bruno("PUT", "/config/patch", sent).await;
            assert_eq!(status, StatusCode::FORBIDDEN, "{engine}: {refused}");
            assert!(refused["message"].as_str().unwrap().contains("Settings."), "{engine}: {refused}");
        }
        assert_eq!(world.site.config().site_name, "Field", "{engine}: a refused change is made in part");
        assert_eq!(world.site.config().mail.password, "hush", "{engine}");
        let (status, after) =
            world.bruno("PUT", "/config/patch", json!({"TeamSettings": {"SiteName": "Harbour"}})).await;
        assert_eq!((status, &after["TeamSettings"]["SiteName"]), (StatusCode::OK, &json!("Harbour")), "{engine}");
        assert_eq!(world.site.config().site_name, "Harbour", "{engine}");
        let (status, _) = world.bruno("POST", "/config/reload", Value::Null).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{engine}: that is another permission");

        // Who only looks sees every page, and changes none.
        world.ana("PUT", &roles, json!({"roles": "system_user system_read_only_admin"})).await;
        let (_, seen) = world.bruno("GET", "/config", Value::Null).await;
        assert!(seen["TeamSettings"].get("EnableOpenServer").is_some(), "{engine}: {seen}");
        let (status, _) = world.bruno("PUT", "/config/patch", json!({"TeamSettings": {"SiteName": "Sea"}})).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{engine}");
    }
}
