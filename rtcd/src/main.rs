//! rtcd: routes the media of calls. Speaks the wire protocol of Mattermost's rtcd.
//!
//! A chat server registers ([`api`], [`auth`]), keeps a WebSocket ([`socket`]) and speaks for its participants; the
//! [`switchboard`] knows which session is told where. Media lives in one thread with its own sockets ([`media`]), and
//! what it does with packets is in the crate `rtcd-sfu`.

mod addresses;
mod api;
mod auth;
mod clients;
mod config;
mod error;
mod load;
mod media;
mod metrics;
mod socket;
mod switchboard;

use addresses::Plan;
use anyhow::Context;
use config::Config;
use media::{Command, Media};
use std::os::unix::fs::DirBuilderExt;
use std::sync::Arc;
use std::time::{Duration, Instant};
use switchboard::Switchboard;
use tokio_util::sync::CancellationToken;

const PROGRAM: kit::config::Program = kit::config::Program {
    name: "rtcd",
    section: "rtcd",
    about: "Routes the media of calls; speaks the protocol of Mattermost's rtcd.",
};

fn main() {
    let (config, _) = kit::config::load::<Config>(PROGRAM);
    kit::init_crypto();
    kit::telemetry::init(&config.log);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let served = runtime.context("starting the runtime").and_then(|runtime| runtime.block_on(serve(config)));
    if let Err(error) = served {
        tracing::error!("{error:#}");
        // A wrong setting or a busy port: starting again would not help.
        let hopeless = error.downcast_ref::<Setting>().is_some()
            || error.downcast_ref::<media::MediaError>().is_some()
            || error.downcast_ref::<kit::net::BindError>().is_some();
        std::process::exit(if hopeless { 2 } else { 1 });
    }
}

/// A setting that is wrong, with its key.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Setting(String);

async fn serve(config: Config) -> anyhow::Result<()> {
    let told = kit::shutdown::on_signal()?;
    let stop = CancellationToken::new();
    let interfaces = addresses::interfaces().context("asking for the addresses of this machine")?;
    let over = config.host_override().map_err(Setting)?;
    let plan = Plan::new(&config.media_address, &over, &interfaces).map_err(Setting)?;
    let folder = &config.data_dir;
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.with_context(|| format!("creating {}", folder.display()))?;
    let clients = clients::Clients::open(folder)?;
    let listener = kit::net::bind(&config.listen_address, "rtcd's HTTP API").await?;
    let address = listener.local_addr()?;
    if config.allow_self_registration && !address.ip().is_loopback() {
        tracing::warn!(%address, "anybody who reaches this address can register and hold calls; see allow_self_registration");
    }
    let (media, mut notices, thread) = Media::start(&config, plan.clone())?;
    tracing::info!(
        %address,
        udp = ?plan.told(media.udp_port),
        tcp = ?media.tcp_port.map(|port| plan.told(port)).unwrap_or_default(),
        "rtcd listens"
    );
    let token_life = Duration::from_secs(config.token_minutes * 60);
    let auth = auth::Auth::new(clients, config.allow_self_registration, config.admin_secret_key.clone(), token_life);
    let metrics = metrics::Metrics::new();
    let switchboard = Arc::new(Switchboard::new(media.clone(), metrics.clone()));
    let load = Arc::new(load::Load::default());
    let config = Arc::new(config);
    let app = api::App {
        config: Arc::clone(&config),
        auth: Arc::new(auth),
        media: media.clone(),
        switchboard: Arc::clone(&switchboard),
        metrics,
        load: Arc::clone(&load),
        stop: stop.clone(),
    };
    tokio::spawn(async move { load.watch().await });
    let mut teller = tokio::spawn({
        let switchboard = Arc::clone(&switchboard);
        async move {
            while let Some(notice) = notices.recv().await {
                switchboard.tell(notice);
            }
        }
    });
    tokio::spawn(end_calls(told.clone(), switchboard, media, Duration::from_secs(config.drain_seconds)));
    let mut serving = tokio::spawn(kit::net::serve(listener, api::router(app), stop.clone()));
    tokio::select! {
        served = &mut serving => return Ok(served??),
        // The notices end with the media thread.
        ended = &mut teller => ended?,
    }
    stop.cancel();
    serving.await??;
    anyhow::ensure!(told.is_cancelled(), "the media thread has ended");
    let joined = tokio::task::spawn_blocking(move || thread.join()).await?;
    joined.map_err(|_| anyhow::anyhow!("the media thread panicked"))
}

/// Told to stop, running calls may end by themselves for a while; then they are closed, and their chat servers hear of
/// it.
async fn end_calls(told: CancellationToken, switchboard: Arc<Switchboard>, media: Media, patience: Duration) {
    told.cancelled().await;
    let until = Instant::now() + patience;
    while Instant::now() < until && !switchboard.is_idle() {
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    if let Err(error) = media.send(Command::Stop) {
        tracing::error!(%error, "the media thread cannot be stopped");
        std::process::exit(1);
    }
}
