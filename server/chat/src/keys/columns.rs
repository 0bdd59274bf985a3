//! Every column of the whole server that holds sealed values, products included, and the pass that seals what is not.

use super::{KeyError, Keys, key_of};
use db::{Db, Row, Sql, Tx, params};

/// A column of a table; its sealed values are bound to the row that `id` names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    pub table: &'static str,
    pub id: &'static str,
    pub column: &'static str,
    /// Further condition on the rows.
    rows: &'static str,
}

const fn column(table: &'static str, id: &'static str, column: &'static str) -> Column {
    Column { table, id, column, rows: "" }
}

pub const MFA_SECRET: Column = column("users", "id", "mfa_secret");
pub const MFA_PENDING: Column = column("users", "id", "mfa_pending");
pub const OUTGOING_TOKEN: Column = column("outgoing_webhooks", "id", "token");
pub const COMMAND_TOKEN: Column = column("commands", "id", "token");
pub const OAUTH_SECRET: Column = column("oauth_apps", "id", "client_secret");
/// Values of the installation that sign links, dialogs and calls to rtcd; [`crate::system::secret`] reads and makes them.
pub const SYSTEM_SECRET: Column =
    Column { table: "system", id: "name", column: "value", rows: " AND name LIKE '%Key'" };

/// Passwords among the settings that administrators change.
pub const SETTING_SECRET: Column =
    Column { table: "settings", id: "path", column: "value", rows: " AND path LIKE '%Password'" };

/// What a partner site shows us, and what we show it.
pub const REMOTE_TOKENS: [Column; 2] =
    [column("remote_clusters", "id", "token"), column("remote_clusters", "id", "remote_token")];

pub const COLUMNS: [Column; 9] = [
    REMOTE_TOKENS[0],
    REMOTE_TOKENS[1],
    SETTING_SECRET,
    MFA_SECRET,
    MFA_PENDING,
    OUTGOING_TOKEN,
    COMMAND_TOKEN,
    OAUTH_SECRET,
    SYSTEM_SECRET,
];

/// Seals what was never sealed, or with an older key, in one transaction. How many values that were. The key file is
/// written before anything depends on it.
///
/// # Errors
/// [`KeyError::Missing`] when values are sealed with a key that is not there: then nothing is changed.
pub async fn settle(db: &Db, keys: &Keys) -> Result<usize, KeyError> {
    let mut tx = db.write().await?;
    let mut sealed = 0;
    for column in &COLUMNS {
        sealed += settle_column(&mut tx, keys, column).await?;
    }
    keys.save()?;
    tx.commit().await?;
    Ok(sealed)
}

async fn settle_column(tx: &mut Tx, keys: &Keys, c: &Column) -> Result<usize, KeyError> {
    let Column { table, id, column, rows } = *c;
    let current = keys.ids().into_iter().next().unwrap_or_default();
    let find = format!("SELECT {id}, {column} FROM {table} WHERE {column} <> '' AND {column} NOT LIKE $1{rows}");
    let change = Sql::built(format!("UPDATE {table} SET {column} = $2 WHERE {id} = $1"));
    let decode = |row: Row| {
        let mut r = row.read();
        Ok((r.get::<String>()?, r.get::<String>()?))
    };
    let found = tx.fetch(&Sql::built(find), params![format!("sealed:{current}:%")], decode).await?;
    for (row, stored) in &found {
        if key_of(stored).is_none() {
            tracing::debug!(table, column, "a secret is sealed for the first time");
        }
        let plain = keys.try_open(c, row, stored)?;
        let closed = keys.close(c, row, &plain).map_err(|e| db::Error::Settings(e.to_string()))?;
        tx.execute(&change, params![row, closed]).await?;
    }
    Ok(found.len())
}
