//! Links to other posts show what they lead to, to those who may read it.

use crate::support::{Ears, team, text, worlds};
use serde_json::{Value, json};

fn embeds(post: &Value) -> Vec<Value> {
    post["metadata"]["embeds"].as_array().cloned().unwrap_or_default()
}

#[tokio::test]
async fn each_reader_sees_what_they_may_read() {
    for world in worlds().await {
        let (engine, t) = (world.engine, team(&world).await);
        let new = json!({"team_id": t.id, "name": "closed", "display_name": "Closed", "type": "P"});
        let closed = text(&t.ana.ok("POST", "/channels", new).await, "id");
        let secret = text(&t.ana.says(&closed, "", "the code is 1234").await, "id");
        let open = text(&t.ana.says(&t.square, "", "lunch at noon").await, "id");
        let (mut ana, mut bruno) = (Ears::of(&world, &t.ana.id).await, Ears::of(&world, &t.bruno.id).await);

        let link = format!("look: http://localhost:8065/field/pl/{secret}");
        let post = t.ana.says(&t.square, "", &link).await;
        let embed = &embeds(&post)[0];
        assert_eq!((&embed["type"], &embed["data"]["post_id"]), (&json!("permalink"), &json!(secret)), "{engine}");
        assert_eq!(embed["data"]["post"]["message"], "the code is 1234", "{engine}");
        assert_eq!(embed["data"]["team_name"], "field", "{engine}");
        let path = format!("/posts/{}", text(&post, "id"));
        assert_eq!(embeds(&t.ana.get(&path).await).len(), 1, "{engine}");
        assert!(!t.bruno.get(&path).await.to_string().contains("1234"), "{engine}: he is not in that channel");
        let page = format!("/channels/{}/posts", t.square);
        assert!(!t.bruno.get(&page).await.to_string().contains("1234"), "{engine}");
        assert!(t.ana.get(&page).await.to_string().contains("1234"), "{engine}");
        assert!(ana.next("posted").await.0.to_string().contains("1234"), "{engine}");
        assert!(!bruno.next("posted").await.0.to_string().contains("1234"), "{engine}: nor does the event tell");

        let patch = json!({"message": format!("rather http://localhost:8065/field/pl/{open}")});
        t.ana.ok("PUT", &format!("{path}/patch"), patch).await;
        let edited = bruno.next("post_edited").await.inner("post");
        assert_eq!(embeds(&edited)[0]["data"]["post"]["message"], "lunch at noon", "{engine}: public");
        t.ana.ok("DELETE", &format!("/posts/{open}"), Value::Null).await;
        assert!(embeds(&t.bruno.get(&path).await).is_empty(), "{engine}: what was deleted is not shown");
    }
}
