//! Many rows with few statements, for imports and copies of whole tables.

use crate::{Result, Sql, Tx, Value};

/// Most rows of one statement. Chunks are powers of two below it, so that few statements are kept prepared.
const MOST_ROWS: usize = 256;
/// Most parameters of one statement; SQLite's limit is 32,766.
const MOST_PARAMETERS: usize = 32_000;

impl Tx {
    /// Inserts `rows`, each in the order of `columns`; `conflict` is an `ON CONFLICT` clause or empty. The names are
    /// put into the statement as they are: they must come from this program or from the database's own catalogue.
    /// The number of rows that were written.
    ///
    /// # Errors
    /// When a row is refused. On PostgreSQL the transaction is then lost.
    pub async fn insert_rows(
        &mut self,
        table: &str,
        columns: &[&str],
        conflict: &str,
        mut rows: Vec<Vec<Value>>,
    ) -> Result<u64> {
        let most = MOST_ROWS.min(MOST_PARAMETERS / columns.len().max(1)).max(1);
        let mut written = 0;
        while !rows.is_empty() {
            let fits = rows.len().min(most);
            let rest = rows.split_off(1 << fits.ilog2());
            let sql = Sql::built(statement(table, columns, conflict, rows.len()));
            written += self.execute_many(&sql, rows.into_iter().flatten().collect()).await?;
            rows = rest;
        }
        Ok(written)
    }
}

fn statement(table: &str, columns: &[&str], conflict: &str, rows: usize) -> String {
    let mut text = format!("INSERT INTO {table} ({}) VALUES ", columns.join(", "));
    let mut number = 0;
    for row in 0..rows {
        text.push_str(if row == 0 { "(" } else { ", (" });
        for column in 0..columns.len() {
            number += 1;
            text.push_str(if column == 0 { "$" } else { ", $" });
            text.push_str(&number.to_string());
        }
        text.push(')');
    }
    text.push(' ');
    text.push_str(conflict);
    text
}
