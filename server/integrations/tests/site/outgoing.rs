//! A program that is told what is said, and answers.

use crate::support::{Ear, Program, said, team, text, worlds, worlds_with};
use axum::http::StatusCode;
use integrations::Config;
use serde_json::{Value, json};

#[tokio::test]
async fn a_program_hears_its_word_and_answers_in_the_thread() {
    for world in worlds().await {
        let team = team(&world).await;
        let program = Program::saying(
            json!({"text": "building <!here>", "response_type": "comment", "username": "ci", "attachments": [{"text": "1 %"}]}),
        )
        .await;
        let new = json!({"team_id": team.id, "trigger_words": ["build"], "callback_urls": [program.url], "display_name": "CI"});
        let (status, hook) = team.ana.call("POST", "/hooks/outgoing", new.clone()).await;
        assert_eq!(status, StatusCode::CREATED, "{hook}");
        let mut ear = Ear::open(&world, &team.ana.id).await;
        team.bruno.says(&team.square, "", "nothing to do").await;
        let post = team.bruno.says(&team.square, "", "build it now").await;
        let asked = program.asked().await;
        assert_eq!(asked.headers["content-type"], "application/x-www-form-urlencoded");
        let form = asked.form();
        for (key, value) in [
            ("token", text(&hook, "token")),
            ("team_domain", "field".into()),
            ("channel_name", "town-square".into()),
            ("user_name", "bruno".into()),
            ("post_id", text(&post, "id")),
            ("text", "build it now".into()),
            ("trigger_word", "build".into()),
            ("timestamp", post["create_at"].to_string()),
        ] {
            assert_eq!(form[key], value, "{key}");
        }
        ear.hear("posted").await;
        ear.hear("posted").await;
        let event = ear.hear("posted").await;
        let answer: Value = serde_json::from_str(event["data"]["post"].as_str().unwrap()).unwrap();
        assert_eq!((&answer["root_id"], &answer["message"]), (&post["id"], &json!("building @here")));
        assert_eq!(answer["props"]["override_username"], "ci");
        assert_eq!(answer["props"]["attachments"][0]["text"], "1 %");
        assert_eq!(said(&team.ana, &team.square).await.len(), 3, "the answer is stored, and told to no webhook");
        assert!(program.idle().await);

        // With another token and content type; the same again would answer twice.
        let path = format!("/hooks/outgoing/{}", text(&hook, "id"));
        let (status, body) = team.ana.call("POST", "/hooks/outgoing", new).await;
        assert_eq!(
            (status, &body["id"]),
            (StatusCode::BAD_REQUEST, &json!("api.webhook.create_outgoing.intersect.app_error"))
        );
        let fresh = team.ana.ok("POST", &format!("{path}/regen_token"), Value::Null).await;
        assert_ne!(fresh["token"], hook["token"]);
        let mut changed = fresh.clone();
        changed["content_type"] = "application/json".into();
        changed["trigger_when"] = 1.into();
        team.ana.ok("PUT", &path, changed).await;
        team.bruno.says(&team.square, "", "builds again").await;
        assert_eq!(program.asked().await.json()["token"], fresh["token"]);
        team.ana.ok("DELETE", &path, Value::Null).await;
        assert_eq!(team.ana.get(&format!("/hooks/outgoing?team_id={}", team.id)).await, json!([]));
        assert_eq!(team.ana.call("GET", &path, Value::Null).await.0, StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn private_channels_and_the_server_itself_are_out_of_reach() {
    for world in worlds_with(Config::default()).await {
        let team = team(&world).await;
        let private = json!({"team_id": team.id, "name": "secret", "display_name": "S", "type": "P"});
        let private = text(&team.ana.ok("POST", "/channels", private).await, "id");
        let new = |channel: &str, address: &str| json!({"team_id": team.id, "channel_id": channel, "callback_urls": [address], "display_name": "x"});
        for (body, status, id) in [
            (
                new(&private, "http://10.0.0.9/"),
                StatusCode::FORBIDDEN,
                "api.webhook.create_outgoing.not_open.app_error",
            ),
            (new("", "http://10.0.0.9/"), StatusCode::BAD_REQUEST, "api.webhook.create_outgoing.triggers.app_error"),
            (
                new(&team.square, "ftp://10.0.0.9/"),
                StatusCode::BAD_REQUEST,
                "model.outgoing_hook.is_valid.url.app_error",
            ),
            (
                new(&team.square, "http://127.0.0.1:8045/"),
                StatusCode::BAD_REQUEST,
                "api.context.invalid_body_param.app_error",
            ),
            (
                new(&team.square, "http://[::ffff:7f00:1]/"),
                StatusCode::BAD_REQUEST,
                "api.context.invalid_body_param.app_error",
            ),
        ] {
            let (got, answer) = team.ana.call("POST", "/hooks/outgoing", body).await;
            assert_eq!((got, answer["id"].as_str()), (status, Some(id)), "{answer}");
        }
        let (status, _) = team.bruno.call("POST", "/hooks/outgoing", new(&team.square, "http://10.0.0.9/")).await;
        assert_eq!(status, StatusCode::FORBIDDEN);
    }
}
