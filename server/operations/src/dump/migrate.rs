//! Moves all tables of one database into another, on whichever engines, in one transaction of the target.

use super::catalogue::{self, Column, Pages, Table};
use super::{Error, Result, cells};
use chat::schema::MIGRATIONS;
use db::{Cell, Db, Migration, Row, Sql, Tx};

const PEOPLE: Sql = Sql::new("SELECT COUNT(*) FROM users");

/// What was moved of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    pub table: String,
    pub rows: i64,
}

/// Copies everything from `from` to `to`, which must hold no site yet. `tell` hears of the table, the rows so far and the
/// rows in all.
///
/// # Errors
/// When the target holds a site, a count differs afterwards, or a database fails; then the target is as it was.
pub async fn run(from: &Db, to: &Db, mut tell: impl FnMut(&str, i64, i64)) -> Result<Vec<Moved>> {
    let mut view = from.snapshot().await?;
    prepare(to, &catalogue::migrations(&mut view).await?).await?;
    let sources = catalogue::tables(&mut view).await?;
    let mut tx = to.write().await?;
    refuse_a_site(&mut tx).await?;
    let targets = catalogue::tables(&mut tx).await?;
    empty(&mut tx, &targets).await?;
    let mut all = Vec::new();
    for table in &sources {
        let total = catalogue::count(&mut view, &table.name).await?;
        let mut loader = Loader::new(table, &targets)?;
        let mut pages = Pages::of(&loader.source, from.engine());
        loop {
            let page = pages.next(&mut view).await?;
            if page.is_empty() {
                break;
            }
            loader.load(&mut tx, page).await?;
            tell(&table.name, loader.rows, total);
        }
        loader.check(&mut tx, total).await?;
        all.push(Moved { table: table.name.clone(), rows: total });
    }
    tx.commit().await?;
    Ok(all)
}

/// Brings an empty target to the schema that the copy has.
///
/// # Errors
/// When the target has had other migrations, or this program does not know one of them.
pub async fn prepare(to: &Db, wanted: &[i64]) -> Result<()> {
    if let Some(unknown) = wanted.iter().find(|v| !MIGRATIONS.iter().any(|m| m.version == **v)) {
        return Err(Error::Refused(format!(
            "the copy comes from a newer program (migration {unknown}); update this one"
        )));
    }
    let steps: Vec<Migration> = MIGRATIONS.iter().filter(|m| wanted.contains(&m.version)).copied().collect();
    db::migrate(to, &steps).await.map_err(|e| match e {
        db::Error::Migration { version, .. } if !wanted.contains(&version) => {
            Error::Refused("the target was made by a newer program than the copy; use an empty database".into())
        }
        other => other.into(),
    })?;
    Ok(())
}

/// Errors when somebody has an account.
pub async fn refuse_a_site(tx: &mut Tx) -> Result<()> {
    let people: i64 = tx.fetch_optional(&PEOPLE, vec![], Row::only).await?.unwrap_or(0);
    if people > 0 {
        return Err(Error::Refused(format!("the target holds a site already ({people} accounts)")));
    }
    Ok(())
}

/// Migrations may have written rows of their own; those of the copy take their place.
pub async fn empty(tx: &mut Tx, tables: &[Table]) -> Result<()> {
    for table in tables {
        tx.execute(&Sql::built(format!("DELETE FROM \"{}\"", table.name)), vec![]).await?;
    }
    Ok(())
}

/// Writes rows of one table.
pub struct Loader {
    /// The table with the columns that both sides have, as the source has them.
    pub source: Table,
    columns: Vec<Column>,
    pub rows: i64,
}

impl Loader {
    /// # Errors
    /// When the target has no such table or lacks a column of it.
    pub fn new(source: &Table, targets: &[Table]) -> Result<Self> {
        let missing = || Error::Refused(format!("the target has no table {}", source.name));
        let target = targets.iter().find(|t| t.name == source.name).ok_or_else(missing)?;
        let mut columns = Vec::with_capacity(source.columns.len());
        for column in &source.columns {
            let found = target.columns.iter().find(|c| c.name == column.name);
            let missing = || Error::Refused(format!("the target has no column {}.{}", source.name, column.name));
            columns.push(found.ok_or_else(missing)?.clone());
        }
        Ok(Self { source: source.clone(), columns, rows: 0 })
    }

    /// # Errors
    /// When a cell does not fit or the database refuses a row.
    pub async fn load(&mut self, tx: &mut Tx, page: Vec<Vec<Cell>>) -> Result<()> {
        let mut rows = Vec::with_capacity(page.len());
        for row in page {
            let values: std::result::Result<Vec<_>, _> =
                row.into_iter().zip(&self.columns).map(|(cell, column)| cells::to_value(cell, column.kind)).collect();
            rows.push(values.map_err(|e| Error::Row { table: self.source.name.clone(), reason: e.to_string() })?);
        }
        self.rows += i64::try_from(rows.len()).unwrap_or(i64::MAX);
        let names: Vec<String> = self.columns.iter().map(|c| format!("\"{}\"", c.name)).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        tx.insert_rows(&format!("\"{}\"", self.source.name), &names, "", rows).await?;
        Ok(())
    }

    /// # Errors
    /// When the target holds another number of rows than were there.
    pub async fn check(&self, tx: &mut Tx, expected: i64) -> Result<()> {
        let found = catalogue::count(tx, &self.source.name).await?;
        if found == expected && self.rows == expected {
            return Ok(());
        }
        let table = self.source.name.clone();
        Err(Error::Count { table, expected, found })
    }
}
