//! Schemes give the members of some teams or channels other roles than the rest of the site has; a moderated channel keeps
//! its members from what they may do elsewhere.

use crate::support::{Ears, Person, Team, arrive, team, text, worlds};
use axum::http::StatusCode;
use serde_json::{Value, json};

async fn patch_role(admin: &Person<'_>, role: &str, change: impl Fn(&mut Vec<String>)) {
    let role = admin.get(&format!("/roles/name/{role}")).await;
    let mut permissions: Vec<String> = serde_json::from_value(role["permissions"].clone()).unwrap();
    change(&mut permissions);
    let path = format!("/roles/{}/patch", text(&role, "id"));
    admin.ok("PUT", &path, json!({"permissions": permissions})).await;
}

async fn tries(who: &Person<'_>, channel: &str) -> StatusCode {
    who.call("POST", "/posts", json!({"channel_id": channel, "message": "hello"})).await.0
}

#[tokio::test]
async fn a_team_with_a_scheme_has_its_own_rules_until_the_scheme_is_deleted() {
    for world in worlds().await {
        let t = team(&world).await;
        let other = t.ana.ok("POST", "/teams", json!({"name": "other", "display_name": "Other", "type": "O"})).await;
        let other = text(&other, "id");
        t.ana.ok("POST", &format!("/teams/{other}/members"), json!({"team_id": other, "user_id": t.bruno.id})).await;
        let elsewhere = text(&t.ana.get(&format!("/teams/{other}/channels/name/town-square")).await, "id");

        let new = json!({"name": "strict", "display_name": "Strict", "scope": "team"});
        assert_eq!(t.bruno.call("POST", "/schemes", new.clone()).await.0, StatusCode::FORBIDDEN);
        let scheme = t.ana.ok("POST", "/schemes", new.clone()).await;
        assert_eq!(t.ana.call("POST", "/schemes", new).await.0, StatusCode::BAD_REQUEST, "the name is taken");
        let id = text(&scheme, "id");
        let user_role = text(&scheme, "default_channel_user_role");
        let built_in = t.ana.get("/roles/name/channel_user").await;
        let role = t.ana.get(&format!("/roles/name/{user_role}")).await;
        assert_eq!(role["permissions"], built_in["permissions"], "a scheme begins with what holds everywhere");

        let mut ears = Ears::of(&world, &t.bruno.id).await;
        let path = format!("/teams/{}/scheme", t.id);
        t.ana.ok("PUT", &path, json!({"scheme_id": id})).await;
        let told = ears.next("update_team_scheme").await.inner("team");
        assert_eq!((&told["scheme_id"], &told["invite_id"]), (&json!(id), &json!("")));
        assert_eq!(t.ana.get(&format!("/schemes/{id}/teams")).await[0]["id"], t.id);
        assert_eq!(t.ana.call("GET", &format!("/schemes/{id}/channels"), Value::Null).await.0, StatusCode::BAD_REQUEST);
        let member = t.bruno.get(&format!("/channels/{}/members/me", t.square)).await;
        assert_eq!(member["roles"], user_role, "clients look the role up by this name");

        patch_role(&t.ana, &user_role, |p| p.retain(|p| p != "create_post")).await;
        assert_eq!(ears.next("role_updated").await.inner("role")["name"], user_role);
        assert_eq!(tries(&t.bruno, &t.square).await, StatusCode::FORBIDDEN, "{}", world.engine);
        assert_eq!(tries(&t.bruno, &elsewhere).await, StatusCode::CREATED);
        let square = format!("/channels/{}/scheme", t.square);
        assert_eq!(t.ana.call("PUT", &square, json!({"scheme_id": id})).await.0, StatusCode::BAD_REQUEST);

        t.ana.ok("PUT", &format!("/schemes/{id}/patch"), json!({"display_name": "Stricter"})).await;
        assert_eq!(t.ana.get("/schemes?scope=team").await[0]["display_name"], "Stricter");
        t.ana.ok("DELETE", &format!("/schemes/{id}"), Value::Null).await;
        assert_eq!(ears.next("update_team_scheme").await.inner("team")["scheme_id"], Value::Null);
        assert_eq!(tries(&t.bruno, &t.square).await, StatusCode::CREATED);
        let member = t.bruno.get(&format!("/channels/{}/members/me", t.square)).await;
        assert_eq!(member["roles"], "channel_user");
        let (status, _) = t.ana.call("PUT", &path, json!({"scheme_id": id})).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "a deleted scheme is given to nobody");
    }
}

/// Of an entry of the moderation: value and enabled, of members and of guests.
fn entry(list: &Value, name: &str, of: &str) -> (bool, bool) {
    let entry = list.as_array().unwrap().iter().find(|e| e["name"] == name).unwrap_or_else(|| panic!("{list}"));
    let role = &entry["roles"][of];
    (role["value"].as_bool().unwrap(), role["enabled"].as_bool().unwrap())
}

async fn guest<'a>(t: &Team<'a>) -> Person<'a> {
    let carla = arrive(t.ana.api, "carla", &t.invite).await;
    t.ana.ok("POST", &format!("/users/{}/demote", carla.id), Value::Null).await;
    carla
}

#[tokio::test]
async fn a_moderated_channel_keeps_its_members_from_posting_and_its_administrators_not() {
    for world in worlds().await {
        let t = team(&world).await;
        let carla = guest(&t).await;
        let boss = arrive(&world.api, "boss", &t.invite).await;
        let path = format!("/channels/{}/members/{}/schemeRoles", t.square, boss.id);
        t.ana.ok("PUT", &path, json!({"scheme_user": true, "scheme_admin": true})).await;
        let moderations = format!("/channels/{}/moderations", t.square);
        let patch = format!("{moderations}/patch");
        assert_eq!(t.bruno.call("GET", &moderations, Value::Null).await.0, StatusCode::FORBIDDEN);
        let all = t.ana.get(&moderations).await;
        let names: Vec<&str> = all.as_array().unwrap().iter().map(|e| e["name"].as_str().unwrap()).collect();
        let expected =
            ["create_post", "create_reactions", "manage_members", "use_channel_mentions", "manage_bookmarks"];
        assert_eq!(names, expected);
        assert!(all[2]["roles"].get("guests").is_none(), "guests never manage members");

        let mut ears = Ears::of(&world, &t.bruno.id).await;
        let post = t.bruno.says(&t.square, "", "before").await;
        let off = json!([{"name": "create_post", "roles": {"members": false}}]);
        assert_eq!(t.bruno.call("PUT", &patch, off.clone()).await.0, StatusCode::FORBIDDEN);
        let shown = t.ana.ok("PUT", &patch, off).await;
        assert_eq!(entry(&shown, "create_post", "members"), (false, true));
        assert_eq!(entry(&shown, "create_post", "guests"), (true, true));
        ears.next("channel_scheme_updated").await;
        assert_eq!(tries(&t.bruno, &t.square).await, StatusCode::FORBIDDEN, "{}", world.engine);
        assert_eq!(tries(&carla, &t.square).await, StatusCode::CREATED, "nothing was decided for guests");
        assert_eq!(
            tries(&boss, &t.square).await,
            StatusCode::CREATED,
            "administrators of the channel are not moderated"
        );
        let reaction = json!({"user_id": t.bruno.id, "post_id": text(&post, "id"), "emoji_name": "smile"});
        t.bruno.ok("POST", "/reactions", reaction.clone()).await;

        let both = json!([{"name": "create_reactions", "roles": {"members": false, "guests": false}}]);
        t.ana.ok("PUT", &patch, both).await;
        ears.next("role_updated").await;
        assert_eq!(t.bruno.call("POST", "/reactions", reaction).await.0, StatusCode::FORBIDDEN);

        // What the site forbids, no channel allows.
        patch_role(&t.ana, "channel_guest", |p| p.retain(|p| p != "create_post")).await;
        let on = json!([{"name": "create_post", "roles": {"guests": true}}]);
        let shown = t.ana.ok("PUT", &patch, on).await;
        assert_eq!(entry(&shown, "create_post", "guests"), (false, false));
        assert_eq!(tries(&carla, &t.square).await, StatusCode::FORBIDDEN);

        // Nothing differs any more: the channel has no scheme.
        let again = json!([
            {"name": "create_post", "roles": {"members": true}},
            {"name": "create_reactions", "roles": {"members": true, "guests": true}},
        ]);
        t.ana.ok("PUT", &patch, again).await;
        ears.next("channel_scheme_updated").await;
        assert_eq!(t.ana.get(&format!("/channels/{}", t.square)).await["scheme_id"], Value::Null);
        assert_eq!(t.ana.get("/schemes").await, json!([]));
        assert_eq!(tries(&t.bruno, &t.square).await, StatusCode::CREATED);
        let (status, error) = t.ana.call("PUT", &patch, json!([{"name": "fly", "roles": {"members": true}}])).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{error}");
    }
}

#[tokio::test]
async fn a_scheme_that_channels_share_is_not_changed_by_the_moderation_of_one() {
    for world in worlds().await {
        let t = team(&world).await;
        let off_topic = text(&t.ana.get(&format!("/teams/{}/channels/name/off-topic", t.id)).await, "id");
        let new = json!({"display_name": "Quiet", "scope": "channel"});
        let scheme = t.ana.ok("POST", "/schemes", new).await;
        let id = text(&scheme, "id");
        patch_role(&t.ana, &text(&scheme, "default_channel_user_role"), |p| {
            p.retain(|p| p != "create_post");
            p.push("delete_others_posts".into());
        })
        .await;
        for channel in [&t.square, &off_topic] {
            t.ana.ok("PUT", &format!("/channels/{channel}/scheme"), json!({"scheme_id": id})).await;
            assert_eq!(tries(&t.bruno, channel).await, StatusCode::FORBIDDEN);
        }
        assert_eq!(t.ana.get(&format!("/schemes/{id}/channels")).await.as_array().unwrap().len(), 2);
        let post = text(&t.ana.says(&t.square, "", "stays").await, "id");
        let (status, _) = t.bruno.call("DELETE", &format!("/posts/{post}"), Value::Null).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "a channel's scheme gives nothing that the team's does not");

        let patch = format!("/channels/{}/moderations/patch", t.square);
        let moderation = json!([
            {"name": "create_post", "roles": {"members": true}},
            {"name": "create_reactions", "roles": {"members": false}},
        ]);
        t.ana.ok("PUT", &patch, moderation).await;
        assert_eq!(tries(&t.bruno, &t.square).await, StatusCode::CREATED);
        assert_eq!(tries(&t.bruno, &off_topic).await, StatusCode::FORBIDDEN, "{}", world.engine);
        t.ana.ok("PUT", &format!("/channels/{}/scheme", t.square), json!({"scheme_id": null})).await;
        assert_eq!(t.ana.get("/schemes?scope=channel").await.as_array().unwrap().len(), 1);
    }
}
