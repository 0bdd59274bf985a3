//! Empty databases for store tests, on both engines.

use crate::{Db, Options};

/// The databases a store test runs on: a fresh SQLite file, and a fresh database on the server named by
/// `TEST_DATABASE_URL`. `MUSTER_TEST_ENGINES=sqlite` leaves PostgreSQL out on purpose.
///
/// # Panics
/// When PostgreSQL is wanted and cannot be had: a store test is never skipped in silence.
pub async fn databases() -> Vec<(&'static str, Db)> {
    let path = std::env::temp_dir().join(format!("muster-test-{}.db", kit::id::new()));
    let options = Options::Sqlite { path, readers: 2, full_sync: false };
    let sqlite = Db::open(&options).await.expect("a temporary SQLite database opens");
    let mut all = vec![("sqlite", sqlite)];
    if std::env::var("MUSTER_TEST_ENGINES").as_deref() == Ok("sqlite") {
        return all;
    }
    let url = std::env::var("TEST_DATABASE_URL").expect(
        "TEST_DATABASE_URL names a PostgreSQL server for store tests; MUSTER_TEST_ENGINES=sqlite leaves it out",
    );
    let admin = Db::open(&Options::Postgres { url: url.clone(), pool_size: 1 }).await.expect("PostgreSQL answers");
    let name = format!("t_{}", kit::id::new());
    admin.script(&format!("CREATE DATABASE {name}")).await.expect("a test database can be created");
    let (base, _) = url.rsplit_once('/').expect("the URL ends in /database");
    let options = Options::Postgres { url: format!("{base}/{name}"), pool_size: 4 };
    all.push(("postgres", Db::open(&options).await.expect("the new database opens")));
    all
}
