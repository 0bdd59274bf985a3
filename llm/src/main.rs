//! The language model service: chat, embeddings and translation on this machine's processors.

mod config;
mod failure;
mod openai;
mod parts;
mod router;
mod translation;

use config::Config;
use kit::config::Program;
use parts::App;
use std::sync::Arc;

const PROGRAM: Program =
    Program { name: "llm", section: "llm", about: "OpenAI-compatible chat, embeddings and translation." };

fn main() -> anyhow::Result<()> {
    let (config, _): (Config, _) = kit::config::load(PROGRAM);
    // The chat model spreads its work itself; candle's own threads would wait for each other at every kernel.
    // SAFETY: no other thread runs yet that could read the environment; candle reads it when it first works.
    unsafe { std::env::set_var("CANDLE_NUM_THREADS", "1") };
    if config.threads > 0 {
        // SAFETY: as above.
        unsafe { std::env::set_var("RAYON_NUM_THREADS", config.threads.to_string()) };
    }
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(serve(config))
}

async fn serve(config: Config) -> anyhow::Result<()> {
    kit::init_crypto();
    kit::telemetry::init(&config.log);
    let stop = kit::shutdown::on_signal()?;
    let listener = kit::net::bind(&config.listen_address, "the llm service").await?;
    tracing::info!(address = %listener.local_addr()?, "listening");
    let app = Arc::new(App::new(config)?);
    let loading = Arc::clone(&app);
    tokio::task::spawn_blocking(move || loading.load());
    kit::net::serve(listener, router::router(app), stop).await?;
    // Engine threads and a load in progress must not hold the process.
    std::process::exit(0)
}
