//! Empty databases for store tests, on both engines.

use crate::{Db, Options};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// The databases of this process. A test has no moment at which its database is surely closed, so a later process takes
/// away what earlier ones left.
static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
    let all = std::env::temp_dir().join("muster-tests");
    for left in std::fs::read_dir(&all).into_iter().flatten().flatten() {
        if !Path::new("/proc").join(left.file_name()).exists() {
            // Another process may take it away at the same time.
            drop(std::fs::remove_dir_all(left.path()));
        }
    }
    let own = all.join(std::process::id().to_string());
    std::fs::create_dir_all(&own).expect("a folder for temporary databases can be made");
    own
});

/// The databases a store test runs on: a fresh SQLite file, and a fresh database on the server named by
/// `TEST_DATABASE_URL`. `MUSTER_TEST_ENGINES=sqlite` leaves PostgreSQL out on purpose.
///
/// # Panics
/// When PostgreSQL is wanted and cannot be had: a store test is never skipped in silence.
pub async fn databases() -> Vec<(&'static str, Db)> {
    let path = FOLDER.join(format!("{}.db", kit::id::new()));
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
