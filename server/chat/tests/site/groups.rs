//! Groups that are mentioned by one name, and the fields that a site adds to profiles.

use crate::support::{Ears, arrive, team, text, worlds};
use axum::http::StatusCode;
use serde_json::{Value, json};

/// The database picks who can be meant; it must not lose anybody, whatever they set.
#[tokio::test]
async fn people_are_mentioned_as_they_asked_for() {
    for world in worlds().await {
        let (engine, t) = (world.engine, team(&world).await);
        let mut ears = Ears::of(&world, &t.bruno.id).await;
        let cases = [
            (json!({"mention_keys": "", "first_name": "false", "channel": "true"}), "Bruno, the pump", false),
            (json!({"mention_keys": "", "first_name": "false", "channel": "true"}), "@here the pump", true),
            (json!({"mention_keys": "", "first_name": "false", "channel": "false"}), "@here the pump", false),
            (json!({"mention_keys": "", "first_name": "false", "channel": "false"}), "ask @Bruno.", true),
            (json!({"mention_keys": "pump, sluice", "first_name": "false"}), "the sluice is shut", true),
            (
                json!({"mention_keys": "\"mention_keys\":\"\",sluice", "first_name": "false"}),
                "the sluice is shut",
                true,
            ),
            (json!({"mention_keys": "", "first_name": "true"}), "Bruno, the pump", true),
        ];
        for (props, message, expected) in cases {
            t.bruno.ok("PUT", "/users/me/patch", json!({"first_name": "Bruno", "notify_props": props})).await;
            t.ana.says(&t.square, "", message).await;
            let heard = ears.next("posted").await;
            let mentioned = heard.0["data"].get("mentions").is_some();
            assert_eq!(mentioned, expected, "{engine}: {message} with {props}");
        }
    }
}

#[tokio::test]
async fn a_group_is_made_mentioned_and_archived() {
    for world in worlds().await {
        let (engine, t) = (world.engine, team(&world).await);
        let far = arrive(&world.api, "far", "").await;
        let mut bruno = Ears::of(&world, &t.bruno.id).await;
        let new = json!({"name": "night-shift", "display_name": "Night shift", "source": "custom",
            "allow_reference": true, "user_ids": [t.bruno.id, far.id]});
        let group = t.ana.ok("POST", "/groups", new.clone()).await;
        let id = text(&group, "id");
        assert_eq!(group["member_count"], 2, "{engine}");
        assert_eq!(bruno.next("received_group").await.inner("group")["name"], "night-shift", "{engine}");
        assert_eq!(t.ana.call("POST", "/groups", new).await.0, StatusCode::BAD_REQUEST, "{engine}: the name is taken");
        let person = json!({"name": "bruno", "display_name": "B", "source": "custom", "allow_reference": true});
        assert_eq!(t.ana.call("POST", "/groups", person).await.0, StatusCode::BAD_REQUEST, "{engine}: a user's name");

        t.ana.says(&t.square, "", "@Night-Shift: the pump, please").await;
        assert_eq!(bruno.next("posted").await.inner("mentions"), json!([t.bruno.id]), "{engine}");
        let member = format!("/channels/{}/members/{}", t.square, t.bruno.id);
        assert_eq!(t.ana.get(&member).await["mention_count"], 1, "{engine}");
        let counts = t.ana.get(&format!("/channels/{}/member_counts_by_group", t.square)).await;
        assert_eq!((&counts[0]["group_id"], &counts[0]["channel_member_count"]), (&json!(id), &json!(1)), "{engine}");

        let members = t.ana.get(&format!("/groups/{id}/members")).await;
        let names: Vec<String> = members["members"].as_array().unwrap().iter().map(|u| text(u, "username")).collect();
        assert_eq!(
            (names, &members["total_member_count"]),
            (vec!["bruno".into(), "far".into()], &json!(2)),
            "{engine}"
        );
        t.ana.ok("DELETE", &format!("/groups/{id}/members"), json!({"user_ids": [t.bruno.id]})).await;
        bruno.next("group_member_deleted").await;
        assert_eq!(t.bruno.get("/users/me/groups").await, json!([]), "{engine}");
        t.ana.ok("POST", &format!("/groups/{id}/members"), json!({"user_ids": [t.bruno.id]})).await;
        assert_eq!(t.bruno.get("/users/me/groups").await[0]["id"], json!(id), "{engine}");

        t.ana.ok("PUT", &format!("/groups/{id}/patch"), json!({"display_name": "Nights"})).await;
        t.ana.ok("DELETE", &format!("/groups/{id}"), Value::Null).await;
        assert_eq!(t.ana.get("/groups?q=night").await, json!([]), "{engine}");
        t.ana.says(&t.square, "", "@night-shift again").await;
        assert_eq!(t.ana.get(&member).await["mention_count"], 1, "{engine}: archived groups mention nobody");
        t.ana.ok("POST", &format!("/groups/{id}/restore"), Value::Null).await;
        let found = t.ana.get("/groups?q=NIGHT&include_member_count=true&filter_allow_reference=true").await;
        assert_eq!((&found[0]["display_name"], &found[0]["member_count"]), (&json!("Nights"), &json!(2)), "{engine}");
        assert_eq!(t.ana.ok("POST", "/groups/names", json!(["night-shift"])).await[0]["id"], json!(id), "{engine}");
        assert_eq!(t.ana.get(&format!("/groups/{id}/stats")).await["total_member_count"], 2, "{engine}");
    }
}

#[tokio::test]
async fn profiles_have_the_fields_that_the_site_wants() {
    for world in worlds().await {
        let (engine, t) = (world.engine, team(&world).await);
        let mut bruno = Ears::of(&world, &t.bruno.id).await;
        let fields = "/custom_profile_attributes/fields";
        let blood = json!({"name": "Blood group", "type": "select",
            "attrs": {"options": [{"name": "A+"}, {"name": "0-"}]}});
        assert_eq!(t.bruno.call("POST", fields, blood.clone()).await.0, StatusCode::FORBIDDEN, "{engine}");
        let blood = t.ana.ok("POST", fields, blood).await;
        let heard = bruno.next("custom_profile_attributes_field_created").await;
        assert_eq!(heard.0["data"]["field"]["name"], "Blood group", "{engine}");
        let rank = json!({"name": "Rank", "type": "text", "attrs": {"managed": "admin"}});
        let rank = text(&t.ana.ok("POST", fields, rank).await, "id");
        assert_eq!(t.bruno.get(fields).await.as_array().unwrap().len(), 2, "{engine}");
        assert_eq!(t.bruno.get("/custom_profile_attributes/group").await["id"], blood["group_id"], "{engine}");

        let (id, option) = (text(&blood, "id"), blood["attrs"]["options"][1]["id"].clone());
        let own = "/custom_profile_attributes/values";
        assert_eq!(t.bruno.ok("PATCH", own, json!({&id: option})).await, json!({&id: option}), "{engine}");
        let heard = bruno.next("custom_profile_attributes_values_updated").await;
        assert_eq!(heard.0["data"]["values"][&id], option, "{engine}");
        assert_eq!(t.bruno.call("PATCH", own, json!({&id: "B"})).await.0, StatusCode::BAD_REQUEST, "{engine}");
        assert_eq!(t.bruno.call("PATCH", own, json!({&rank: "chief"})).await.0, StatusCode::FORBIDDEN, "{engine}");
        let his = format!("/users/{}/custom_profile_attributes", t.bruno.id);
        t.ana.ok("PATCH", &his, json!({&rank: "chief"})).await;
        assert_eq!(t.ana.get(&his).await, json!({&id: option, &rank: "chief"}), "{engine}");
        t.ana.ok("DELETE", &format!("{fields}/{rank}"), Value::Null).await;
        assert_eq!(t.ana.get(&his).await, json!({&id: option}), "{engine}");
        t.ana.ok("PATCH", &format!("{fields}/{id}"), json!({"type": "text"})).await;
        assert_eq!(t.ana.get(&his).await, json!({}), "{engine}: another kind of field forgets");
    }
}
