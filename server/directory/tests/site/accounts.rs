//! What a synchronisation makes of accounts.

use crate::support::{Slapd, dn, places, text};
use serde_json::{Value, json};

#[tokio::test]
async fn accounts_follow_their_entries() {
    for index in 0..db::testing::databases().await.len() {
        let slapd = Slapd::start();
        let place = places(&slapd.config()).await.swap_remove(index);
        let engine = place.engine;
        let (bruno, carla) = (text(&place.comes("bruno").await, "id"), text(&place.comes("carla").await, "id"));
        let session = place.token("bruno", "bruno-Pass-9").await;

        // Thirteen people come in five pages.
        let job = place.synchronised().await;
        assert_eq!((&job["status"], &job["data"]["directory_people"]), (&json!("success"), &json!("13")), "{job}");
        assert_eq!(
            place.get("/users/stats").await["total_users_count"],
            3,
            "{engine}: nobody is made before they come"
        );

        slapd.set(&dn("carla"), "mail", "carla.new@field.example").await;
        slapd.delete(&dn("bruno")).await;
        let job = place.synchronised().await;
        assert_eq!((&job["data"]["deactivated"], &job["data"]["updated"]), (&json!("1"), &json!("1")), "{job}");
        assert_eq!(place.get(&format!("/users/{carla}")).await["email"], "carla.new@field.example", "{engine}");
        assert_ne!(place.get(&format!("/users/{bruno}")).await["delete_at"], 0, "{engine}: he is kept, deactivated");
        assert_eq!(place.refused(&session, "GET", "/users/me", Value::Null).await.0, 401, "{engine}");
        assert_eq!(place.turned_away("bruno", "bruno-Pass-9").await.0, 401, "{engine}");

        // An entry that is another one is another person, whatever it is called.
        slapd.add_person("bruno").await;
        place.synchronised().await;
        assert_ne!(place.get(&format!("/users/{bruno}")).await["delete_at"], 0, "{engine}");

        // Whom a filter leaves out and takes in again comes back; whom an administrator sent away does not.
        let path = format!("/users/{carla}/active");
        place.ok(&place.root, "PUT", &path, json!({"active": false})).await;
        place.synchronised().await;
        assert_ne!(place.get(&format!("/users/{carla}")).await["delete_at"], 0, "{engine}");
        let dora = text(&place.comes("dora").await, "id");
        slapd.set(&dn("dora"), "employeeType", "away").await;
        let narrow = directory::Config {
            user_filter: "(&(objectClass=inetOrgPerson)(!(employeeType=away)))".into(),
            ..slapd.config()
        };
        reopen(&place, &narrow).await;
        place.synchronised().await;
        assert_ne!(place.get(&format!("/users/{dora}")).await["delete_at"], 0, "{engine}");
        slapd.set(&dn("dora"), "employeeType", "here").await;
        place.synchronised().await;
        assert_eq!(place.get(&format!("/users/{dora}")).await["delete_at"], 0, "{engine}");

        // A directory that knows nobody, or only a part, changes nothing.
        for broken in [
            directory::Config { user_filter: "(objectClass=device)".into(), ..slapd.config() },
            directory::Config { max_users: 5, ..slapd.config() },
        ] {
            reopen(&place, &broken).await;
            let job = place.synchronised().await;
            assert_eq!(job["status"], "error", "{engine}: {job}");
            assert_eq!(place.get(&format!("/users/{dora}")).await["delete_at"], 0, "{engine}");
        }
    }
}

async fn reopen(place: &crate::support::Place, config: &directory::Config) {
    directory::Directory::open(&place.site, config, &tokio_util::sync::CancellationToken::new()).await.unwrap();
}

#[tokio::test]
async fn filters_say_who_is_a_guest_and_who_administers() {
    for index in 0..db::testing::databases().await.len() {
        let slapd = Slapd::start();
        let config = directory::Config {
            guest_filter: "(title=Visitor)".into(),
            admin_filter: "(title=Director)".into(),
            ..slapd.config()
        };
        let place = places(&config).await.swap_remove(index);
        let engine = place.engine;
        let (ana, bruno, dora) = (place.comes("ana").await, place.comes("bruno").await, place.comes("dora").await);
        assert_eq!(
            [&ana["roles"], &bruno["roles"], &dora["roles"]],
            ["system_admin system_user", "system_user", "system_guest"],
            "{engine}"
        );
        slapd.set(&dn("ana"), "title", "Nurse").await;
        slapd.set(&dn("bruno"), "title", "Visitor").await;
        slapd.set(&dn("dora"), "title", "Nurse").await;
        place.synchronised().await;
        let roles = async |user: &Value| text(&place.get(&format!("/users/{}", text(user, "id"))).await, "roles");
        assert_eq!(roles(&ana).await, "system_user", "{engine}");
        assert_eq!(roles(&bruno).await, "system_guest", "{engine}");
        assert_eq!(roles(&dora).await, "system_guest", "{engine}: a guest is promoted by hand");

        let found = place.post("/ldap/test_diagnostics?test=filters", json!({"UserFilter": "(uid=ana)"})).await;
        assert_eq!((&found[0]["total_count"], &found[0]["sample_results"][0]["username"]), (&json!(1), &json!("ana")));
        let found = place.post("/ldap/test_diagnostics?test=attributes", json!({"PositionAttribute": "title"})).await;
        let position = found.as_array().unwrap().iter().find(|f| f["test_name"] == "PositionAttribute").unwrap();
        assert_eq!(position["total_count"], 4, "{engine}: {position}");
        place.post("/ldap/test", Value::Null).await;
        place.post("/ldap/test_connection", json!({})).await;
    }
}

#[tokio::test]
async fn accounts_can_go_by_another_attribute() {
    let slapd = Slapd::start();
    slapd.set(&dn("bruno"), "employeeNumber", "4711").await;
    for place in places(&slapd.config()).await {
        let engine = place.engine;
        let (bruno, carla) = (place.comes("bruno").await, place.comes("carla").await);
        let to = json!({"toAttribute": "employeeNumber"});
        let refused = place.refused(&place.root, "POST", "/ldap/migrateid", to).await;
        assert_eq!(refused.0, 400, "{engine}: carla has none");
        place.post("/ldap/migrateid", json!({"toAttribute": "uid"})).await;
        assert_eq!(place.get(&format!("/users/{}", text(&bruno, "id"))).await["auth_data"], "bruno", "{engine}");
        // It holds after a restart with the same file.
        reopen(&place, &slapd.config()).await;
        assert_eq!(place.comes("carla").await["id"], carla["id"], "{engine}");
        assert_eq!(place.synchronised().await["data"]["deactivated"], "0", "{engine}");
    }
}
