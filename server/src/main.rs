//! The program: configuration, then [`server::run`].

use kit::config::Program;
use server::config::Config;

const PROGRAM: Program =
    Program { name: "server", section: "server", about: "the chat server: API v4, WebSocket and web client" };

fn main() -> anyhow::Result<std::process::ExitCode> {
    // The server calls itself to look into files, see chat::files::worker.
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some(done) = chat::files::worker::main(&arguments) {
        return Ok(done);
    }
    let (config, _) = kit::config::load::<Config>(PROGRAM);
    kit::init_crypto();
    kit::telemetry::init(&config.log);
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(server::run(config))?;
    Ok(std::process::ExitCode::SUCCESS)
}
