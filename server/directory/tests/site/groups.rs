//! Groups of the directory, in teams and channels.

use crate::support::{BASE, Place, Slapd, dn, places, text};
use serde_json::{Value, json};

async fn linked(place: &Place, name: &str) -> String {
    let found = place.get(&format!("/ldap/groups?q={name}")).await;
    let key = text(&found["groups"][0], "primary_key");
    text(&place.post(&format!("/ldap/groups/{key}/link"), Value::Null).await, "id")
}

async fn usernames(place: &Place, query: &str) -> Vec<String> {
    let found = place.get(&format!("/users?{query}")).await;
    let mut names: Vec<String> = found.as_array().unwrap().iter().map(|u| text(u, "username")).collect();
    names.sort_unstable();
    names
}

#[tokio::test]
async fn groups_bring_their_people_and_constrained_places_keep_nobody_else() {
    for index in 0..db::testing::databases().await.len() {
        let slapd = Slapd::start();
        let place = places(&slapd.config()).await.swap_remove(index);
        let engine = place.engine;
        for name in ["ana", "carla"] {
            place.comes(name).await;
        }
        let team = place.post("/teams", json!({"name": "field", "display_name": "Field", "type": "I"})).await;
        let team = text(&team, "id");
        let ward = json!({"team_id": team, "name": "ward", "display_name": "Ward", "type": "P"});
        let ward = text(&place.post("/channels", ward).await, "id");

        let found = place.get("/ldap/groups?per_page=1").await;
        assert_eq!((&found["count"], found["groups"].as_array().unwrap().len()), (&json!(2), 1), "{engine}: a page");
        let medics = linked(&place, "medics").await;
        let listed = place.get("/ldap/groups?q=medics").await;
        assert_eq!(listed["groups"][0]["mattermost_group_id"], json!(medics), "{engine}");
        place.synchronised().await;
        assert_eq!(usernames(&place, &format!("in_group={medics}")).await.len(), 1, "{engine}: ana; bruno never came");
        assert_eq!(place.get(&format!("/groups/{medics}")).await["source"], "ldap", "{engine}");

        // Linked to the channel, the group is linked to its team; only the channel brings people.
        let link = format!("/groups/{medics}/channels/{ward}");
        let made = place.post(&format!("{link}/link"), json!({"auto_add": true})).await;
        assert_eq!((&made["channel_id"], &made["auto_add"]), (&json!(ward), &json!(true)), "{engine}");
        assert_eq!(usernames(&place, &format!("in_channel={ward}")).await, ["ana", "root"], "{engine}");
        assert_eq!(usernames(&place, &format!("in_team={team}")).await, ["ana", "root"], "{engine}");
        let of_team = place.get(&format!("/teams/{team}/groups?include_member_count=true")).await;
        assert_eq!((&of_team["total_group_count"], &of_team["groups"][0]["member_count"]), (&json!(1), &json!(1)));
        let of_channel = place.get(&format!("/channels/{ward}/groups")).await;
        assert_eq!(of_channel["groups"][0]["id"], json!(medics), "{engine}");
        let by_channels = place.get(&format!("/teams/{team}/groups_by_channels")).await;
        assert_eq!(by_channels["groups"][&ward][0]["display_name"], "medics", "{engine}");
        let links = place.get(&format!("/groups/{medics}/channels")).await;
        assert_eq!((&links[0]["channel_display_name"], &links[0]["team_id"]), (&json!("Ward"), &json!(team)));

        // Bruno is in the night shift, which is a part of the medics: his first login brings him.
        let bruno = text(&place.comes("bruno").await, "id");
        assert_eq!(usernames(&place, &format!("in_channel={ward}")).await, ["ana", "bruno", "root"], "{engine}");
        // Who leaves by choice is not brought again.
        let session = place.token("bruno", "bruno-Pass-9").await;
        place.ok(&session, "DELETE", &format!("/channels/{ward}/members/{bruno}"), Value::Null).await;
        place.synchronised().await;
        assert_eq!(usernames(&place, &format!("in_channel={ward}")).await, ["ana", "root"], "{engine}");

        // Constrained: who is in no group would go, goes, and cannot be brought by hand.
        let left = place.get(&format!("/channels/{ward}/members_minus_group_members?group_ids={medics}")).await;
        assert_eq!((&left["total_count"], &left["users"][0]["username"]), (&json!(1), &json!("root")), "{engine}");
        let carla = text(&place.get("/users/username/carla").await, "id");
        place.post(&format!("/teams/{team}/members"), json!({"team_id": team, "user_id": carla})).await;
        place.post(&format!("/channels/{ward}/members"), json!({"user_id": carla})).await;
        let constrain = json!({"group_constrained": true});
        let channel = place.ok(&place.root, "PUT", &format!("/channels/{ward}/patch"), constrain).await;
        assert_eq!(channel["group_constrained"], true, "{engine}");
        assert_eq!(usernames(&place, &format!("in_channel={ward}")).await, ["ana"], "{engine}");
        let refused =
            place.refused(&place.root, "POST", &format!("/channels/{ward}/members"), json!({"user_id": carla})).await;
        assert_eq!(refused, (400, "api.channel.add_members.user_denied".into()), "{engine}");
        let ana = text(&place.get("/users/username/ana").await, "id");
        let refused =
            place.refused(&place.root, "DELETE", &format!("/channels/{ward}/members/{ana}"), Value::Null).await;
        assert_eq!(refused, (400, "api.channel.remove_members.denied".into()), "{engine}");

        // The directory moves people.
        slapd.member("medics", &dn("carla"), true).await;
        slapd.member("medics", &dn("ana"), false).await;
        let job = place.synchronised().await;
        assert_eq!(job["status"], "success", "{engine}: {job}");
        assert_eq!(usernames(&place, &format!("in_channel={ward}")).await, ["carla"], "{engine}");
        slapd.member("medics", &dn("ana"), true).await;
        place.synchronised().await;
        assert_eq!(usernames(&place, &format!("in_channel={ward}")).await, ["ana", "carla"], "{engine}");

        // A team, too.
        place.ok(&place.root, "PUT", &format!("/groups/{medics}/teams/{team}/patch"), json!({"auto_add": true})).await;
        place.ok(&place.root, "PUT", &format!("/teams/{team}/patch"), json!({"group_constrained": true})).await;
        assert_eq!(usernames(&place, &format!("in_team={team}")).await, ["ana", "bruno", "carla"], "{engine}");
        let dora = text(&place.comes("dora").await, "id");
        let add = json!({"team_id": team, "user_id": dora});
        let refused = place.refused(&place.root, "POST", &format!("/teams/{team}/members"), add).await;
        assert_eq!(refused, (400, "api.team.add_members.user_denied".into()), "{engine}");

        // A group that is gone takes its people with it.
        slapd.delete(&format!("cn=medics,{BASE}")).await;
        place.synchronised().await;
        assert!(usernames(&place, &format!("in_team={team}")).await.is_empty(), "{engine}");
        assert_ne!(place.get(&format!("/groups/{medics}")).await["delete_at"], 0, "{engine}");
    }
}

#[tokio::test]
async fn groups_of_the_directory_are_changed_there() {
    let slapd = Slapd::start();
    for place in places(&slapd.config()).await {
        let engine = place.engine;
        let night = linked(&place, "night").await;
        let path = format!("/groups/{night}");
        let ids = json!({"user_ids": []});
        for (method, path, body) in [
            ("DELETE", path.clone(), Value::Null),
            ("POST", format!("{path}/members"), ids),
            ("PUT", format!("{path}/patch"), json!({"display_name": "Others"})),
        ] {
            let refused = place.refused(&place.root, method, &path, body).await;
            assert_eq!(refused, (400, "app.group.crud_permission".into()), "{engine}: {method} {path}");
        }
        place.ok(&place.root, "PUT", &format!("{path}/patch"), json!({"allow_reference": true})).await;

        let bruno = text(&place.comes("bruno").await, "id");
        let team = place.post("/teams", json!({"name": "field", "display_name": "Field", "type": "I"})).await;
        let team = text(&team, "id");
        place.post(&format!("{path}/teams/{team}/link"), json!({"auto_add": true, "scheme_admin": true})).await;
        let member = place.get(&format!("/teams/{team}/members/{bruno}")).await;
        assert_eq!(member["scheme_admin"], true, "{engine}: those whom the group brings administer");
        // Administrators of the team may bring a group, and only those may make administrators by it.
        let carla = place.token("carla", "carla-Pass-9").await;
        let link = format!("{path}/teams/{team}/link");
        assert_eq!(place.refused(&carla, "POST", &link, json!({"auto_add": true})).await.0, 403, "{engine}");
        let id = text(&place.ok(&carla, "GET", "/users/me", Value::Null).await, "id");
        place.post(&format!("/teams/{team}/members"), json!({"team_id": team, "user_id": id})).await;
        assert_eq!(place.refused(&carla, "POST", &link, json!({"scheme_admin": true})).await.0, 403, "{engine}");

        place.ok(&place.root, "DELETE", &link, Value::Null).await;
        assert_eq!(place.get(&format!("/teams/{team}/groups")).await["total_group_count"], 0, "{engine}");
        let key = text(&place.get(&path).await, "remote_id");
        place.ok(&place.root, "DELETE", &format!("/ldap/groups/{key}/link"), Value::Null).await;
        assert_ne!(place.get(&path).await["delete_at"], 0, "{engine}");
        assert_eq!(place.get("/ldap/groups?is_linked=true").await["count"], 0, "{engine}");
    }
}
