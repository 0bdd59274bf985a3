//! Settings that administrators change while the site runs. What the file, the environment or a flag sets comes before
//! what an administrator has stored, and that before the defaults.

mod change;
mod console;
pub mod document;
mod kind;
mod routes;
mod store;
mod table;

pub use routes::router;
pub use table::{Applies, TABLE};

use change::Change;
use chat::{Actor, Config, Error, Result, Site, audits};
use document::Shown;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often a server looks whether another one changed a setting.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// What the file, the environment and the flags say.
#[derive(Clone, Debug, Default)]
pub struct Source {
    pub config: Config,
    /// Where each key that is set is set, in words.
    pub origins: BTreeMap<String, String>,
    /// More of upstream's settings with what is true here; administrators cannot change these.
    pub shown: Map<String, Value>,
}

/// Reads the sources again.
pub type Reread = Arc<dyn Fn() -> std::result::Result<Source, String> + Send + Sync>;

#[derive(Debug)]
struct State {
    source: Source,
    stored: BTreeMap<String, Value>,
    version: String,
}

struct Inner {
    state: RwLock<State>,
    /// As it was at the start, for what a change needs a new start for.
    started: RwLock<Config>,
    reread: Reread,
}

/// The settings of a site; cheap to clone.
#[derive(Clone)]
pub struct Settings(Arc<Inner>);

impl Settings {
    /// With nothing stored yet.
    pub fn new(source: Source, reread: Reread) -> Self {
        let started = RwLock::new(source.config.clone());
        Self(Arc::new(Inner {
            state: RwLock::new(State { source, stored: BTreeMap::new(), version: String::new() }),
            started,
            reread,
        }))
    }

    /// Those of the site; of a site that was started without any, settings that no file stands behind.
    pub fn of(site: &Site) -> Self {
        if let Some(settings) = site.kept::<Self>() {
            return settings;
        }
        let source = Source { config: (*site.config()).clone(), ..Source::default() };
        let again = source.clone();
        let settings = Self::new(source, Arc::new(move || Ok(again.clone())));
        site.keep(settings.clone());
        settings
    }

    /// Puts what is stored into force before anybody asks, what needs a new start included.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn begin(&self, site: &Site) -> Result<()> {
        self.look(site).await?;
        let next = self.next();
        *self.0.started.write().unwrap_or_else(PoisonError::into_inner) = next.clone();
        site.reconfigure(next);
        Ok(())
    }

    /// Notices what other servers change, until `stop`.
    pub async fn watch(self, site: Site, stop: CancellationToken) {
        let mut every = tokio::time::interval(LOOK_EVERY);
        while stop.run_until_cancelled(every.tick()).await.is_some() {
            if let Err(error) = self.look(&site).await {
                tracing::warn!(%error, "the settings could not be read");
            }
        }
    }

    /// Reads what is stored when it has changed.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn look(&self, site: &Site) -> Result<()> {
        let mut conn = site.db.read().await?;
        let version = store::version(&mut conn).await?;
        if self.state(|s| s.version == version) {
            return Ok(());
        }
        let stored = store::all(&mut conn, &site.keys).await?;
        drop(conn);
        self.take(site, stored, version);
        Ok(())
    }

    fn state<T>(&self, read: impl FnOnce(&State) -> T) -> T {
        read(&self.0.state.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn take(&self, site: &Site, stored: BTreeMap<String, Value>, version: String) {
        {
            let mut state = self.0.state.write().unwrap_or_else(PoisonError::into_inner);
            state.stored = stored;
            state.version = version;
        }
        self.enforce(site);
    }

    /// Makes the site go by the settings as they are now.
    fn enforce(&self, site: &Site) {
        let mut live = self.next();
        let started = self.0.started.read().unwrap_or_else(PoisonError::into_inner);
        for row in TABLE.iter().filter(|row| row.applies == Applies::Restart) {
            (row.write)(&mut live, &(row.read)(&started));
        }
        site.reconfigure(live);
    }

    /// The configuration that a start now would have.
    pub fn next(&self) -> Config {
        self.state(|s| effective(&s.source, &s.stored))
    }

    /// The whole as upstream's object.
    pub fn document(&self, how: Shown) -> Map<String, Value> {
        let (config, shown) = (self.next(), self.state(|s| s.source.shown.clone()));
        document::whole(&config, &shown, how)
    }

    /// Which settings are set elsewhere, as upstream's object of `true`.
    pub fn set_elsewhere(&self) -> Map<String, Value> {
        let mut out = Map::new();
        self.state(|s| {
            for row in TABLE.iter().filter(|row| s.source.origins.contains_key(row.key)) {
                document::set(&mut out, row.path, true.into());
            }
        });
        out
    }

    /// Changes what `sent` says otherwise; the document as it is then.
    ///
    /// # Errors
    /// 400 that names the setting and the reason, 403 when the actor may not change one of them; then none is changed.
    pub async fn change(&self, site: &Site, actor: &Actor, sent: &Map<String, Value>) -> Result<Map<String, Value>> {
        self.look(site).await?;
        let now = self.document(Shown::default());
        let changes = change::wanted(sent, &now, &self.state(|s| s.source.origins.clone()))?;
        for (row, _) in &changes {
            console::require_write(actor, row.path)?;
        }
        if !changes.is_empty() {
            self.store(site, actor, changes).await?;
        }
        Ok(self.document(Shown::default()))
    }

    async fn store(&self, site: &Site, actor: &Actor, changes: Vec<Change>) -> Result<()> {
        let mut tx = site.db.write().await?;
        let at = site.clock.now_ms();
        for (row, value) in &changes {
            store::put(&mut tx, &site.keys, row.path, value, at, &actor.user_id).await?;
            let told = if row.kind.is_secret() { "(secret)".to_owned() } else { value.to_string() };
            audits::record(site, &mut tx, actor, "/api/v4/config/patch", &format!("{}={told}", row.path)).await?;
        }
        let version = store::new_version(&mut tx).await?;
        let stored = store::all(&mut tx, &site.keys).await?;
        let (settings, site) = (self.clone(), site.clone());
        tx.after_commit(move || settings.take(&site, stored, version));
        tx.commit().await?;
        Ok(())
    }

    /// Reads file, environment and flags again.
    ///
    /// # Errors
    /// 400 with what is wrong there; then nothing changes.
    pub async fn reload(&self, site: &Site) -> Result<()> {
        let reread = self.0.reread.clone();
        let read = tokio::task::spawn_blocking(move || reread()).await.map_err(Error::internal)?;
        let source = read.map_err(|reason| Error::invalid("api.config.reload_config.app_error", reason))?;
        self.0.state.write().unwrap_or_else(PoisonError::into_inner).source = source;
        self.look(site).await?;
        self.enforce(site);
        Ok(())
    }
}

/// What is stored over what the sources do not say. A stored value that a newer program does not take counts as not there.
fn effective(source: &Source, stored: &BTreeMap<String, Value>) -> Config {
    let mut config = source.config.clone();
    for row in TABLE.iter().filter(|row| !source.origins.contains_key(row.key)) {
        match stored.get(row.path).map(|value| (value, row.kind.check(value))) {
            Some((value, Ok(()))) => (row.write)(&mut config, value),
            Some((_, Err(reason))) => tracing::warn!(setting = row.path, %reason, "a stored setting is not used"),
            None => {}
        }
    }
    config
}

/// With `sent` over the settings as they are, and stored nowhere: what an administrator wants to try.
///
/// # Errors
/// 400 as for a change.
pub fn tried(settings: &Settings, sent: &Map<String, Value>) -> Result<Config> {
    let now = settings.document(Shown::default());
    let mut config = settings.next();
    for (row, value) in change::wanted(sent, &now, &BTreeMap::new())? {
        (row.write)(&mut config, &value);
    }
    Ok(config)
}
