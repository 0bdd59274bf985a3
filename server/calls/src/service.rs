//! What every part of calls gets: the site, the connections to rtcd and the recording service, and the calls that go on.

use crate::call::Rules;
use crate::config::Config;
use crate::rooms::Rooms;
use crate::rtcd::Rtcd;
use chat::Site;
use std::ops::Deref;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// The parts of [`Calls`].
pub struct Parts {
    pub site: Site,
    pub config: Config,
    pub rules: Arc<Rules>,
    pub rtcd: Rtcd,
    pub offloader: offloader_client::Client,
    pub rooms: Rooms,
    pub bot_id: String,
    /// Session token of the bot, for workers.
    pub bot_token: String,
    /// Where workers reach this server.
    pub worker_site_url: String,
    pub stop: CancellationToken,
}

/// A handle on calls; cheap to clone.
#[derive(Clone)]
pub struct Calls(pub Arc<Parts>);

impl Deref for Calls {
    type Target = Parts;
    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl Rules {
    /// The rules that the settings make.
    pub fn new(config: &Config, bot_id: &str) -> Self {
        let ms = |seconds: u32| i64::from(seconds) * 1000;
        Self {
            bot_id: bot_id.to_owned(),
            max_participants: config.max_participants,
            screen_sharing: config.allow_screen_sharing,
            transcriptions: config.enable_transcriptions,
            live_captions: config.enable_live_captions,
            grace_ms: ms(config.rejoin_seconds),
            restart_grace_ms: ms(config.restart_rejoin_seconds),
            job_start_ms: ms(config.job_start_seconds),
            worker_rejoin_ms: ms(config.worker_rejoin_seconds),
            max_recording_ms: ms(config.max_recording_minutes.clamp(1, 1440) * 60),
        }
    }
}
