//! What becomes of teams.

use crate::support::{team, text, worlds};
use serde_json::{Value, json};

#[tokio::test]
async fn an_administrator_finds_an_archived_team_and_brings_it_back() {
    for world in worlds().await {
        let (engine, t) = (world.engine, team(&world).await);
        t.ana.ok("DELETE", &format!("/teams/{}", t.id), Value::Null).await;
        assert_eq!(t.ana.get("/teams").await, json!([]), "{engine}");
        let found = t.ana.get("/teams?include_deleted=true").await;
        assert_eq!(text(&found[0], "id"), t.id, "{engine}");
        assert!(found[0]["delete_at"].as_i64() > Some(0), "{engine}");
        assert_eq!(t.bruno.get("/teams?include_deleted=true").await, json!([]), "{engine}: for administrators only");
        t.ana.ok("POST", &format!("/teams/{}/restore", t.id), Value::Null).await;
        assert_eq!(text(&t.ana.get("/teams").await[0], "id"), t.id, "{engine}");
    }
}
