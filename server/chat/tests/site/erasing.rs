//! What administrators erase for good is in no table any more, and what others have stays.

use crate::support::{Ears, World, arrive, team, text, worlds, worlds_with};
use axum::http::StatusCode;
use chat::Config;
use db::{Row, Sql, params};
use serde_json::{Value, json};

fn allowed() -> Config {
    Config { allow_permanent_deletion: true, ..Config::default() }
}

/// Every `table.column` in which a row has exactly this value.
async fn places(world: &World, value: &str) -> Vec<String> {
    let mut conn = world.site.db.read().await.unwrap();
    let columns = Sql::new(match world.engine {
        "sqlite" => {
            "SELECT m.name, c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table'
             AND m.name NOT LIKE 'sqlite%' ORDER BY m.name, c.name"
        }
        _ => {
            "SELECT CAST(table_name AS TEXT), CAST(column_name AS TEXT) FROM information_schema.columns
             WHERE table_schema = current_schema() ORDER BY table_name, column_name"
        }
    });
    let pair = |row: Row| {
        let mut r = row.read();
        Ok((r.get::<String>()?, r.get::<String>()?))
    };
    let all = conn.fetch(&columns, params![], pair).await.unwrap();
    assert!(all.len() > 200, "{}: the schema was not read: {}", world.engine, all.len());
    let mut found = Vec::new();
    for (table, column) in all {
        let sql = Sql::built(format!("SELECT COUNT(*) FROM {table} WHERE CAST(\"{column}\" AS TEXT) = $1"));
        let count: Option<i64> = conn.fetch_optional(&sql, params![value], Row::only).await.unwrap();
        if count != Some(0) {
            found.push(format!("{table}.{column}"));
        }
    }
    found
}

#[tokio::test]
async fn nothing_is_erased_where_the_site_does_not_allow_it() {
    for world in worlds().await {
        let t = team(&world).await;
        let post = text(&t.bruno.says(&t.square, "", "stays").await, "id");
        for (path, id) in [
            (format!("/users/{}", t.bruno.id), "api.user.delete_user.not_enabled.app_error"),
            (format!("/teams/{}", t.id), "api.team.delete_team.not_enabled.app_error"),
            (format!("/channels/{}", t.square), "api.channel.delete_channel.not_enabled.app_error"),
            (format!("/posts/{post}"), "api.post.delete_post.not_enabled.app_error"),
        ] {
            let (status, error) = t.ana.call("DELETE", &format!("{path}?permanent=true"), Value::Null).await;
            assert_eq!((status, &error["id"]), (StatusCode::FORBIDDEN, &json!(id)), "{}", world.engine);
        }
        assert_eq!(t.bruno.get(&format!("/posts/{post}")).await["message"], "stays");
    }
}

#[tokio::test]
async fn an_erased_user_is_in_no_table() {
    for world in worlds_with(allowed()).await {
        let engine = world.engine;
        let t = team(&world).await;
        let id = t.bruno.id.clone();
        // A life: posts, a thread of one's own and an answer to another, reactions, drafts, preferences, tokens, a bot.
        let root = text(&t.bruno.says(&t.square, "", "hello @ana").await, "id");
        t.ana.says(&t.square, &root, "hello yourself").await;
        let other = text(&t.ana.says(&t.square, "", "who comes?").await, "id");
        world.clock.advance(10);
        t.bruno.says(&t.square, &other, "me").await;
        world.clock.advance(10);
        t.ana.says(&t.square, &other, "good, @bruno").await;
        let reaction = json!({"user_id": id, "post_id": other, "emoji_name": "smile"});
        t.bruno.ok("POST", "/reactions", reaction).await;
        t.bruno.ok("POST", "/drafts", json!({"channel_id": t.square, "message": "not yet"})).await;
        let saved = json!([{"user_id": id, "category": "flagged_post", "name": other, "value": "true"}]);
        t.bruno.ok("PUT", "/users/me/preferences", saved).await;
        let direct = text(&t.ana.ok("POST", "/channels/direct", json!([t.ana.id, id])).await, "id");
        t.bruno.says(&direct, "", "between us").await;
        t.ana.says(&direct, "", "my own words").await;
        let channel = json!({"team_id": t.id, "name": "mine", "display_name": "Mine", "type": "O"});
        let channel = text(&t.bruno.ok("POST", "/channels", channel).await, "id");
        t.ana.ok("PUT", &format!("/users/{id}/roles"), json!({"roles": "system_user system_user_access_token"})).await;
        t.bruno.ok("POST", &format!("/users/{id}/tokens"), json!({"description": "script"})).await;
        let file =
            t.bruno.sends(&format!("/files?channel_id={}&filename=a.txt", t.square), "text/plain", b"mine").await;
        let file = text(&file["file_infos"][0], "id");
        let with_file = json!({"channel_id": t.square, "message": "see", "file_ids": [file]});
        t.bruno.ok("POST", "/posts", with_file).await;
        assert!(places(&world, &id).await.len() > 10, "{engine}: a life leaves traces");

        let path = format!("/users/{id}?permanent=true");
        assert_eq!(t.bruno.call("DELETE", &path, Value::Null).await.0, StatusCode::FORBIDDEN, "{engine}");
        t.ana.ok("DELETE", &path, Value::Null).await;
        assert_eq!(places(&world, &id).await, [] as [String; 0], "{engine}");
        assert_eq!(places(&world, &root).await, [] as [String; 0], "{engine}: with the answers to it");
        assert_eq!(places(&world, &file).await, [] as [String; 0], "{engine}");
        assert_eq!(t.bruno.call("GET", "/users/me", Value::Null).await.0, StatusCode::UNAUTHORIZED, "{engine}");
        let thread = t.ana.get(&format!("/posts/{other}/thread")).await;
        assert_eq!(thread["order"].as_array().unwrap().len(), 2, "{engine}");
        assert_eq!(thread["posts"][&other]["reply_count"], 1, "{engine}: counted anew");
        assert_eq!(thread["posts"][&other]["metadata"].get("reactions"), None, "{engine}");
        let said = t.ana.get(&format!("/channels/{direct}/posts")).await;
        assert!(said.to_string().contains("my own words") && !said.to_string().contains("between us"), "{engine}");
        assert_eq!(t.ana.get(&format!("/channels/{channel}")).await["creator_id"], "", "{engine}: the channel stays");
        let member = t.ana.get(&format!("/channels/{}/members/me", t.square)).await;
        assert_eq!(member["mention_count"], 0, "{engine}: of a post that is gone");
        world.clock.advance(2 * 3600 * 1000);
        chat::files::blobs::sweep(&world.site).await.unwrap();
        let blobs = chat::files::blobs::count(&mut world.site.db.read().await.unwrap()).await.unwrap();
        assert_eq!(blobs, 0, "{engine}: the bytes are gone too");
        let (status, _) = t.ana.call("DELETE", &format!("/users/{}?permanent=true", t.ana.id), Value::Null).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{engine}: the last administrator stays");
        arrive(&world.api, "bruno", &t.invite).await;
    }
}

#[tokio::test]
async fn posts_channels_and_teams_go_with_what_is_in_them() {
    for world in worlds_with(allowed()).await {
        let engine = world.engine;
        let t = team(&world).await;
        let new = json!({"team_id": t.id, "name": "old", "display_name": "Old", "type": "P"});
        let channel = text(&t.ana.ok("POST", "/channels", new).await, "id");
        let members = format!("/channels/{channel}/members");
        t.ana.ok("POST", &members, json!({"user_id": t.bruno.id})).await;
        let root = text(&t.bruno.says(&channel, "", "one @ana").await, "id");
        let reply = text(&t.ana.says(&channel, &root, "two").await, "id");
        let off = json!([{"name": "create_reactions", "roles": {"members": false}}]);
        t.ana.ok("PUT", &format!("/channels/{channel}/moderations/patch"), off).await;

        let mut ears = Ears::of(&world, &t.bruno.id).await;
        t.ana.ok("DELETE", &format!("/posts/{reply}?permanent=true"), Value::Null).await;
        assert_eq!(ears.next("post_deleted").await.inner("post")["message"], "");
        assert_eq!(places(&world, &reply).await, [] as [String; 0], "{engine}");
        assert_eq!(t.bruno.get(&format!("/posts/{root}")).await["reply_count"], 0, "{engine}");

        t.ana.ok("DELETE", &format!("/channels/{channel}?permanent=true"), Value::Null).await;
        ears.next("channel_deleted").await;
        for id in [&channel, &root] {
            assert_eq!(places(&world, id).await, [] as [String; 0], "{engine}");
        }
        assert_eq!(t.ana.get("/schemes").await, json!([]), "{engine}: its moderation ended");
        let (status, _) = t.ana.call("DELETE", &format!("/channels/{}?permanent=true", t.square), Value::Null).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{engine}: a team has its default channel");

        let post = text(&t.bruno.says(&t.square, "", "the last word").await, "id");
        t.ana.ok("DELETE", &format!("/teams/{}?permanent=true", t.id), Value::Null).await;
        for id in [&t.id, &t.square, &post] {
            assert_eq!(places(&world, id).await, [] as [String; 0], "{engine}");
        }
        assert_eq!(t.bruno.get("/users/me").await["username"], "bruno", "{engine}: people stay");
    }
}
