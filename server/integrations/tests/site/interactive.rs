//! A program with buttons, a select and a form.

use crate::support::{Asked, Ear, Program, post, said, team, text, worlds};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde_json::{Value, json};

const JSON: &str = "application/json";

fn decoded(event: &Value, key: &str) -> Value {
    serde_json::from_str(event["data"][key].as_str().unwrap()).unwrap()
}

#[tokio::test]
async fn a_vote_is_taken_with_buttons() {
    for world in worlds().await {
        let team = team(&world).await;
        let program = Program::start(|asked: &Asked| match asked.json()["context"]["vote"].as_str() {
            Some("yes") => axum::Json(json!({
                "update": {"message": "1 for it", "props": {"attachments": [{"text": "voted"}], "override_username": "root"}},
                "ephemeral_text": "thanks, <!here>"
            }))
            .into_response(),
            Some("pick") => axum::Json(json!({})).into_response(),
            _ => StatusCode::BAD_GATEWAY.into_response(),
        })
        .await;
        let hook = text(
            &team.ana.ok("POST", "/hooks/incoming", json!({"channel_id": team.square, "username": "votes"})).await,
            "id",
        );
        let integration = |vote: &str| json!({"url": program.url, "context": {"vote": vote, "secret": "kept secret"}});
        let attachments = json!([{"text": "Shall we?", "actions": [
            {"id": "yes", "type": "button", "name": "Yes", "integration": integration("yes")},
            {"type": "select", "name": "When", "options": [{"text": "Now", "value": "now"}], "integration": integration("pick")},
            {"id": "broken", "name": "No", "integration": integration("broken")}
        ]}]);
        let mut ear = Ear::open(&world, &team.bruno.id).await;
        let said_by =
            post(&world.api, &format!("/hooks/{hook}"), JSON, json!({"attachments": attachments}).to_string()).await;
        assert_eq!(said_by.0, StatusCode::OK);

        // Nothing that a client sees tells what the buttons do.
        let heard = ear.hear("posted").await;
        let vote = said(&team.bruno, &team.square).await.remove(0);
        let id = text(&vote, "id");
        for shown in
            [heard.to_string(), vote.to_string(), team.bruno.get(&format!("/posts/{id}/thread")).await.to_string()]
        {
            assert!(
                shown.contains("Shall we?") && !shown.contains("kept secret") && !shown.contains(&program.url),
                "{shown}"
            );
        }
        let select = text(&vote["props"]["attachments"][0]["actions"][1], "id");

        let pressed =
            team.bruno.ok("POST", &format!("/posts/{id}/actions/{select}"), json!({"selected_option": "now"})).await;
        let asked = program.asked().await.json();
        for (key, value) in [
            ("user_name", "bruno"),
            ("channel_name", "town-square"),
            ("team_domain", "field"),
            ("type", "select"),
            ("post_id", id.as_str()),
        ] {
            assert_eq!(asked[key], value, "{key}");
        }
        assert_eq!(asked["context"], json!({"vote": "pick", "secret": "kept secret", "selected_option": "now"}));
        assert_ne!(asked["trigger_id"], pressed["trigger_id"]);

        team.bruno.ok("POST", &format!("/posts/{id}/actions/yes"), json!({})).await;
        let edited = decoded(&ear.hear("post_edited").await, "post");
        assert_eq!((&edited["message"], &edited["props"]["override_username"]), (&json!("1 for it"), &json!("votes")));
        let whispered = decoded(&ear.hear("ephemeral_message").await, "post");
        assert_eq!(whispered["message"], "thanks, @here");
        let (status, _) = team.bruno.call("POST", &format!("/posts/{id}/actions/yes"), json!({})).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "the button is gone");

        // A stranger presses nothing; a program that fails is said to.
        let private = json!({"team_id": team.id, "name": "secret", "display_name": "S", "type": "P"});
        let private = text(&team.ana.ok("POST", "/channels", private).await, "id");
        let body = json!({"channel_id": private, "message": "", "props": {"attachments": attachments}});
        let hidden = text(&team.ana.ok("POST", "/posts", body).await, "id");
        assert_eq!(
            team.bruno.call("POST", &format!("/posts/{hidden}/actions/yes"), json!({})).await.0,
            StatusCode::FORBIDDEN
        );
        let (status, body) = team.ana.call("POST", &format!("/posts/{hidden}/actions/broken"), json!({})).await;
        assert_eq!(
            (status, body["id"].as_str()),
            (StatusCode::BAD_REQUEST, Some("api.post.do_action.action_integration.app_error"))
        );

        // Its author edits the words in a client, which never saw the secrets; the button still works.
        let mut edit = team.ana.get(&format!("/posts/{hidden}")).await;
        edit["message"] = "please".into();
        team.ana.ok("PUT", &format!("/posts/{hidden}"), edit).await;
        team.ana.ok("POST", &format!("/posts/{hidden}/actions/yes"), json!({})).await;
    }
}

#[tokio::test]
async fn a_button_that_only_one_user_sees_carries_its_secret_sealed() {
    for world in worlds().await {
        let team = team(&world).await;
        let program = Program::saying(json!({"update": {"message": "pressed"}})).await;
        let answer = json!({"text": "sure?", "attachments": [{"actions": [
            {"id": "sure", "name": "Yes", "integration": {"url": program.url, "context": {"secret": "kept secret"}}}]}]});
        let commands = Program::saying(answer).await;
        let command = json!({"team_id": team.id, "trigger": "drop", "method": "P", "url": commands.url});
        team.ana.ok("POST", "/commands", command).await;
        let mut ear = Ear::open(&world, &team.bruno.id).await;
        team.bruno.ok("POST", "/commands/execute", json!({"channel_id": team.square, "command": "/drop"})).await;
        let shown = decoded(&ear.hear("ephemeral_message").await, "post");
        assert!(!shown.to_string().contains("kept secret"), "{shown}");
        let path = format!("/posts/{}/actions/sure", text(&shown, "id"));
        let cookie = json!({"cookie": shown["props"]["attachments"][0]["actions"][0]["cookie"]});
        assert_eq!(team.ana.call("POST", &path, cookie.clone()).await.0, StatusCode::BAD_REQUEST, "it is Bruno's");
        assert_eq!(team.bruno.call("POST", &path, json!({})).await.0, StatusCode::NOT_FOUND);
        team.bruno.ok("POST", &path, cookie).await;
        assert_eq!(program.asked().await.json()["context"]["secret"], "kept secret");
        assert_eq!(decoded(&ear.hear("post_edited").await, "post")["message"], "pressed");
    }
}

#[tokio::test]
async fn a_form_is_opened_filled_in_and_refused_by_field() {
    for world in worlds().await {
        let team = team(&world).await;
        let program = Program::start(|asked: &Asked| {
            let body: Value = serde_json::from_slice(&asked.body).unwrap_or_default();
            let answer = match (asked.uri.path(), body["submission"]["name"].as_str()) {
                ("/names", _) => json!({"items": [{"text": "Ana", "value": "a"}]}),
                (_, Some("")) => json!({"errors": {"name": "a name is wanted"}}),
                _ => Value::Null,
            };
            if answer.is_null() { ().into_response() } else { axum::Json(answer).into_response() }
        })
        .await;
        let command = json!({"team_id": team.id, "trigger": "ticket", "method": "P", "url": program.url});
        team.ana.ok("POST", "/commands", command).await;
        let mut ear = Ear::open(&world, &team.bruno.id).await;
        let line = json!({"channel_id": team.square, "command": "/ticket"});
        let response = team.bruno.ok("POST", "/commands/execute", line).await;
        let trigger = program.asked().await.form()["trigger_id"].clone();
        let dialog = json!({"callback_id": "t", "title": "Ticket", "notify_on_cancel": true, "state": "42", "elements": [
            {"display_name": "Name", "name": "name", "type": "text"},
            {"display_name": "Who", "name": "who", "type": "select", "data_source": "dynamic", "data_source_url": format!("{}/names", program.url)}
        ]});
        let request = json!({"trigger_id": trigger, "url": format!("{}/form", program.url), "dialog": dialog});
        let open = async |body: &Value| post(&world.api, "/api/v4/actions/dialogs/open", JSON, body.to_string()).await;
        assert_eq!(open(&request).await.0, StatusCode::OK);
        let shown = decoded(&ear.hear("open_dialog").await, "dialog");
        assert_eq!((&shown["trigger_id"], &shown["dialog"]["title"]), (&response["trigger_id"], &json!("Ticket")));

        let submit = |url: &Value, name: &str| json!({"url": url, "callback_id": "t", "state": "42", "channel_id": team.square, "submission": {"name": name}});
        let wrong = team.bruno.ok("POST", "/actions/dialogs/submit", submit(&shown["url"], "")).await;
        assert_eq!(wrong, json!({"errors": {"name": "a name is wanted"}}));
        let asked = program.asked().await;
        assert_eq!(asked.uri.path(), "/form");
        let asked = asked.json();
        for (key, value) in [
            ("type", "dialog_submission"),
            ("state", "42"),
            ("callback_id", "t"),
            ("user_id", &team.bruno.id),
            ("team_id", &team.id),
        ] {
            assert_eq!(asked[key], value, "{key}");
        }
        assert_eq!(team.bruno.ok("POST", "/actions/dialogs/submit", submit(&shown["url"], "x")).await, json!({}));
        program.asked().await;
        let mut cancelled = submit(&shown["url"], "y");
        cancelled["cancelled"] = true.into();
        team.bruno.ok("POST", "/actions/dialogs/submit", cancelled).await;
        assert_eq!(program.asked().await.json()["cancelled"], true);
        let names = team
            .bruno
            .ok("POST", "/actions/dialogs/lookup", submit(&shown["dialog"]["elements"][1]["data_source_url"], "A"))
            .await;
        assert_eq!(names["items"][0]["value"], "a");

        // Nobody makes the server call what no program asked for, and a trigger id is short-lived.
        for (person, url) in [(&team.ana, &shown["url"]), (&team.bruno, &json!(format!("{}/form", program.url)))] {
            let (status, body) = person.call("POST", "/actions/dialogs/submit", submit(url, "x")).await;
            assert_eq!(status, StatusCode::BAD_REQUEST, "{body}");
        }
        world.clock.advance(31_000);
        let (status, body) = open(&request).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert!(body.contains("interactive_message.decode_trigger_id.expired.app_error"), "{body}");
        let forged = json!({"trigger_id": "bm9uc2Vuc2U=", "url": program.url, "dialog": dialog});
        assert!(open(&forged).await.1.contains("decode_trigger_id.verify"));
    }
}
