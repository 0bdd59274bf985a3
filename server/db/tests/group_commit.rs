//! Many transactions at once on SQLite: each is there when its commit returns, and all are told in their order.

use db::{Db, Migration, Options, Row, Sql, params};
use std::sync::{Arc, Mutex};

const SCHEMA: &str = "CREATE TABLE numbers (n BIGINT PRIMARY KEY)";
const STEPS: &[Migration] = &[Migration { version: 1, name: "numbers", sqlite: SCHEMA, postgres: SCHEMA }];
const NEXT: Sql = Sql::new("INSERT INTO numbers SELECT COALESCE(MAX(n), 0) + 1 FROM numbers RETURNING n");
const COUNT: Sql = Sql::new("SELECT COUNT(*) FROM numbers WHERE n <= $1");

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn commits_at_once_are_all_there_and_told_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options::Sqlite { path: folder.path().join("site.db"), readers: 2, full_sync: true };
    let db = Db::open(&options).await.unwrap();
    db::migrate(&db, STEPS).await.unwrap();
    let told = Arc::new(Mutex::new(Vec::new()));
    let mut writers = tokio::task::JoinSet::new();
    for _ in 0..200 {
        let (db, told) = (db.clone(), told.clone());
        writers.spawn(async move {
            let mut tx = db.write().await.unwrap();
            let n: i64 = tx.fetch_optional(&NEXT, params![], Row::only).await.unwrap().unwrap();
            let tell = told.clone();
            tx.after_commit(move || tell.lock().unwrap().push(n));
            tx.commit().await.unwrap();
            assert!(told.lock().unwrap().contains(&n), "{n} is not told when its commit returns");
            let below: i64 = db.read().await.unwrap().fetch(&COUNT, params![n], Row::only).await.unwrap()[0];
            assert_eq!(below, n, "everything up to {n} can be read");
        });
    }
    while let Some(done) = writers.join_next().await {
        done.unwrap();
    }
    assert_eq!(*told.lock().unwrap(), (1..=200).collect::<Vec<i64>>());
}
