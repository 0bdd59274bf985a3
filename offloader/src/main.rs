//! The job service: records and transcribes calls, and turns sound files into text. Speaks calls-offloader's job API and
//! OpenAI's `/v1/audio/transcriptions`.
//!
//! [`api`] takes requests, [`store`] keeps jobs, [`jobs`] says what may follow what, [`runner`] starts a [`worker`]
//! process for each job. All media and models live in the worker processes; this one cannot be brought down by them.

mod api;
mod auth;
mod config;
mod error;
mod jobs;
mod runner;
mod store;
mod transcriptions;
mod worker;

use anyhow::Context;
use config::Config;
use std::os::unix::fs::DirBuilderExt;
use std::sync::Arc;

const PROGRAM: kit::config::Program = kit::config::Program {
    name: "offloader",
    section: "offloader",
    about: "Records and transcribes calls; speaks calls-offloader's job API.",
};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let (config, _) = kit::config::load::<Config>(PROGRAM);
    kit::init_crypto();
    kit::telemetry::init(&config.log);
    let stop = kit::shutdown::on_signal()?;
    let mut config = config;
    for folder in [&mut config.data_dir, &mut config.models_dir] {
        *folder = std::path::absolute(&*folder)?;
    }
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&config.data_dir)
        .with_context(|| format!("creating {}", config.data_dir.display()))?;
    let listener = kit::net::bind(&config.listen_address, "the offloader's HTTP API").await?;
    let address = listener.local_addr()?;
    if config.allow_self_registration && !address.ip().is_loopback() {
        tracing::warn!(%address, "anybody who reaches this address can register and start jobs; see allow_self_registration");
    }
    let db = store::open(&config.data_dir).await?;
    let clock = kit::Clock::system();
    let config = Arc::new(config);
    let runner = runner::Runner::new(Arc::clone(&config), db.clone(), clock.clone());
    let app = api::App {
        auth: Arc::new(auth::Auth::new(db.clone(), config.allow_self_registration)),
        desk: Arc::new(transcriptions::Desk::new(&config)),
        runner: runner.clone(),
        config,
        db,
        clock,
    };
    tracing::info!(%address, "offloader listens");
    let jobs = tokio::spawn(runner.run(stop.clone()));
    kit::net::serve(listener, api::router(app), stop.clone()).await?;
    stop.cancel();
    jobs.await?.context("running jobs")
}
