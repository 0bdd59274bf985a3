//! Numbered migrations, each applied once, in order, in a transaction.

use crate::{Db, Engine, Error, Result, Sql, params};

/// One step of the schema. Both engines have every number.
#[derive(Clone, Copy, Debug)]
pub struct Migration {
    pub version: i64,
    pub name: &'static str,
    pub sqlite: &'static str,
    pub postgres: &'static str,
}

const TABLE: Sql =
    Sql::new("CREATE TABLE IF NOT EXISTS schema_migrations (version BIGINT PRIMARY KEY, name TEXT NOT NULL)");
const APPLIED: Sql = Sql::new("SELECT version FROM schema_migrations ORDER BY version");

/// Applies what is missing; the number of migrations that ran.
///
/// # Errors
/// [`Error::Migration`] with the step that failed, or when the database was written by a newer program.
pub async fn migrate(db: &Db, steps: &[Migration]) -> Result<usize> {
    let mut tx = db.write().await?;
    tx.execute(&TABLE, vec![]).await?;
    tx.commit().await?;
    let applied: Vec<i64> = db.read().await?.fetch(&APPLIED, params![], crate::Row::only).await?;
    if let Some(unknown) = applied.iter().find(|v| !steps.iter().any(|s| s.version == **v)) {
        return Err(Error::Migration {
            version: *unknown,
            name: String::new(),
            reason: "applied by a newer version of this program; update it, or restore a backup".into(),
        });
    }
    let mut ran = 0;
    for step in steps.iter().filter(|s| !applied.contains(&s.version)) {
        let text = match db.engine() {
            Engine::Sqlite => step.sqlite,
            Engine::Postgres => step.postgres,
        };
        let script = format!(
            "BEGIN;\n{text}\n;INSERT INTO schema_migrations (version, name) VALUES ({}, '{}');\nCOMMIT;",
            step.version, step.name
        );
        db.script(&script).await.map_err(|e| Error::Migration {
            version: step.version,
            name: step.name.into(),
            reason: e.to_string(),
        })?;
        ran += 1;
    }
    Ok(ran)
}
