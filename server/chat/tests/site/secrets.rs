//! What a copy of the database tells whoever stole it.

use crate::support::*;
use chat::keys::{self, Keys};
use db::{Db, Row, Sql, params};
use serde_json::json;

const SECRET: Sql = Sql::new("SELECT mfa_secret FROM users WHERE id = $1");
const PLAIN: Sql = Sql::new("UPDATE users SET mfa_secret = $2 WHERE id = $1");

async fn stored(db: &Db, user: &str) -> String {
    let mut conn = db.read().await.unwrap();
    conn.fetch_optional(&SECRET, params![user], Row::only).await.unwrap().unwrap()
}

async fn set(db: &Db, user: &str, secret: &str) {
    let mut tx = db.write().await.unwrap();
    tx.execute(&PLAIN, params![user, secret]).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_second_factor_is_sealed_in_the_database() {
    let pending = Sql::new("SELECT mfa_pending FROM users WHERE id = $1");
    for world in worlds().await {
        let t = team(&world).await;
        let shown = t.ana.ok("POST", &format!("/users/{}/mfa/generate", t.ana.id), json!({})).await;
        let mut conn = world.site.db.read().await.unwrap();
        let stored: String = conn.fetch_optional(&pending, params![&t.ana.id], Row::only).await.unwrap().unwrap();
        assert!(keys::key_of(&stored).is_some() && !stored.contains(&text(&shown, "secret")), "{}", world.engine);
        let opened = world.site.keys.open(&keys::MFA_PENDING, &t.ana.id, &stored).unwrap();
        assert_eq!(opened, text(&shown, "secret"));
    }
}

#[tokio::test]
async fn secrets_of_an_older_site_are_sealed_at_its_start_and_again_with_a_new_key() {
    for world in worlds().await {
        let t = team(&world).await;
        let (db, id) = (&world.site.db, t.ana.id.as_str());
        let folder = tempfile::tempdir().unwrap();
        let site = Keys::load(folder.path(), None).unwrap();
        keys::settle(db, &site).await.unwrap();
        set(db, id, "JBSWY3DPEHPK3PXP").await;

        assert_eq!(keys::settle(db, &site).await.unwrap(), 1, "{}", world.engine);
        let first = stored(db, id).await;
        assert_eq!(site.open(&keys::MFA_SECRET, id, &first).unwrap(), "JBSWY3DPEHPK3PXP");
        assert_eq!(keys::settle(db, &site).await.unwrap(), 0);

        site.rotate().unwrap();
        assert!(keys::settle(db, &site).await.unwrap() >= 1);
        let second = stored(db, id).await;
        assert_ne!(keys::key_of(&first), keys::key_of(&second));
        assert_eq!(site.open(&keys::MFA_SECRET, id, &second).unwrap(), "JBSWY3DPEHPK3PXP");

        let lost = keys::settle(db, &Keys::default()).await.unwrap_err().to_string();
        assert!(lost.contains("is sealed with key") && lost.contains("which is not there"), "{lost}");
        assert_eq!(stored(db, id).await, second, "nothing is changed without the key");
    }
}
