//! The promises of the engine, kept by SQLite and PostgreSQL alike.

use db::{Db, Migration, Row, Sql, params};

const SCHEMA: &str =
    "CREATE TABLE items (id TEXT PRIMARY KEY, n BIGINT NOT NULL, flag BOOLEAN NOT NULL, extra JSONB, note TEXT)";
const STEPS: &[Migration] = &[Migration { version: 1, name: "items", sqlite: SCHEMA, postgres: SCHEMA }];
// The placeholders do not first appear in order: plain SQLite would bind them wrongly without an error.
const INSERT: Sql = Sql::new("INSERT INTO items (note, extra, flag, n, id) VALUES ($5, $4, $3, $2, $1)");
const BY_IDS: Sql = Sql::new("SELECT id, n, flag, extra, note FROM items WHERE id IN LIST($1) ORDER BY id");
const BUMP: Sql = Sql::new(
    "INSERT INTO items (id, n, flag, extra, note) VALUES ($1, 1, TRUE, NULL, NULL)
     ON CONFLICT (id) DO UPDATE SET n = items.n + 1 RETURNING n",
);

async fn fill(db: &Db) {
    db::migrate(db, STEPS).await.unwrap();
    assert_eq!(db::migrate(db, STEPS).await.unwrap(), 0, "a second run applies nothing");
    let mut tx = db.write().await.unwrap();
    for (id, n) in [("a", 1_i64), ("b", 2)] {
        let extra = serde_json::json!({"n": n});
        tx.execute(&INSERT, params![id, n, n == 2, extra, None::<String>]).await.unwrap();
    }
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn rows_come_back_as_they_went_in() {
    for (engine, db) in db::testing::databases().await {
        fill(&db).await;
        let ids = vec!["a".to_owned(), "b".to_owned(), "z".to_owned()];
        let decode = |row: Row| {
            let mut r = row.read();
            Ok((
                r.get::<String>()?,
                r.get::<i64>()?,
                r.get::<bool>()?,
                r.get::<serde_json::Value>()?,
                r.get::<Option<String>>()?,
            ))
        };
        let rows = db.read().await.unwrap().fetch(&BY_IDS, params![ids], decode).await.unwrap();
        let expected = [
            ("a".to_owned(), 1, false, serde_json::json!({"n": 1}), None),
            ("b".to_owned(), 2, true, serde_json::json!({"n": 2}), None),
        ];
        assert_eq!(rows, expected, "{engine}");
    }
}

#[tokio::test]
async fn a_dropped_transaction_writes_and_tells_nothing() {
    for (engine, db) in db::testing::databases().await {
        fill(&db).await;
        let (tell, told) = std::sync::mpsc::channel();
        let again = tell.clone();
        let mut tx = db.write().await.unwrap();
        tx.execute(&INSERT, params!["c", 3_i64, true, None::<serde_json::Value>, "note"]).await.unwrap();
        tx.after_commit(move || tell.send("dropped").unwrap());
        drop(tx);
        let mut tx = db.write().await.unwrap();
        assert_eq!(tx.query(&BUMP, params!["a"]).await.unwrap()[0].clone().only::<i64>().unwrap(), 2, "{engine}");
        tx.after_commit(move || again.send("kept").unwrap());
        tx.commit().await.unwrap();
        assert_eq!(told.try_iter().collect::<Vec<_>>(), ["kept"], "{engine}");
        let left = db.read().await.unwrap().query(&BY_IDS, params![vec!["c".to_owned()]]).await.unwrap();
        assert!(left.is_empty(), "{engine}");
    }
}

#[tokio::test]
async fn a_second_row_with_the_same_key_is_a_unique_violation() {
    for (engine, db) in db::testing::databases().await {
        fill(&db).await;
        let mut tx = db.write().await.unwrap();
        let twice = tx.execute(&INSERT, params!["a", 9_i64, true, None::<serde_json::Value>, None::<String>]).await;
        assert!(twice.unwrap_err().is_unique_violation(), "{engine}");
    }
}

#[tokio::test]
async fn a_snapshot_does_not_see_what_is_written_after_it() {
    const COUNT: Sql = Sql::new("SELECT COUNT(*) FROM items");
    for (engine, db) in db::testing::databases().await {
        fill(&db).await;
        let mut before = db.snapshot().await.unwrap();
        let mut tx = db.write().await.unwrap();
        let row = |n: i64| params![format!("row {n}"), n, n % 2 == 0, None::<serde_json::Value>, "many"];
        let columns = ["id", "n", "flag", "extra", "note"];
        let written = tx.insert_rows("items", &columns, "", (0..700).map(row).collect()).await.unwrap();
        let again = tx.insert_rows("items", &columns, "ON CONFLICT DO NOTHING", (690..710).map(row).collect()).await;
        assert_eq!((written, again.unwrap()), (700, 10), "{engine}");
        tx.commit().await.unwrap();
        let count = |rows: Vec<Row>| rows[0].clone().only::<i64>().unwrap();
        assert_eq!(count(before.query(&COUNT, vec![]).await.unwrap()), 2, "{engine}");
        assert_eq!(count(db.read().await.unwrap().query(&COUNT, vec![]).await.unwrap()), 712, "{engine}");
    }
}

#[tokio::test]
async fn a_commit_whose_caller_goes_away_is_made_and_told() {
    for (engine, db) in db::testing::databases().await {
        fill(&db).await;
        let (tell, told) = tokio::sync::oneshot::channel();
        let mut tx = db.write().await.unwrap();
        tx.execute(&INSERT, params!["c", 3_i64, true, None::<serde_json::Value>, "note"]).await.unwrap();
        tx.after_commit(move || tell.send(()).unwrap());
        let mut commit = Box::pin(tx.commit());
        // A fast disk may be done by now; then nobody has gone away.
        drop(futures::poll!(&mut commit));
        drop(commit);
        told.await.expect(engine);
        let rows = db.read().await.unwrap().query(&BY_IDS, params![vec!["c".to_owned()]]).await.unwrap();
        assert_eq!(rows.len(), 1, "{engine}");
    }
}

/// On one thread: who waits for a long statement must not keep the others waiting.
#[tokio::test]
async fn a_long_read_gives_way_to_short_ones() {
    static LONG: Sql = Sql::new(
        "WITH RECURSIVE counted(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < 1000000)
         SELECT CAST(COUNT(*) AS BIGINT) FROM counted",
    );
    static SHORT: Sql = Sql::new("SELECT CAST(1 AS BIGINT)");
    for (engine, db) in db::testing::databases().await {
        let read = async |sql: &Sql, name: &'static str, order: &std::cell::RefCell<Vec<&'static str>>| {
            let found = db.read().await.unwrap().fetch(sql, params![], Row::only::<i64>).await.unwrap();
            order.borrow_mut().push(name);
            found[0]
        };
        let order = std::cell::RefCell::default();
        let (long, _) = futures::join!(read(&LONG, "long", &order), read(&SHORT, "short", &order));
        assert_eq!((long, order.into_inner()), (1_000_000, vec!["short", "long"]), "{engine}");
    }
}
