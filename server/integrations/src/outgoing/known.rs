//! Every webhook of the site, kept in memory: each post asks for them.

use super::store;
use chat::{Result, Site};
use db::Tx;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use wire::OutgoingWebhook;

type All = Arc<Vec<OutgoingWebhook>>;

#[derive(Default)]
struct State {
    /// Grows with each change, so that a reading that began before it is not kept.
    version: u64,
    all: Option<All>,
}

/// The webhooks as they are stored; cheap to clone.
#[derive(Clone, Default)]
pub struct Known(Arc<Mutex<State>>);

impl Known {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Every webhook.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn all(&self, site: &Site) -> Result<All> {
        let version = {
            let state = self.lock();
            if let Some(all) = &state.all {
                return Ok(all.clone());
            }
            state.version
        };
        let all: All = Arc::new(store::all(&mut site.db.read().await?, &site.keys).await?);
        let mut state = self.lock();
        if state.version == version {
            state.all = Some(all.clone());
        }
        Ok(all)
    }

    /// The webhooks change with this transaction.
    pub fn changed(&self, tx: &mut Tx) {
        let known = self.clone();
        tx.after_commit(move || {
            let mut state = known.lock();
            state.version += 1;
            state.all = None;
        });
    }
}
