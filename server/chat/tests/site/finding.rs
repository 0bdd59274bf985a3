//! Searching, coming and going, and commands, through the real router on both databases.

use crate::support::{Team, World, arrive, team, text, worlds};
use axum::http::StatusCode;
use serde_json::{Value, json};

/// Messages found, oldest first.
async fn found(t: &Team<'_>, terms: &str) -> Vec<String> {
    let list = t.bruno.ok("POST", &format!("/teams/{}/posts/search", t.id), json!({"terms": terms})).await;
    let ids: Vec<String> = serde_json::from_value(list["order"].clone()).unwrap();
    ids.iter().rev().map(|id| text(&list["posts"][id], "message")).collect()
}

async fn say(world: &World, t: &Team<'_>, who: &str, channel: &str, message: &str) {
    let person = if who == "ana" { &t.ana } else { &t.bruno };
    person.says(channel, "", message).await;
    world.clock.advance(1000);
}

#[tokio::test]
async fn the_search_box_understands_its_grammar() {
    for world in worlds().await {
        let (engine, t) = (world.engine, team(&world).await);
        let other = text(&t.ana.get(&format!("/teams/{}/channels/name/off-topic", t.id)).await, "id");
        say(&world, &t, "ana", &t.square, "The water pump is broken #Pump").await;
        say(&world, &t, "bruno", &t.square, "Clean water arrives at 100% on Monday").await;
        say(&world, &t, "ana", &other, "Water? Broken English only, ÁGUA limpa").await;
        say(&world, &t, "bruno", &other, "明日の給水車は午後に到着します").await;
        let secret = json!({"team_id": t.id, "name": "command", "display_name": "Command", "type": "P"});
        let secret = text(&t.ana.ok("POST", "/channels", secret).await, "id");
        say(&world, &t, "ana", &secret, "secret water").await;
        let direct = text(&t.ana.ok("POST", "/channels/direct", json!([t.ana.id, t.bruno.id])).await, "id");
        say(&world, &t, "ana", &direct, "direct water").await;

        let count = async |terms: &str| found(&t, terms).await.len();
        assert_eq!(count("water").await, 4, "{engine}: not from a channel that one is not in");
        assert_eq!(found(&t, "water broken").await.len(), 2, "{engine}: both words");
        assert_eq!(found(&t, "\"water pump\"").await, ["The water pump is broken #Pump"], "{engine}");
        assert_eq!(found(&t, "water -broken -direct").await, ["Clean water arrives at 100% on Monday"], "{engine}");
        assert_eq!(found(&t, "#pump").await, ["The water pump is broken #Pump"], "{engine}");
        assert_eq!(found(&t, "100%").await.len(), 1, "{engine}: signs mean themselves");
        assert_eq!(count("1_0").await, 0, "{engine}");
        assert_eq!(found(&t, "from:bruno water").await, ["Clean water arrives at 100% on Monday"], "{engine}");
        assert_eq!(count("-from:bruno water").await, 3, "{engine}");
        assert_eq!(count("from:nobody water").await, 0, "{engine}");
        assert_eq!(found(&t, "in:off-topic water").await.len(), 1, "{engine}");
        assert_eq!(found(&t, "in:@ana water").await, ["direct water"], "{engine}");
        assert_eq!(found(&t, "給水車").await.len(), 1, "{engine}: a word inside a sentence without spaces");
        assert_eq!(found(&t, "água").await.len(), 1, "{engine}: letters beyond ASCII in either case");
        assert_eq!(count("water on:2027-01-15").await, 4, "{engine}");
        assert_eq!(count("water before:2027-01-15").await, 0, "{engine}");
        assert_eq!(count("water after:2027-01-14").await, 4, "{engine}");
        let either = json!({"terms": "pump Monday", "is_or_search": true});
        let list = t.bruno.ok("POST", "/posts/search", either).await;
        assert_eq!((list["order"].as_array().unwrap().len(), &list["matches"]), (2, &Value::Null), "{engine}");
        let (status, _) = t.bruno.call("POST", "/posts/search", json!({"terms": "on:someday"})).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{engine}");
    }
}

/// Types and messages of the newest posts of a channel, oldest first.
async fn latest(t: &Team<'_>, channel: &str, count: usize) -> Vec<(String, String)> {
    let page = t.ana.get(&format!("/channels/{channel}/posts?per_page={count}")).await;
    let ids: Vec<String> = serde_json::from_value(page["order"].clone()).unwrap();
    ids.iter().rev().map(|id| (text(&page["posts"][id], "type"), text(&page["posts"][id], "message"))).collect()
}

#[tokio::test]
async fn a_channel_tells_who_came_and_went_and_counts_none_of_it() {
    for world in worlds().await {
        let (engine, t) = (world.engine, team(&world).await);
        let new = json!({"team_id": t.id, "name": "night", "display_name": "Night", "type": "O"});
        let night = text(&t.ana.ok("POST", "/channels", new).await, "id");
        let members = format!("/channels/{night}/members");
        for (method, path, body) in [
            ("POST", members.clone(), json!({"user_id": t.bruno.id})),
            ("DELETE", format!("{members}/{}", t.bruno.id), Value::Null),
        ] {
            world.clock.advance(1);
            t.ana.ok(method, &path, body).await;
        }
        world.clock.advance(1);
        t.bruno.ok("POST", &members, json!({"user_id": t.bruno.id})).await;
        world.clock.advance(1);
        t.bruno.ok("DELETE", &format!("{members}/me"), Value::Null).await;
        world.clock.advance(1);
        let header = json!({"header": "Bring lamps"});
        t.ana.ok("PUT", &format!("/channels/{night}/patch"), header).await;
        let expected = [
            ("system_join_channel", "ana joined the channel."),
            ("system_add_to_channel", "bruno added to the channel by ana."),
            ("system_remove_from_channel", "bruno was removed from the channel."),
            ("system_join_channel", "bruno joined the channel."),
            ("system_leave_channel", "bruno has left the channel."),
            ("system_header_change", "ana updated the channel header to: Bring lamps"),
        ]
        .map(|(kind, message)| (kind.to_owned(), message.to_owned()));
        assert_eq!(latest(&t, &night, 10).await, expected, "{engine}");
        assert_eq!(t.ana.get(&format!("/channels/{night}")).await["total_msg_count"], 1, "{engine}: only the header");
        let square = latest(&t, &t.square, 10).await;
        assert!(square.contains(&("system_join_team".into(), "bruno joined the team.".into())), "{engine}: {square:?}");
        t.bruno.ok("DELETE", &format!("/teams/{}/members/me", t.id), Value::Null).await;
        world.clock.advance(1);
        assert_eq!(latest(&t, &t.square, 1).await[0].0, "system_leave_team", "{engine}");
        let carla = arrive(&world.api, "carla", &t.invite).await;
        assert_eq!(carla.get(&format!("/users/me/channels/{}/unread", t.square)).await["msg_count"], 0, "{engine}");
    }
}

#[tokio::test]
async fn commands_do_what_they_say() {
    for world in worlds().await {
        let (engine, t) = (world.engine, team(&world).await);
        let line = |command: &str| json!({"channel_id": t.square, "team_id": t.id, "command": command});
        let run = async |command: &str| t.ana.ok("POST", "/commands/execute", line(command)).await;
        run("/dnd").await;
        assert_eq!(t.bruno.get(&format!("/users/{}/status", t.ana.id)).await["status"], "dnd", "{engine}");
        run("/shrug who knows").await;
        assert!(latest(&t, &t.square, 1).await[0].1.starts_with("who knows"), "{engine}");
        let went = run("/msg @bruno hello").await;
        assert_eq!(went["goto_location"], "/field/messages/@bruno", "{engine}");
        run("/header Bring lamps").await;
        assert_eq!(t.bruno.get(&format!("/channels/{}", t.square)).await["header"], "Bring lamps", "{engine}");
        let (status, body) = t.ana.call("POST", "/commands/execute", line("/frobnicate")).await;
        assert_eq!(
            (status, text(&body, "id").as_str()),
            (StatusCode::NOT_FOUND, "api.command.execute_command.not_found.app_error")
        );
        let list = t.ana.get(&format!("/teams/{}/commands/autocomplete_suggestions?user_input=/mu", t.id)).await;
        assert_eq!(list[0]["Complete"], "mute", "{engine}");
    }
}

#[tokio::test]
async fn administrators_page_through_every_channel_with_its_team() {
    for world in worlds().await {
        let (engine, t) = (world.engine, team(&world).await);
        for name in ["aft", "bow"] {
            let new = json!({"team_id": t.id, "name": name, "display_name": name, "type": "P"});
            t.ana.ok("POST", "/channels", new).await;
        }
        let gone = t.ana.ok(
            "POST",
            "/channels",
            json!({"team_id": t.id, "name": "crow", "display_name": "crow", "type": "O"}),
        );
        let gone = gone.await["id"].as_str().unwrap().to_owned();
        t.ana.ok("DELETE", &format!("/channels/{gone}"), Value::Null).await;
        let names = |page: &Value| -> Vec<String> {
            let list = page.get("channels").unwrap_or(page).as_array().unwrap();
            list.iter().map(|c| c["name"].as_str().unwrap().to_owned()).collect()
        };
        let mut seen = Vec::new();
        for page in 0..2 {
            seen.extend(names(&t.ana.get(&format!("/channels?page={page}&per_page=2")).await));
        }
        seen.sort_unstable();
        assert_eq!(seen, ["aft", "bow", "off-topic", "town-square"], "{engine}: each once, and no archived one");
        let all = t.ana.get("/channels?per_page=3&include_total_count=true&include_deleted=true").await;
        assert_eq!((all["total_count"].as_i64(), names(&all).len()), (Some(5), 3), "{engine}: {all}");
        assert_eq!(
            (&all["channels"][0]["team_name"], &all["channels"][0]["team_display_name"]),
            (&json!("field"), &json!("Field"))
        );
        assert_eq!(t.bruno.call("GET", "/channels", Value::Null).await.0, StatusCode::FORBIDDEN, "{engine}");
    }
}
