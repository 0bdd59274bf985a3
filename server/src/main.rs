//! The program: configuration, then [`server::run`] or the sub-command that the words name.

use kit::config::Program;
use kit::telemetry::Ring;
use operations::command;
use server::config::Config;
use std::io::Write;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const PROGRAM: Program =
    Program { name: "server", section: "server", about: "the chat server: API v4, WebSocket and web client" };

const LEAST_WORKERS: usize = 4;

fn main() -> anyhow::Result<std::process::ExitCode> {
    // The server calls itself to look into files, see chat::files::worker.
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some(done) = chat::files::worker::main(&arguments) {
        return Ok(done);
    }
    let (flags, arguments) = command::split(arguments);
    let (config, words) = kit::config::load_from::<Config>(PROGRAM, &arguments);
    let reread = move || kit::config::reload::<Config>(PROGRAM, &arguments);
    let command = command::parse(&words, flags).unwrap_or_else(|error| {
        drop(writeln!(std::io::stderr(), "server: {error}\n\n{}", command::USAGE));
        std::process::exit(2)
    });
    kit::init_crypto();
    let lines = Ring::new(config.limits.log_lines);
    kit::telemetry::init_keeping(&config.log, &lines);
    // A statement of SQLite runs on the thread that asks; on a small machine a slow disk must not hold up every other one.
    let workers = std::thread::available_parallelism().map_or(LEAST_WORKERS, |n| n.get().max(LEAST_WORKERS));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(workers).enable_all().build()?;
    match command {
        None => {
            runtime.block_on(server::run(config, Box::new(reread), lines)).map(|()| std::process::ExitCode::SUCCESS)
        }
        Some(command) => runtime.block_on(server::command::run(command, config)).map(Into::into),
    }
}
