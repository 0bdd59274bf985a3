//! A build server that tells a team how its builds go.

use crate::support::{post, said, team, text, worlds, worlds_with};
use axum::http::StatusCode;
use integrations::Config;
use serde_json::{Value, json};

const JSON: &str = "application/json";

#[tokio::test]
async fn a_build_server_speaks_in_a_channel() {
    for world in worlds().await {
        let team = team(&world).await;
        let new = json!({"channel_id": team.square, "display_name": "CI", "username": "builder", "icon_url": "http://ci.lan/i.png"});
        let (status, hook) = team.ana.call("POST", "/hooks/incoming", new).await;
        assert_eq!(status, StatusCode::CREATED, "{hook}");
        let path = format!("/hooks/{}", text(&hook, "id"));

        let bodies: [(&str, String); 4] = [
            (JSON, json!({"text": "<!channel> see <http://ci.lan/1|build 1>"}).to_string()),
            ("application/x-www-form-urlencoded", "payload=%7B%22text%22%3A%22build+2%22%7D".into()),
            (
                "multipart/form-data; boundary=x",
                "--x\r\nContent-Disposition: form-data; name=\"payload\"\r\n\r\n{\"text\":\"build 3\"}\r\n--x--\r\n".into(),
            ),
            (
                JSON,
                json!({"username": "release", "attachments": [{"color": "good", "fields": [{"title": "n", "value": 4}]}],
                       "props": {"card": "more"}})
                .to_string(),
            ),
        ];
        for (kind, body) in bodies {
            world.clock.advance(1);
            assert_eq!(post(&world.api, &path, kind, body).await, (StatusCode::OK, "ok".into()), "{}", world.engine);
        }
        let posts = said(&team.bruno, &team.square).await;
        let messages: Vec<&str> = posts.iter().map(|p| p["message"].as_str().unwrap()).collect();
        assert_eq!(messages, ["@channel see [build 1](http://ci.lan/1)", "build 2", "build 3", ""]);
        let props = &posts[0]["props"];
        assert_eq!((&props["from_webhook"], &props["override_username"]), (&json!("true"), &json!("builder")));
        assert_eq!(props["override_icon_url"], "http://ci.lan/i.png");
        assert_eq!(posts[3]["props"]["override_username"], "release");
        assert_eq!(posts[3]["props"]["card"], "more");
        assert_eq!(posts[3]["props"]["attachments"][0]["fields"][0]["value"], "4");
        assert_eq!(posts[3]["metadata"]["embeds"][0]["type"], "message_attachment");
        let used = team.ana.get(&format!("/hooks/incoming/{}", text(&hook, "id"))).await;
        assert_eq!(used["last_used"], world.clock.now_ms());

        let long = "word ".repeat(5000);
        assert_eq!(post(&world.api, &path, JSON, json!({"text": long}).to_string()).await.0, StatusCode::OK);
        let posts = said(&team.bruno, &team.square).await;
        assert_eq!(posts.len(), 6, "25,000 characters need two posts");

        team.ana.ok("DELETE", &format!("/hooks/incoming/{}", text(&hook, "id")), Value::Null).await;
        let (status, body) = post(&world.api, &path, JSON, "{\"text\":\"late\"}").await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert!(body.contains("web.incoming_webhook.invalid.app_error"), "{body}");
    }
}

#[tokio::test]
async fn a_message_goes_where_its_owner_may_read() {
    for world in worlds().await {
        let team = team(&world).await;
        let make =
            |name: &str, kind: &str| json!({"team_id": team.id, "name": name, "display_name": name, "type": kind});
        let open = text(&team.bruno.ok("POST", "/channels", make("alerts", "O")).await, "id");
        team.bruno.ok("POST", "/channels", make("secret", "P")).await;
        let new = json!({"channel_id": team.square});
        let hook = text(&team.ana.ok("POST", "/hooks/incoming", new.clone()).await, "id");
        let path = format!("/hooks/{hook}");
        let send = async |channel: &str| {
            post(&world.api, &path, JSON, json!({"text": "fire", "channel": channel}).to_string()).await
        };
        for channel in ["alerts", "#alerts", &open] {
            world.clock.advance(1);
            assert_eq!(send(channel).await.0, StatusCode::OK, "{channel}");
        }
        assert_eq!(said(&team.bruno, &open).await.len(), 3);
        assert_eq!(said(&team.bruno, &open).await[0]["props"]["override_username"], "webhook");
        assert_eq!(send("@bruno").await.0, StatusCode::OK);
        let direct = team.bruno.ok("POST", "/channels/direct", json!([team.ana.id, team.bruno.id])).await;
        assert_eq!(said(&team.bruno, &text(&direct, "id")).await.len(), 1);
        for (channel, status, id) in [
            ("nowhere", StatusCode::NOT_FOUND, "web.incoming_webhook.channel.app_error"),
            ("@nobody", StatusCode::BAD_REQUEST, "web.incoming_webhook.user.app_error"),
        ] {
            let (got, body) = send(channel).await;
            assert_eq!(got, status);
            assert!(body.contains(id), "{body}");
        }
        for (body, id) in [("{}", "text.app_error"), ("{\"text\":", "parse.app_error"), ("", "parse.app_error")] {
            let (got, answer) = post(&world.api, &path, JSON, body).await;
            assert_eq!(got, StatusCode::BAD_REQUEST);
            assert!(answer.contains(&format!("web.incoming_webhook.{id}")), "{answer}");
        }
        let locked = json!({"id": hook, "channel_id": team.square, "channel_locked": true});
        team.ana.ok("PUT", &format!("/hooks/incoming/{hook}"), locked).await;
        let (got, body) = send("alerts").await;
        assert_eq!(got, StatusCode::FORBIDDEN);
        assert!(body.contains("web.incoming_webhook.channel_locked.app_error"), "{body}");

        // Bruno, who administers nothing, cannot make or see one; as team administrator he owns his and sees all.
        for (method, path, body) in [
            ("POST", "/hooks/incoming".to_owned(), new.clone()),
            ("GET", format!("/hooks/incoming?team_id={}", team.id), Value::Null),
            ("GET", format!("/hooks/incoming/{hook}"), Value::Null),
            ("DELETE", format!("/hooks/incoming/{hook}"), Value::Null),
        ] {
            assert_eq!(team.bruno.call(method, &path, body).await.0, StatusCode::FORBIDDEN, "{method} {path}");
        }
        let list = team.ana.get(&format!("/hooks/incoming?team_id={}&include_total_count=true", team.id)).await;
        assert_eq!((&list["total_count"], list["incoming_webhooks"].as_array().unwrap().len()), (&json!(1), 1));
    }
}

#[tokio::test]
async fn a_private_channel_of_others_and_a_flood_are_refused() {
    for world in worlds_with(Config { hook_messages_per_minute: 2, ..Config::default() }).await {
        let team = team(&world).await;
        let path = format!("/teams/{}/members/{}/roles", team.id, team.bruno.id);
        let (status, _) = team.ana.call("PUT", &path, json!({"roles": "team_user team_admin"})).await;
        assert_eq!(status, StatusCode::OK);
        let new = json!({"team_id": team.id, "name": "secret", "display_name": "Secret", "type": "P"});
        team.ana.ok("POST", "/channels", new).await;
        let hook = text(&team.bruno.ok("POST", "/hooks/incoming", json!({"channel_id": team.square})).await, "id");
        let send = async |body: Value| post(&world.api, &format!("/hooks/{hook}"), JSON, body.to_string()).await;
        let (status, body) = send(json!({"text": "psst", "channel": "secret"})).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{body}");
        assert!(body.contains("web.incoming_webhook.permissions.app_error"), "{body}");
        assert_eq!(send(json!({"text": "one"})).await.0, StatusCode::OK);
        assert_eq!(send(json!({"text": "two"})).await.0, StatusCode::TOO_MANY_REQUESTS);
    }
}
