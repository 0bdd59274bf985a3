//! What the service offers, asked now and then and remembered while it is away.

use llm_client::{Client, Error};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long an answer is good for.
const FRESH: Duration = Duration::from_secs(60);
/// How long a service that did not answer is not asked again.
const AWAY: Duration = Duration::from_secs(15);

/// The codes that can be translated into each other.
pub struct Languages {
    /// As configured; empty: all.
    only: Vec<String>,
    known: Mutex<Option<(Instant, Vec<String>)>>,
    failed: Mutex<Option<Instant>>,
}

impl Languages {
    /// `only` is a list of codes with commas; empty: all that the service has.
    pub fn new(only: &str) -> Self {
        let only = only.split(',').map(|code| code.trim().to_lowercase()).filter(|code| !code.is_empty()).collect();
        Self { only, known: Mutex::default(), failed: Mutex::default() }
    }

    fn remembered(&self, at_most: Option<Duration>) -> Option<Vec<String>> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, codes) = known.as_ref()?;
        at_most.is_none_or(|age| at.elapsed() < age).then(|| codes.clone())
    }

    /// The codes that were heard of last, without asking.
    pub fn heard(&self) -> Vec<String> {
        self.remembered(None).unwrap_or_else(|| self.only.clone())
    }

    /// The codes, at most a minute old.
    ///
    /// # Errors
    /// When the service does not answer.
    pub async fn fresh(&self, service: &Client) -> Result<Vec<String>, Error> {
        if let Some(codes) = self.remembered(Some(FRESH)) {
            return Ok(codes);
        }
        let offered = service.languages().await?;
        let mut codes: Vec<String> = offered.into_iter().map(|language| language.code.to_lowercase()).collect();
        codes.retain(|code| self.only.is_empty() || self.only.contains(code));
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        *known = Some((Instant::now(), codes.clone()));
        Ok(codes)
    }

    /// The codes, or the last ones that were heard of when the service is away; none before it ever answered.
    pub async fn last_known(&self, service: &Client) -> Vec<String> {
        let failed = *self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        if failed.is_some_and(|at| at.elapsed() < AWAY) {
            return self.remembered(None).unwrap_or_default();
        }
        match self.fresh(service).await {
            Ok(codes) => codes,
            Err(error) => {
                tracing::debug!(%error, "the languages could not be asked for");
                *self.failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
                self.remembered(None).unwrap_or_default()
            }
        }
    }
}
