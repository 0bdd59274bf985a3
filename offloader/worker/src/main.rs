//! `offloader-worker <job>`: one job in one process, so that a crash of a codec or a model costs one job.
//!
//! `recording` and `transcribing` join a call and take their input from the environment variables that Mattermost's
//! recorder and transcriber take ([`input`]); `transcribe-file` turns a file into text on standard output. Exit code 0
//! means that nothing is left to do, 1 that another attempt may succeed, 2 that the input is wrong.

mod decode;
mod input;
mod join;
mod record;
mod site;
mod transcribe;
mod transcribe_file;

use input::{Input, SpeechInput};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

/// The worker's own settings; everything else is the job's input.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Config {
    /// Log lines on standard error.
    log: kit::telemetry::LogConfig,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            log: kit::telemetry::LogConfig {
                level: "info,whisper_rs=warn,str0m=warn,is=warn,dimpl=warn".into(),
                json: false,
            },
        }
    }
}

const PROGRAM: kit::config::Program = kit::config::Program {
    name: "offloader-worker",
    section: "worker",
    about: "Does one job: recording, transcribing or transcribe-file.",
};

#[tokio::main]
async fn main() -> ExitCode {
    let (config, rest) = kit::config::load::<Config>(PROGRAM);
    kit::init_crypto();
    kit::telemetry::init(&config.log);
    let stop = match kit::shutdown::on_signal() {
        Ok(stop) => stop,
        Err(error) => {
            tracing::error!(%error, "signals");
            return ExitCode::from(2);
        }
    };
    let get = |name: &str| std::env::var(name).ok();
    let done = match rest.first().map(String::as_str) {
        Some("recording") => match Input::read(&get, "RECORDING_ID") {
            Ok(input) => record::run(input, stop).await,
            Err(error) => return wrong(&error),
        },
        Some("transcribing") => match (Input::read(&get, "TRANSCRIPTION_ID"), SpeechInput::read(&get)) {
            (Ok(input), Ok(speech)) => transcribe::run(input, speech, stop).await,
            (Err(error), _) | (_, Err(error)) => return wrong(&error),
        },
        Some("transcribe-file") => match SpeechInput::read(&get) {
            Ok(speech) => return transcribe_file::run(&speech, &get),
            Err(error) => return wrong(&error),
        },
        other => {
            return wrong(&format!("the job should be recording, transcribing or transcribe-file, not {other:?}"));
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error = %format!("{error:#}"), "job failed");
            ExitCode::FAILURE
        }
    }
}

fn wrong(error: &dyn std::fmt::Display) -> ExitCode {
    tracing::error!(%error, "input");
    ExitCode::from(2)
}

/// Replaces a file so that a crash leaves the old or the new content, never half of it.
fn write_atomically(path: &Path, content: &[u8]) -> std::io::Result<()> {
    let draft = path.with_extension("draft");
    let mut file = std::fs::File::create(&draft)?;
    file.write_all(content)?;
    file.sync_all()?;
    std::fs::rename(draft, path)
}
