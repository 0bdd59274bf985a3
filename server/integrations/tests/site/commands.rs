//! `/deploy`, made by an administrator of the team and carried out by another program.

use crate::support::{Ear, Program, post, said, team, text, worlds};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde_json::{Value, json};

const JSON: &str = "application/json";

fn new(team: &str, url: &str) -> Value {
    json!({"team_id": team, "trigger": "Deploy", "method": "P", "url": url, "auto_complete": true,
           "auto_complete_hint": "[version]", "auto_complete_desc": "Deploys", "username": "deployer"})
}

#[tokio::test]
async fn a_command_is_carried_out_and_answered_later() {
    for world in worlds().await {
        let team = team(&world).await;
        let program = Program::saying(json!({
            "response_type": "ephemeral", "text": "on it, <!here>", "goto_location": "/field/channels/off-topic",
            "extra_responses": [{"response_type": "in_channel", "text": "deploying", "username": "nobody"}]
        }))
        .await;
        let (status, command) = team.ana.call("POST", "/commands", new(&team.id, &program.url)).await;
        assert_eq!((status, &command["trigger"]), (StatusCode::CREATED, &json!("deploy")), "{command}");
        let mut ear = Ear::open(&world, &team.bruno.id).await;
        let line = json!({"channel_id": team.square, "command": "/deploy v2 for @ana in ~off-topic"});
        let response = team.bruno.ok("POST", "/commands/execute", line).await;
        assert_eq!(response["goto_location"], "/field/channels/off-topic");
        let asked = program.asked().await;
        let form = asked.form();
        assert_eq!(asked.headers["authorization"], format!("Token {}", text(&command, "token")));
        for (key, value) in [
            ("token", text(&command, "token")),
            ("command", "/deploy".into()),
            ("text", "v2 for @ana in ~off-topic".into()),
            ("user_name", "bruno".into()),
            ("team_domain", "field".into()),
            ("channel_name", "town-square".into()),
            ("user_mentions", "ana".into()),
            ("user_mentions_ids", team.ana.id.clone()),
            ("channel_mentions", "off-topic".into()),
        ] {
            assert_eq!(form[key], value, "{key}");
        }
        assert_ne!(form["trigger_id"], text(&response, "trigger_id"), "only the program can open a form");
        let whispered = ear.hear("ephemeral_message").await;
        let whispered: Value = serde_json::from_str(whispered["data"]["post"].as_str().unwrap()).unwrap();
        assert_eq!((&whispered["message"], &whispered["type"]), (&json!("on it, @here"), &json!("system_ephemeral")));
        assert_eq!(whispered["props"]["override_username"], "deployer");
        let posts = said(&team.ana, &team.square).await;
        assert_eq!((&posts[0]["message"], &posts[0]["user_id"]), (&json!("deploying"), &json!(team.bruno.id)));
        assert_eq!((&posts[0]["props"]["override_username"], posts.len()), (&json!("deployer"), 1));

        // Half an hour and five uses, no more.
        let later = form["response_url"].strip_prefix("http://chat.example").unwrap().to_owned();
        for n in 0..5 {
            let body = json!({"response_type": "in_channel", "text": format!("{n} done")}).to_string();
            assert_eq!(post(&world.api, &later, JSON, body).await, (StatusCode::OK, "ok".into()));
        }
        assert_eq!(post(&world.api, &later, JSON, "{\"text\":\"6\"}").await.0, StatusCode::BAD_REQUEST);
        assert_eq!(said(&team.ana, &team.square).await.len(), 6);
        team.bruno.ok("POST", "/commands/execute", json!({"channel_id": team.square, "command": "/deploy"})).await;
        let later = program.asked().await.form()["response_url"].replace("http://chat.example", "");
        world.clock.advance(31 * 60_000);
        assert_eq!(post(&world.api, &later, JSON, "{\"text\":\"late\"}").await.0, StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn commands_belong_to_a_team_and_its_administrators() {
    for world in worlds().await {
        let team = team(&world).await;
        let program = Program::saying(json!({})).await;
        let command = team.ana.ok("POST", "/commands", new(&team.id, &program.url)).await;
        let id = text(&command, "id");
        for (body, error) in [
            (new(&team.id, &program.url), "api.command.duplicate_trigger.app_error"),
            (
                json!({"team_id": team.id, "trigger": "away", "method": "P", "url": program.url}),
                "api.command.duplicate_trigger.app_error",
            ),
            (
                json!({"team_id": team.id, "trigger": "x", "method": "P", "url": "http://[::1]:9/"}),
                "api.context.invalid_body_param.app_error",
            ),
        ] {
            let (status, body) = team.ana.call("POST", "/commands", body).await;
            assert_eq!((status, body["id"].as_str()), (StatusCode::BAD_REQUEST, Some(error)));
        }
        // Everybody is suggested it, without its secrets.
        let listed = team.bruno.get(&format!("/teams/{}/commands/autocomplete", team.id)).await;
        let shown = listed.as_array().unwrap().iter().find(|c| c["trigger"] == "deploy").unwrap().clone();
        assert_eq!(
            (&shown["token"], &shown["url"], &shown["auto_complete_hint"]),
            (&json!(""), &json!(""), &json!("[version]"))
        );
        let suggested =
            team.bruno.get(&format!("/teams/{}/commands/autocomplete_suggestions?user_input=/dep", team.id)).await;
        assert_eq!(suggested[0]["Suggestion"], "deploy");
        assert_eq!(team.ana.get(&format!("/commands?team_id={}&custom_only=true", team.id)).await, json!([command]));
        for (method, path, body) in [
            ("POST", "/commands".to_owned(), new(&team.id, &program.url)),
            ("GET", format!("/commands?team_id={}&custom_only=true", team.id), Value::Null),
            ("GET", format!("/commands/{id}"), Value::Null),
            ("PUT", format!("/commands/{id}/regen_token"), Value::Null),
            ("DELETE", format!("/commands/{id}"), Value::Null),
        ] {
            assert_eq!(team.bruno.call(method, &path, body).await.0, StatusCode::FORBIDDEN, "{method} {path}");
        }
        let fresh = team.ana.ok("PUT", &format!("/commands/{id}/regen_token"), Value::Null).await;
        assert_ne!(fresh["token"], command["token"]);
        let mut changed = command.clone();
        changed["trigger"] = "ship".into();
        assert_eq!(team.ana.ok("PUT", &format!("/commands/{id}"), changed).await["token"], fresh["token"]);
        let other =
            team.ana.ok("POST", "/teams", json!({"name": "second", "display_name": "Second", "type": "O"})).await;
        team.ana.ok("PUT", &format!("/commands/{id}/move"), json!({"team_id": other["id"]})).await;
        let line = json!({"channel_id": team.square, "command": "/ship"});
        assert_eq!(team.bruno.call("POST", "/commands/execute", line).await.0, StatusCode::NOT_FOUND);
        assert_eq!(team.bruno.call("GET", &format!("/commands/{id}"), Value::Null).await.0, StatusCode::NOT_FOUND);
        team.ana.ok("DELETE", &format!("/commands/{id}"), Value::Null).await;
    }
}

#[tokio::test]
async fn a_program_that_fails_is_named() {
    for world in worlds().await {
        let team = team(&world).await;
        let broken = Program::start(|asked| match asked.uri.query() {
            Some(query) if query.contains("text=plain") => "just words".into_response(),
            _ => StatusCode::IM_A_TEAPOT.into_response(),
        })
        .await;
        let mut command = new(&team.id, &broken.url);
        command["method"] = "G".into();
        team.ana.ok("POST", "/commands", command).await;
        let mut ear = Ear::open(&world, &team.bruno.id).await;
        let line = |text: &str| json!({"channel_id": team.square, "command": format!("/deploy {text}")});
        let (status, body) = team.bruno.call("POST", "/commands/execute", line("x")).await;
        assert_eq!(
            (status, body["id"].as_str()),
            (StatusCode::SERVICE_UNAVAILABLE, Some("api.command.execute_command.failed_resp.app_error"))
        );
        assert!(text(&body, "message").contains("'deploy' returned response 418"), "{body}");
        team.bruno.ok("POST", "/commands/execute", line("plain")).await;
        let whispered = ear.hear("ephemeral_message").await;
        assert!(whispered["data"]["post"].as_str().unwrap().contains("just words"));
    }
}
