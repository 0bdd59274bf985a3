//! What becomes of channels.

use crate::support::{Ears, arrive, team, text, worlds};
use axum::http::StatusCode;
use serde_json::{Value, json};

#[tokio::test]
async fn a_group_message_becomes_a_private_channel() {
    for world in worlds().await {
        let (engine, t) = (world.engine, team(&world).await);
        let eve = arrive(&world.api, "eve", &t.invite).await;
        let other = t.ana.ok("POST", "/teams", json!({"name": "other", "display_name": "Other", "type": "O"})).await;
        let group = text(&t.ana.ok("POST", "/channels/group", json!([t.bruno.id, eve.id])).await, "id");
        t.bruno.says(&group, "", "only the three of us").await;
        let teams = t.bruno.get(&format!("/channels/{group}/common_teams")).await;
        assert_eq!(
            teams.as_array().unwrap().iter().map(|t| text(t, "name")).collect::<Vec<_>>(),
            ["field"],
            "{engine}"
        );

        let path = format!("/channels/{group}/convert_to_channel");
        let body = |team: &str| json!({"channel_id": group, "team_id": team, "name": "three", "display_name": "Three"});
        let (status, _) = t.ana.call("POST", &path, body(&text(&other, "id"))).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{engine}: Bruno is not in that team");
        let mut ears = Ears::of(&world, &eve.id).await;
        let channel = t.bruno.ok("POST", &path, body(&t.id)).await;
        assert_eq!((&channel["type"], &channel["team_id"]), (&json!("P"), &json!(t.id)), "{engine}");
        assert_eq!(ears.next("channel_updated").await.inner("channel")["name"], "three", "{engine}");
        let page = eve.get(&format!("/channels/{group}/posts")).await;
        let kinds: Vec<String> = page["posts"].as_object().unwrap().values().map(|p| text(p, "type")).collect();
        assert!(kinds.contains(&"system_gm_to_channel".to_owned()), "{engine}: {kinds:?}");
        let sidebar = eve.get(&format!("/users/me/teams/{}/channels/categories", t.id)).await;
        let named = |kind: &str| {
            let all = sidebar["categories"].as_array().unwrap();
            all.iter().find(|c| c["type"] == kind).unwrap()["channel_ids"].to_string()
        };
        assert!(named("channels").contains(&group) && !named("direct_messages").contains(&group), "{engine}");
        assert_eq!(t.bruno.call("POST", &path, body(&t.id)).await.0, StatusCode::BAD_REQUEST, "{engine}: once");
        assert_eq!(t.ana.call("GET", &format!("/channels/{}/common_teams", t.square), Value::Null).await.0, 400);
    }
}

#[tokio::test]
async fn a_channel_is_replaced_patched_and_gets_a_banner() {
    for world in worlds().await {
        let (engine, t) = (world.engine, team(&world).await);
        let new = json!({"team_id": t.id, "name": "pump", "display_name": "Pump", "type": "O", "header": "h", "purpose": "p"});
        let channel = t.bruno.ok("POST", "/channels", new).await;
        let path = format!("/channels/{}", text(&channel, "id"));
        let whole = json!({"id": channel["id"], "display_name": "Pumps", "purpose": "all of them"});
        let replaced = t.bruno.ok("PUT", &path, whole).await;
        assert_eq!((&replaced["header"], &replaced["purpose"]), (&json!(""), &json!("all of them")), "{engine}");
        assert_eq!((&replaced["name"], &replaced["display_name"]), (&json!("pump"), &json!("Pumps")), "{engine}");
        let other = json!({"id": t.square, "display_name": "x"});
        assert_eq!(t.bruno.call("PUT", &path, other).await.0, StatusCode::BAD_REQUEST, "{engine}");

        let banner = json!({"banner_info": {"enabled": true, "text": "Boil the water", "background_color": "#c62828"}});
        let patched = t.bruno.ok("PUT", &format!("{path}/patch"), banner.clone()).await;
        assert_eq!(patched["banner_info"], banner["banner_info"], "{engine}: who made the channel administers it");
        assert_eq!(t.ana.get(&path).await["banner_info"]["text"], "Boil the water", "{engine}");
        let (status, _) = t.bruno.call("PUT", &format!("/channels/{}/patch", t.square), banner.clone()).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{engine}: a mere member");
        let colorless = json!({"banner_info": {"background_color": ""}});
        assert_eq!(
            t.bruno.call("PUT", &format!("{path}/patch"), colorless).await.0,
            StatusCode::BAD_REQUEST,
            "{engine}"
        );
        let (status, refused) = t.bruno.call("PUT", &format!("{path}/patch"), json!({"autotranslation": true})).await;
        assert_eq!(status, StatusCode::NOT_IMPLEMENTED, "{engine}: nothing here translates: {refused}");
        let off = json!({"banner_info": {"enabled": false}});
        let patched = t.bruno.ok("PUT", &format!("{path}/patch"), off).await;
        assert_eq!(patched["banner_info"]["text"], "Boil the water", "{engine}");
    }
}
