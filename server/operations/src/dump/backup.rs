//! Everything of a site in one archive, while it is in use: tables from one view of the database, then the files, the
//! configuration and the keys.

use super::archive::Writer;
use super::catalogue::{self, Pages, Table};
use super::{Error, Result, cells};
use db::Db;
use futures::{StreamExt, TryStreamExt};
use object_store::{ObjectStore, ObjectStoreExt};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// The first entry.
pub const HEAD: &str = "head.json";
/// Format that this program writes and reads.
pub const FORMAT: u32 = 1;
/// Bytes of rows in one entry.
const PART: usize = 4 << 20;

/// What an archive is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Head {
    pub format: u32,
    pub program: String,
    /// Milliseconds.
    pub created_at: i64,
    pub engine: String,
    pub migrations: Vec<i64>,
    pub tables: Vec<Table>,
}

/// How far a copy is: what is being copied, and how much of it in all.
pub type Tell<'a> = &'a mut (dyn FnMut(&str, u64) + Send);

/// What a backup holds.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Made {
    pub rows: u64,
    pub files: u64,
    pub bytes: u64,
}

/// Writes the archive. `beside` are further files by their name in the archive; those that do not exist are left out.
///
/// # Errors
/// When `path` exists, or the database, the storage or the disk fails; no file is left then.
pub async fn write(
    db: &Db,
    files: &dyn ObjectStore,
    beside: &[(String, PathBuf)],
    path: &Path,
    now: i64,
    tell: Tell<'_>,
) -> Result<Made> {
    let mut out = Writer::create(path)?;
    let made = fill(db, files, beside, &mut out, now, tell).await;
    if made.is_err() {
        drop(std::fs::remove_file(path));
    }
    made
}

async fn fill(
    db: &Db,
    files: &dyn ObjectStore,
    beside: &[(String, PathBuf)],
    out: &mut Writer,
    now: i64,
    tell: Tell<'_>,
) -> Result<Made> {
    let mut made = Made::default();
    let mut view = db.snapshot().await?;
    let tables = catalogue::tables(&mut view).await?;
    let head = Head {
        format: FORMAT,
        program: env!("CARGO_PKG_VERSION").into(),
        created_at: now,
        engine: format!("{:?}", db.engine()).to_lowercase(),
        migrations: catalogue::migrations(&mut view).await?,
        tables: tables.clone(),
    };
    out.entry(HEAD, serde_json::to_vec(&head).map_err(std::io::Error::other)?).await?;
    for table in &tables {
        let mut pages = Pages::of(table, db.engine());
        let (mut part, mut number, mut rows) = (Vec::new(), 0, 0);
        loop {
            let page = pages.next(&mut view).await?;
            let last = page.is_empty();
            rows += page.len();
            for row in page {
                let row: Vec<serde_json::Value> = row.into_iter().map(cells::to_json).collect();
                serde_json::to_writer(&mut part, &row).map_err(std::io::Error::other)?;
                part.push(b'\n');
            }
            if part.len() >= PART || last && !part.is_empty() {
                out.entry(&format!("tables/{}/{number:06}.jsonl", table.name), std::mem::take(&mut part)).await?;
                number += 1;
            }
            made.rows += if last { rows as u64 } else { 0 };
            tell(&table.name, rows as u64);
            if last {
                break;
            }
        }
        out.manifest.rows.insert(table.name.clone(), i64::try_from(rows).unwrap_or(i64::MAX));
    }
    drop(view);
    // A file that is deleted meanwhile belongs to no row any more, or its row says so.
    let mut list = files.list(None);
    while let Some(object) = list.try_next().await? {
        let found = match files.get(&object.location).await {
            Err(object_store::Error::NotFound { .. }) => continue,
            other => other?,
        };
        out.begin(&format!("files/{}", object.location), found.meta.size).await?;
        made.bytes += found.meta.size;
        made.files += 1;
        let mut bytes = found.into_stream();
        while let Some(chunk) = bytes.next().await {
            out.bytes(chunk?).await?;
        }
        tell("files", made.files);
    }
    for (name, path) in beside {
        match std::fs::read(path) {
            Ok(bytes) => out.entry(&format!("beside/{name}"), bytes).await?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(Error::Refused(format!("{}: {error}", path.display()))),
        }
    }
    out.finish().await?;
    Ok(made)
}
