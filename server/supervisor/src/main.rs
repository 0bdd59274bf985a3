//! `muster-supervisor`: starts the four services, restarts what dies, waits for health, and stops all of it cleanly.
//!
//! The `muster` script installs and builds, then hands over to this program. Sub-commands: `up`, `down`, `status`,
//! `logs`. Flags `--<service>.<key> value` go to that service unchanged (`--server.listen-address 0.0.0.0:8065`).

mod child;
mod config;
mod control;
mod health;
mod logs;
mod plan;
mod report;
mod run;
mod weights;

use config::Config;
use std::process::ExitCode;

const USAGE: &str = "usage: muster up [--detach] | down | status [--json] | logs [service] [--follow]";

fn main() -> ExitCode {
    kit::init_crypto();
    let args: Vec<String> = std::env::args().skip(1).collect();
    let (service_flags, own) = match config::split_service_flags(&args) {
        Ok(split) => split,
        Err(reason) => return fail(2, &reason),
    };
    let (config, words) = match config::load(&own) {
        Ok(config::Outcome::Run(config, words)) => (config, words),
        Ok(config::Outcome::Print(text)) => {
            report::line(&text);
            return ExitCode::SUCCESS;
        }
        Err(reason) => return fail(2, &reason),
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(1, &format!("cannot start: {error}")),
    };
    let outcome = runtime.block_on(command(config, service_flags, &words));
    match outcome {
        Ok(code) => code,
        Err(error) => fail(error.exit_code(), &error.to_string()),
    }
}

async fn command(
    config: Config,
    service_flags: config::ServiceFlags,
    words: &[String],
) -> Result<ExitCode, run::Error> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["up"] if config.detach => run::detached(&config).await,
        ["up"] => run::foreground(config, service_flags).await,
        ["down"] => control::stop(&config).await,
        ["status"] => control::status(&config).await,
        ["logs"] => logs::show(&config, None).await,
        ["logs", service] => logs::show(&config, Some(service)).await,
        _ => Ok(fail(2, USAGE)),
    }
}

fn fail(code: u8, reason: &str) -> ExitCode {
    report::error(reason);
    ExitCode::from(code)
}
