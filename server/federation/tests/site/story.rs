//! Two sites share a channel, and people on both write in it.

use crate::support::{Person, connect, heard, places, said, share, team, text, until};
use serde_json::{Value, json};

async fn user(person: &Person<'_>, id: &str) -> Value {
    person.get(&format!("/users/{id}")).await
}

#[tokio::test]
async fn two_administrators_connect_and_a_code_serves_once() {
    for (a, b) in places().await {
        let (at_a, at_b) = (team(&a.world).await, team(&b.world).await);
        let remote = connect(&at_a.ana, &at_b.ana).await;
        let online = async |person: &Person<'_>| {
            let list = person.get("/remotecluster?exclude_offline=true&only_confirmed=true").await;
            list.as_array().unwrap().iter().any(|r| r["remote_id"] == *remote)
        };
        assert!(online(&at_a.ana).await && online(&at_b.ana).await, "{}", a.world.engine);
        let shown = at_a.ana.get(&format!("/remotecluster/{remote}")).await;
        assert_eq!(
            (&shown["token"], &shown["remote_token"], &shown["name"]),
            (&json!(""), &json!(""), &json!("site-b"))
        );
        assert_eq!(shown["site_url"], format!("http://{}", b.address));
        let (status, _) = at_a.bruno.call("GET", "/remotecluster", Value::Null).await;
        assert_eq!(status, 403);
        let made = at_a.ana.ok("POST", "/remotecluster", json!({"name": "again"})).await;
        let (code, password) = (text(&made, "invite"), text(&made, "password"));
        let wrong = json!({"name": "x", "invite": code, "password": "not this one"});
        let (status, error) = at_b.ana.call("POST", "/remotecluster/accept_invite", wrong).await;
        assert_eq!(status, 400, "{error}");
        let again = json!({"password": "another one that is long"});
        let id = text(&made["remote_cluster"], "remote_id");
        let fresh = at_a.ana.ok("POST", &format!("/remotecluster/{id}/generate_invite"), again).await;
        let old = json!({"name": "x", "invite": code, "password": password});
        let (status, error) = at_b.ana.call("POST", "/remotecluster/accept_invite", old).await;
        assert_eq!(status, 400, "the code before opens nothing any more: {error}");
        let new = json!({"name": "x", "invite": fresh, "password": "another one that is long"});
        at_b.ana.ok("POST", "/remotecluster/accept_invite", new.clone()).await;
        let (status, _) = at_b.ana.call("POST", "/remotecluster/accept_invite", new).await;
        assert_eq!(status, 400, "a code serves once");
    }
}

#[tokio::test]
async fn people_of_two_sites_write_in_one_channel() {
    for (a, b) in places().await {
        let engine = a.world.engine;
        let (at_a, at_b) = (team(&a.world).await, team(&b.world).await);
        let remote = connect(&at_a.ana, &at_b.ana).await;
        let channel = share(&at_a, &at_b.ana, &remote, "water").await;
        let here = at_b.ana.get(&format!("/channels/{channel}")).await;
        assert_eq!((&here["name"], &here["team_id"]), (&json!("water"), &json!(at_b.id)));
        let first = at_a.ana.says(&channel, "", "The pump runs").await;
        let there = heard(&at_b.ana, &channel, "The pump runs").await;
        assert_eq!((&there["id"], &there["create_at"]), (&first["id"], &first["create_at"]), "{engine}");
        assert_eq!(there["remote_id"], json!(remote));
        let author = user(&at_b.ana, &text(&there, "user_id")).await;
        assert_eq!((&author["username"], &author["remote_id"]), (&json!("ana:site-a"), &json!(remote)));
        let infos = at_b.ana.get(&format!("/sharedchannels/{channel}/remotes")).await;
        assert_eq!(infos[0]["name"], "site-a");
        let info = at_b.ana.get(&format!("/sharedchannels/remote_info/{remote}")).await;
        assert_eq!(info["display_name"], "site-a");
        let listed = at_a.ana.get(&format!("/sharedchannels/{}", at_a.id)).await;
        assert_eq!((&listed[0]["id"], &listed[0]["home"]), (&json!(channel), &json!(true)));

        // A reply from the other side, with a mention of somebody who has another name there.
        at_b.ana.says(&channel, &text(&first, "id"), "@ana:site-a thanks").await;
        let reply = heard(&at_a.ana, &channel, "@ana thanks").await;
        assert_eq!((&reply["root_id"], &reply["remote_id"]), (&first["id"], &json!(remote)), "{engine}");
        let member = at_a.ana.get(&format!("/channels/{channel}/members/me")).await;
        assert_eq!(member["mention_count"], 1, "{engine}: she was mentioned");
        assert_eq!(user(&at_a.ana, &text(&reply, "user_id")).await["username"], "ana:site-b");

        // Reactions of both, one taken back.
        let post = text(&first, "id");
        let reaction = |who: &Person<'_>| json!({"user_id": who.id, "post_id": post, "emoji_name": "+1"});
        at_b.ana.ok("POST", "/reactions", reaction(&at_b.ana)).await;
        at_a.ana.ok("POST", "/reactions", reaction(&at_a.ana)).await;
        let both = async |person: &Person<'_>, count: usize| {
            let list = person.get(&format!("/posts/{post}/reactions")).await;
            (list.as_array().map_or(0, Vec::len) == count).then_some(())
        };
        until("both reactions here", async || both(&at_a.ana, 2).await).await;
        until("both reactions there", async || both(&at_b.ana, 2).await).await;
        at_a.ana.ok("DELETE", &format!("/users/me/posts/{post}/reactions/+1"), Value::Null).await;
        until("one was taken back", async || both(&at_b.ana, 1).await).await;

        // Edits and deletions.
        at_a.ana.ok("PUT", &format!("/posts/{post}/patch"), json!({"message": "The pump stands"})).await;
        let edited = heard(&at_b.ana, &channel, "The pump stands").await;
        assert!(edited["edit_at"].as_i64().unwrap() > 0, "{engine}");
        at_a.ana.ok("DELETE", &format!("/posts/{post}"), Value::Null).await;
        until("it is deleted there", async || said(&at_b.ana, &channel).await.is_empty().then_some(())).await;
    }
}

#[tokio::test]
async fn files_pictures_urgency_and_confirmations_cross() {
    for (a, b) in places().await {
        let engine = a.world.engine;
        let (at_a, at_b) = (team(&a.world).await, team(&b.world).await);
        let remote = connect(&at_a.ana, &at_b.ana).await;
        let channel = share(&at_a, &at_b.ana, &remote, "maps").await;
        let bytes: Vec<u8> = (0..300_000_u32).map(|i| u8::try_from(i % 251).unwrap()).collect();
        let up = at_a
            .ana
            .sends(&format!("/files?channel_id={channel}&filename=map.bin"), "application/octet-stream", &bytes)
            .await;
        let file = text(&up["file_infos"][0], "id");
        let wanted = json!({"channel_id": channel, "message": "the map", "file_ids": [file],
                            "metadata": {"priority": {"priority": "urgent", "requested_ack": true}}});
        let post = text(&at_a.ana.ok("POST", "/posts", wanted).await, "id");
        let there = heard(&at_b.ana, &channel, "the map").await;
        assert_eq!(there["file_ids"], json!([file]), "{engine}");
        assert_eq!(there["metadata"]["priority"]["priority"], "urgent", "{engine}");
        let info = at_b.ana.get(&format!("/files/{file}/info")).await;
        assert_eq!((&info["name"], &info["size"]), (&json!("map.bin"), &json!(bytes.len())));
        let (_, path) = chat::files::get(&mut b.world.site.db.read().await.unwrap(), &file).await.unwrap().unwrap();
        assert_eq!(chat::files::read(&b.world.site, &path).await.unwrap(), bytes, "{engine}");
        at_b.ana.ok("POST", &format!("/users/me/posts/{post}/ack"), json!({})).await;
        until("the confirmation is here", async || {
            let post = at_a.ana.get(&format!("/posts/{post}")).await;
            (post["metadata"]["acknowledgements"].as_array()?.len() == 1).then_some(())
        })
        .await;

        let mut png = std::io::Cursor::new(Vec::new());
        image::DynamicImage::new_rgb8(40, 40).write_to(&mut png, image::ImageFormat::Png).unwrap();
        let (start, end) =
            ("--x\r\ncontent-disposition: form-data; name=\"image\"; filename=\"p.png\"\r\n\r\n", "\r\n--x--\r\n");
        let form = [start.as_bytes(), &png.into_inner(), end.as_bytes()].concat();
        at_a.ana.sends("/users/me/image", "multipart/form-data; boundary=x", &form).await;
        until("the picture is there", async || {
            let user = at_b.ana.get(&format!("/users/{}", at_a.ana.id)).await;
            user["last_picture_update"].as_i64().filter(|at| *at > 0)
        })
        .await;
        at_a.ana.ok("PUT", "/users/me/patch", json!({"nickname": "Anita"})).await;
        until("the new name is there", async || {
            (at_b.ana.get(&format!("/users/{}", at_a.ana.id)).await["nickname"] == "Anita").then_some(())
        })
        .await;
    }
}

#[tokio::test]
async fn who_leaves_is_gone_there_and_a_channel_can_be_taken_back() {
    for (a, b) in places().await {
        let (at_a, at_b) = (team(&a.world).await, team(&b.world).await);
        let remote = connect(&at_a.ana, &at_b.ana).await;
        let channel = share(&at_a, &at_b.ana, &remote, "crew").await;
        at_a.ana.ok("POST", &format!("/channels/{channel}/members"), json!({"user_id": at_a.bruno.id})).await;
        let is_there = async |wanted: bool| {
            let path = format!("/channels/{channel}/members/{}", at_a.bruno.id);
            let (status, _) = at_b.ana.call("GET", &path, Value::Null).await;
            (status.is_success() == wanted).then_some(())
        };
        until("bruno is there", async || is_there(true).await).await;
        at_a.ana.ok("DELETE", &format!("/channels/{channel}/members/{}", at_a.bruno.id), Value::Null).await;
        until("bruno is gone", async || is_there(false).await).await;

        at_a.ana.ok("POST", &format!("/remotecluster/{remote}/channels/{channel}/uninvite"), json!({})).await;
        for person in [&at_a.ana, &at_b.ana] {
            until("it is not shared any more", async || {
                person.get(&format!("/channels/{channel}")).await["shared"].is_null().then_some(())
            })
            .await;
        }
        at_a.ana.says(&channel, "", "only here").await;
        let again = at_a.ana.ok("POST", &format!("/remotecluster/{remote}/channels/{channel}/invite"), json!({})).await;
        assert_eq!(again["status"], "OK");
        until("it is shared again", async || {
            (at_b.ana.get(&format!("/channels/{channel}")).await["shared"] == true).then_some(())
        })
        .await;
        at_a.ana.says(&channel, "", "for both").await;
        heard(&at_b.ana, &channel, "for both").await;
        let there = said(&at_b.ana, &channel).await;
        assert!(there.iter().all(|p| p["message"] != "only here"), "{there:?}");

        let (status, _) = at_a.ana.call("DELETE", &format!("/remotecluster/{remote}"), Value::Null).await;
        assert_eq!(status, 204);
        assert!(at_a.ana.get(&format!("/channels/{channel}")).await["shared"].is_null());
        let (status, _) = at_a.ana.call("GET", &format!("/sharedchannels/remote_info/{remote}"), Value::Null).await;
        assert_eq!(status, 404);
    }
}
