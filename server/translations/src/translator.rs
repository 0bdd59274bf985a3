//! The translator of a site: its channels, its service, and what both have to do with the queue.

use crate::config::Config;
use crate::languages::Languages;
use crate::listen::Behind;
use crate::mark::{self, Channels};
use crate::{reading, store};
use chat::{Result, Site, channels, posts};
use llm_client::{Client, Deadlines};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// Where a reader's language is kept: (category, name) of a preference, which clients read too.
pub const PREFERENCE: (&str, &str) = ("pp_mattermost-channel-translatio", "translation_language");

/// The translator of a site.
pub struct Translator {
    pub site: Site,
    pub config: Config,
    pub channels: Arc<Channels>,
    pub languages: Languages,
    pub service: Client,
    /// Rung when the queue has something new.
    pub bell: Notify,
    pub behind: Behind,
    pub stop: CancellationToken,
}

impl channels::Translation for Translator {
    fn turned(&self, channel_id: &str, on: bool) {
        self.channels.set(channel_id, on);
        // Off empties the queue, on looks at what is there: both ask the database, beside the one who turned it.
        self.behind.add([channel_id.to_owned()]);
    }

    fn languages(&self) -> Vec<String> {
        self.languages.heard()
    }

    fn reader_changed(&self, channel_id: &str) {
        self.behind.add([channel_id.to_owned()]);
    }
}

impl Translator {
    /// The translator with the channels that were turned on.
    pub async fn new(site: Site, config: Config, stop: CancellationToken) -> anyhow::Result<Self> {
        let deadlines = Deadlines { idle: Duration::from_secs(config.timeout_s.max(1)), ..Deadlines::default() };
        let service = Client::with_deadlines(&config.llm_url, Some(config.llm_api_key.clone()), deadlines)?;
        let enabled = store::enabled(&mut site.db.read().await?).await?;
        let channels = Arc::new(Channels::new(enabled));
        let languages = Languages::new(&config.languages);
        Ok(Self { site, config, channels, languages, service, bell: Notify::new(), behind: Behind::default(), stop })
    }

    /// Puts posts of a channel into the queue. When it is full they stay as they are.
    pub async fn enqueue(&self, channel_id: &str, post_ids: &[String]) -> Result<()> {
        let now = self.site.clock.now_ms();
        let mut tx = self.site.db.write().await?;
        let waiting = store::count(&mut tx).await?;
        let room = usize::try_from(self.config.max_queue - waiting).unwrap_or(0);
        if post_ids.len() > room {
            tracing::warn!(waiting, channel.id = %channel_id, "too many posts wait for translation; some stay as they are");
        }
        for id in post_ids.iter().take(room) {
            store::put(&mut tx, id, channel_id, now).await?;
        }
        tx.commit().await?;
        self.bell.notify_one();
        Ok(())
    }

    /// The languages that a channel reads, among `offered`.
    pub async fn wanted(&self, channel_id: &str, offered: &[String]) -> Result<Vec<String>> {
        let members = store::languages(&mut self.site.db.read().await?, channel_id, PREFERENCE).await?;
        Ok(reading::wanted(&members, offered))
    }

    /// Puts those of the latest posts of a channel into the queue that lack a language somebody reads: after a restart,
    /// and when a reader has a new language. A channel that is not translated has nothing in the queue.
    pub async fn catch_up(&self, channel_id: &str) -> Result<()> {
        if !self.channels.contains(channel_id) {
            let mut tx = self.site.db.write().await?;
            store::clear(&mut tx, channel_id).await?;
            return Ok(tx.commit().await?);
        }
        let offered = self.languages.last_known(&self.service).await;
        let wanted = self.wanted(channel_id, &offered).await?;
        let mut conn = self.site.db.read().await?;
        let latest = posts::latest(&mut conn, channel_id, self.config.catch_up_posts, 0, true).await?;
        drop(conn);
        let lacking: Vec<String> = latest.into_iter().filter(|p| mark::lacks(p, &wanted)).map(|p| p.id).collect();
        if lacking.is_empty() { Ok(()) } else { self.enqueue(channel_id, &lacking).await }
    }
}
