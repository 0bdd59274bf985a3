//! What tables and columns a database has, asked of the database itself, so that a new domain is in every copy at once.

use db::{Conn, Engine, Result, Row, Sql, params};
use serde::{Deserialize, Serialize};

/// What a column holds, on both engines alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    Text,
    Int,
    Real,
    Bool,
    Json,
    Bytes,
}

/// A column by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    pub name: String,
    pub kind: Kind,
}

/// A table with the columns that are stored; what an engine computes by itself is left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    pub name: String,
    pub columns: Vec<Column>,
}

// The indexes for searching are made anew from what they were made of: triggers on it tell them what came and went.
const COLUMNS: Sql = Sql::forked(
    "SELECT t.name, c.name, c.type FROM pragma_table_list t JOIN pragma_table_info(t.name) c
     WHERE t.schema = 'main' AND t.type = 'table' AND t.name NOT LIKE 'sqlite_%' AND t.name <> 'schema_migrations'
     AND t.name NOT LIKE 'search!_%' ESCAPE '!' ORDER BY t.name, c.cid",
    "SELECT c.table_name::text, c.column_name::text, c.data_type::text FROM information_schema.columns c
     JOIN information_schema.tables t ON t.table_schema = c.table_schema AND t.table_name = c.table_name
     WHERE c.table_schema = current_schema() AND t.table_type = 'BASE TABLE' AND c.table_name <> 'schema_migrations'
     AND c.table_name NOT LIKE 'search!_%' ESCAPE '!' AND c.is_generated = 'NEVER' ORDER BY c.table_name, c.ordinal_position",
);
const MIGRATIONS: Sql = Sql::new("SELECT version FROM schema_migrations ORDER BY version");

fn kind(declared: &str) -> Option<Kind> {
    Some(match declared.to_lowercase().as_str() {
        "text" | "character varying" | "varchar" => Kind::Text,
        "bigint" | "integer" | "smallint" | "int" => Kind::Int,
        "real" | "double precision" | "double" => Kind::Real,
        "boolean" => Kind::Bool,
        "jsonb" | "json" => Kind::Json,
        "bytea" | "blob" => Kind::Bytes,
        _ => return None,
    })
}

/// The tables, by name.
///
/// # Errors
/// When the database fails.
pub async fn tables(conn: &mut Conn) -> Result<Vec<Table>> {
    let decode = |row: Row| {
        let mut r = row.read();
        Ok((r.get::<String>()?, r.get::<String>()?, r.get::<String>()?))
    };
    let mut tables: Vec<Table> = Vec::new();
    for (table, name, declared) in conn.fetch(&COLUMNS, vec![], decode).await? {
        if tables.last().is_none_or(|t| t.name != table) {
            tables.push(Table { name: table.clone(), columns: Vec::new() });
        }
        if let (Some(kind), Some(last)) = (kind(&declared), tables.last_mut()) {
            last.columns.push(Column { name, kind });
        }
    }
    Ok(tables)
}

/// The migrations that the database has had.
///
/// # Errors
/// When the database fails.
pub async fn migrations(conn: &mut Conn) -> Result<Vec<i64>> {
    conn.fetch(&MIGRATIONS, vec![], Row::only).await
}

/// Rows of a table.
///
/// # Errors
/// When the database fails.
pub async fn count(conn: &mut Conn, table: &str) -> Result<i64> {
    let sql = Sql::built(format!("SELECT COUNT(*) FROM \"{table}\""));
    Ok(conn.fetch_optional(&sql, vec![], Row::only).await?.unwrap_or(0))
}

/// Reads a table page by page inside one view of the database.
pub struct Pages {
    engine: Engine,
    select: Sql,
    after: i64,
    begun: bool,
    cursor: String,
}

/// Rows of a page.
const PAGE: i64 = 1000;

impl Pages {
    pub fn of(table: &Table, engine: Engine) -> Self {
        let columns: Vec<String> = table.columns.iter().map(|c| format!("\"{}\"", c.name)).collect();
        let (columns, name) = (columns.join(", "), &table.name);
        let cursor = format!("copy_of_{name}");
        let select = match engine {
            Engine::Sqlite => {
                format!("SELECT rowid, {columns} FROM \"{name}\" WHERE rowid > $1 ORDER BY rowid LIMIT {PAGE}")
            }
            Engine::Postgres => format!("DECLARE \"{cursor}\" NO SCROLL CURSOR FOR SELECT {columns} FROM \"{name}\""),
        };
        Self { engine, select: Sql::built(select), after: i64::MIN, begun: false, cursor }
    }

    /// The next rows; none at the end.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn next(&mut self, view: &mut Conn) -> Result<Vec<Vec<db::Cell>>> {
        if self.engine == Engine::Sqlite {
            let rows = view.query(&self.select, params![self.after]).await?;
            let mut page = Vec::with_capacity(rows.len());
            for row in rows {
                let mut cells = row.cells();
                if let db::Cell::Int(rowid) = cells.remove(0) {
                    self.after = rowid;
                }
                page.push(cells);
            }
            return Ok(page);
        }
        if !self.begun {
            view.query(&self.select, vec![]).await?;
            self.begun = true;
        }
        let fetch = Sql::built(format!("FETCH FORWARD {PAGE} FROM \"{}\"", self.cursor));
        let rows = view.query(&fetch, vec![]).await?;
        if rows.is_empty() {
            view.query(&Sql::built(format!("CLOSE \"{}\"", self.cursor)), vec![]).await?;
        }
        Ok(rows.into_iter().map(db::Row::cells).collect())
    }
}
