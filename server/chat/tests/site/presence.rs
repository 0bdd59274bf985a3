//! Presence: away when nobody is at the keyboard, back with the next word, and undisturbed for as long as was wished.

use crate::support::{Ears, team, worlds};
use serde_json::json;

const MINUTE: i64 = 60 * 1000;

#[tokio::test]
async fn idle_people_are_away_until_they_do_something() {
    for world in worlds().await {
        let (engine, t) = (world.engine, team(&world).await);
        let (_ana, mut bruno) = (Ears::of(&world, &t.ana.id).await, Ears::of(&world, &t.bruno.id).await);
        let path = format!("/users/{}/status", t.ana.id);
        t.ana.says(&t.square, "", "good morning").await;
        assert_eq!(t.bruno.get(&path).await["status"], "online", "{engine}");
        world.clock.advance(4 * MINUTE);
        chat::status::active(&world.site, &t.bruno.id).await.unwrap();
        assert_eq!(chat::status::do_due(&world.site).await.unwrap(), 0, "{engine}: not long enough");
        world.clock.advance(2 * MINUTE);
        assert_eq!(chat::status::do_due(&world.site).await.unwrap(), 1, "{engine}: Ana, and not Bruno");
        assert_eq!(
            bruno.next("status_change").await.0["data"],
            json!({"status": "away", "user_id": t.ana.id}),
            "{engine}"
        );
        assert_eq!(t.bruno.get(&path).await["status"], "away", "{engine}");
        t.ana.says(&t.square, "", "back").await;
        assert_eq!(bruno.next("status_change").await.0["data"]["status"], "online", "{engine}");

        let end = (world.clock.now_ms() + 30 * MINUTE) / 1000;
        let dnd = json!({"user_id": t.ana.id, "status": "dnd", "dnd_end_time": end});
        t.ana.ok("PUT", &path, dnd).await;
        assert_eq!(bruno.next("status_change").await.0["data"]["status"], "dnd", "{engine}");
        world.clock.advance(20 * MINUTE);
        chat::status::active(&world.site, &t.ana.id).await.unwrap();
        chat::status::active(&world.site, &t.bruno.id).await.unwrap();
        assert_eq!(t.bruno.get(&path).await["status"], "dnd", "{engine}: activity does not end it");
        world.clock.advance(11 * MINUTE);
        chat::status::active(&world.site, &t.ana.id).await.unwrap();
        chat::status::active(&world.site, &t.bruno.id).await.unwrap();
        chat::status::do_due(&world.site).await.unwrap();
        assert_eq!(bruno.next("status_change").await.0["data"]["status"], "online", "{engine}: its time is over");
        assert_eq!(t.bruno.get(&path).await["dnd_end_time"], 0, "{engine}");
    }
}
