//! Every statement on `settings`.

use chat::keys::{Keys, SETTING_SECRET};
use db::{Conn, Row, Sql, Tx, params};
use serde_json::Value;
use std::collections::BTreeMap;

const ALL: Sql = Sql::new("SELECT path, value FROM settings");
const PUT: Sql = Sql::new(
    "INSERT INTO settings (path, value, update_at, user_id) VALUES ($1, $2, $3, $4)
     ON CONFLICT (path) DO UPDATE SET value = excluded.value, update_at = excluded.update_at, user_id = excluded.user_id",
);
/// Name of the value of the installation that changes with every change of a setting.
const VERSION: &str = "SettingsVersion";

/// What administrators have set, by path; secrets are opened. A row that is no JSON counts as not there.
pub async fn all(conn: &mut Conn, keys: &Keys) -> chat::Result<BTreeMap<String, Value>> {
    let row = |row: Row| {
        let mut r = row.read();
        Ok((r.get::<String>()?, r.get::<String>()?))
    };
    let rows = conn.fetch(&ALL, vec![], row).await?;
    let mut all = BTreeMap::new();
    for (path, text) in rows {
        if is_secret(&path) {
            let plain = keys.open(&SETTING_SECRET, &path, &text)?;
            all.insert(path, plain.into());
        } else if let Ok(value) = serde_json::from_str(&text) {
            all.insert(path, value);
        }
    }
    Ok(all)
}

fn is_secret(path: &str) -> bool {
    super::table::row(path).is_some_and(|row| row.kind.is_secret())
}

/// Sets a value; a secret is sealed.
pub async fn put(tx: &mut Tx, keys: &Keys, path: &str, value: &Value, now: i64, user_id: &str) -> chat::Result<()> {
    let text = match value.as_str() {
        Some(plain) if is_secret(path) => keys.close(&SETTING_SECRET, path, plain)?,
        _ => value.to_string(),
    };
    tx.execute(&PUT, params![path, text, now, user_id]).await?;
    Ok(())
}

/// Which change was the last one; empty before the first.
pub async fn version(conn: &mut Conn) -> chat::Result<String> {
    Ok(chat::system::value(conn, VERSION).await?.unwrap_or_default())
}

/// Lets other servers know that something changed; the new version.
pub async fn new_version(tx: &mut Tx) -> chat::Result<String> {
    let version = kit::id::new();
    chat::system::set_value(tx, VERSION, &version).await?;
    Ok(version)
}
