//! Reads an archive: to verify it, or to put the site back, on either engine.

use super::archive::{self, MANIFEST, Manifest, Out};
use super::backup::{FORMAT, HEAD, Head, Tell};
use super::migrate::{self, Loader};
use super::{Error, Result, catalogue, cells};
use chat::keys;
use db::{Db, Tx};
use object_store::path::Path as Location;
use object_store::{ObjectStore, ObjectStoreExt, WriteMultipart};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// What an archive holds.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Contents {
    pub created_at: i64,
    pub program: String,
    pub engine: String,
    pub rows: BTreeMap<String, i64>,
    pub files: u64,
    /// Ids of keys that secrets in it are sealed with and that it does not hold.
    pub keys_missing: Vec<String>,
}

/// Where a site is put back.
pub struct Target<'a> {
    pub db: &'a Db,
    pub files: &'a dyn ObjectStore,
    /// Folder that the configuration and keys go into.
    pub beside: PathBuf,
    /// A site that is there is replaced.
    pub replace: bool,
}

/// Reads everything and compares each hash and count.
///
/// # Errors
/// [`Error::Damaged`] that names the entry.
pub async fn verify(path: &Path, tell: Tell<'_>) -> Result<Contents> {
    go(path, None, tell).await
}

/// Puts the site back. The database changes only when the whole archive was read and every hash and count is right.
///
/// # Errors
/// When the archive is damaged, or the target holds a site and may not be replaced.
pub async fn restore(path: &Path, target: &Target<'_>, tell: Tell<'_>) -> Result<Contents> {
    go(path, Some(target), tell).await
}

/// Where the bytes of the present entry go.
enum Sink {
    Nowhere,
    Memory(Vec<u8>),
    File(WriteMultipart),
}

struct Reading<'a> {
    target: Option<&'a Target<'a>>,
    head: Option<Head>,
    tx: Option<Tx>,
    tables: Vec<catalogue::Table>,
    loader: Option<Loader>,
    counts: BTreeMap<String, i64>,
    hashes: BTreeMap<String, String>,
    manifest: Option<Manifest>,
    files: u64,
    beside: Vec<(String, Vec<u8>)>,
    /// Ids of the keys that values are sealed with.
    sealed_with: BTreeSet<String>,
}

async fn go(path: &Path, target: Option<&Target<'_>>, tell: Tell<'_>) -> Result<Contents> {
    let mut pieces = archive::read(path)?;
    let mut reading = Reading {
        target,
        head: None,
        tx: None,
        tables: Vec::new(),
        loader: None,
        counts: BTreeMap::new(),
        hashes: BTreeMap::new(),
        manifest: None,
        files: 0,
        beside: Vec::new(),
        sealed_with: BTreeSet::new(),
    };
    let mut current = (String::new(), Sink::Nowhere);
    while let Some(piece) = pieces.recv().await {
        match piece? {
            Out::Begin { name, size } => {
                let sink = reading.sink(&name, size).await?;
                current = (name, sink);
            }
            Out::Bytes(bytes) => match &mut current.1 {
                Sink::Nowhere => {}
                Sink::Memory(all) => all.extend_from_slice(&bytes),
                Sink::File(file) => {
                    file.wait_for_capacity(4).await?;
                    file.put(bytes);
                }
            },
            Out::End { hash } => {
                let (name, sink) = std::mem::replace(&mut current, (String::new(), Sink::Nowhere));
                tell(&name, reading.files);
                reading.end(&name, sink).await?;
                reading.hashes.insert(name, hash);
            }
        }
    }
    reading.finish().await
}

fn damaged(text: impl Into<String>) -> Error {
    Error::Damaged(text.into())
}

impl Reading<'_> {
    async fn sink(&mut self, name: &str, size: u64) -> Result<Sink> {
        let inside = name.split('/').all(|part| !part.is_empty() && part != ".." && part != ".");
        if !inside {
            return Err(damaged(format!("{name:?} is no name of an entry")));
        }
        if self.head.is_none() && name != HEAD {
            return Err(damaged("it does not begin like a backup of this program"));
        }
        if let Some(path) = name.strip_prefix("files/") {
            self.files += 1;
            let Some(target) = self.target else { return Ok(Sink::Nowhere) };
            let location = Location::parse(path).map_err(|e| damaged(e.to_string()))?;
            return Ok(Sink::File(WriteMultipart::new(target.files.put_multipart(&location).await?)));
        }
        Ok(Sink::Memory(Vec::with_capacity(usize::try_from(size.min(64 << 20)).unwrap_or_default())))
    }

    async fn end(&mut self, name: &str, sink: Sink) -> Result<()> {
        let bytes = match sink {
            Sink::Nowhere => return Ok(()),
            Sink::File(file) => {
                file.finish().await?;
                return Ok(());
            }
            Sink::Memory(bytes) => bytes,
        };
        let json = |e: serde_json::Error| damaged(format!("{name}: {e}"));
        if name == HEAD {
            let head: Head = serde_json::from_slice(&bytes).map_err(json)?;
            if head.format != FORMAT {
                let text = format!("the archive has format {}, this program reads {FORMAT}", head.format);
                return Err(Error::Refused(text));
            }
            self.begin(&head).await?;
            self.head = Some(head);
        } else if name == MANIFEST {
            self.manifest = Some(serde_json::from_slice(&bytes).map_err(json)?);
        } else if let Some(path) = name.strip_prefix("beside/") {
            self.beside.push((path.to_owned(), bytes));
        } else if let Some(table) = name.strip_prefix("tables/").and_then(|rest| rest.split('/').next()) {
            self.rows(table, &bytes).await?;
        }
        Ok(())
    }

    async fn begin(&mut self, head: &Head) -> Result<()> {
        let Some(target) = self.target else { return Ok(()) };
        migrate::prepare(target.db, &head.migrations).await?;
        let mut tx = target.db.write().await?;
        if !target.replace {
            migrate::refuse_a_site(&mut tx).await?;
        }
        self.tables = catalogue::tables(&mut tx).await?;
        migrate::empty(&mut tx, &self.tables).await?;
        self.tx = Some(tx);
        Ok(())
    }

    async fn rows(&mut self, table: &str, bytes: &[u8]) -> Result<()> {
        let head = self.head.as_ref().ok_or_else(|| damaged("rows before the head"))?;
        let source = head.tables.iter().find(|t| t.name == table);
        let source = source.ok_or_else(|| damaged(format!("the head has no table {table}")))?;
        let mut page = Vec::new();
        for line in bytes.split(|b| *b == b'\n').filter(|l| !l.is_empty()) {
            let row: Vec<serde_json::Value> =
                serde_json::from_slice(line).map_err(|e| damaged(format!("table {table}: {e}")))?;
            for (value, column) in row.iter().zip(&source.columns) {
                let keeps_secrets = keys::COLUMNS.iter().any(|c| c.table == table && c.column == column.name);
                let id = value.as_str().filter(|_| keeps_secrets).and_then(keys::key_of);
                self.sealed_with.extend(id.map(str::to_owned));
            }
            let cells: std::result::Result<Vec<_>, _> =
                row.into_iter().zip(&source.columns).map(|(v, c)| cells::of_json(v, c.kind)).collect();
            page.push(cells.map_err(|e| damaged(format!("table {table}: {e}")))?);
        }
        *self.counts.entry(table.to_owned()).or_default() += i64::try_from(page.len()).unwrap_or(i64::MAX);
        if let Some(tx) = &mut self.tx {
            if self.loader.as_ref().is_none_or(|l| l.source.name != table) {
                self.loader = Some(Loader::new(source, &self.tables)?);
            }
            if let Some(loader) = &mut self.loader {
                loader.load(tx, page).await?;
            }
        }
        Ok(())
    }

    async fn finish(mut self) -> Result<Contents> {
        let manifest = self.manifest.take().ok_or_else(|| damaged("it was cut off: the manifest is missing"))?;
        let head = self.head.take().ok_or_else(|| damaged("the head is missing"))?;
        self.hashes.remove(MANIFEST);
        if let Some((name, _)) = manifest.entries.iter().find(|(name, hash)| self.hashes.get(*name) != Some(*hash)) {
            return Err(damaged(format!("{name} is missing or not as it was written")));
        }
        if let Some(name) = self.hashes.keys().find(|name| !manifest.entries.contains_key(*name)) {
            return Err(damaged(format!("{name} does not belong to it")));
        }
        for (table, rows) in &manifest.rows {
            let found = self.counts.get(table).copied().unwrap_or(0);
            if found != *rows {
                return Err(Error::Count { table: table.clone(), expected: *rows, found });
            }
            if let Some(tx) = &mut self.tx {
                let found = catalogue::count(tx, table).await?;
                if found != *rows {
                    return Err(Error::Count { table: table.clone(), expected: *rows, found });
                }
            }
        }
        if let Some(tx) = self.tx.take() {
            tx.commit().await?;
        }
        if let Some(target) = self.target {
            for (name, bytes) in &self.beside {
                let path = target.beside.join(name);
                if let Some(folder) = path.parent() {
                    std::fs::create_dir_all(folder)?;
                }
                std::fs::write(&path, bytes)?;
                std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
            }
        }
        let site_key = self.beside.iter().find(|(name, _)| name == "keys/site.key");
        let held = site_key.map(|(_, text)| keys::ids_of(&String::from_utf8_lossy(text))).unwrap_or_default();
        Ok(Contents {
            keys_missing: self.sealed_with.into_iter().filter(|id| !held.contains(id)).collect(),
            created_at: head.created_at,
            program: head.program,
            engine: head.engine,
            rows: manifest.rows,
            files: self.files,
        })
    }
}
