//! The socket between the running supervisor and `muster status` / `muster down`: one word in, one JSON line out.

use crate::config::Config;
use crate::plan::{Phase, Service};
use crate::report;
use crate::run::{Board, Error};
use std::process::ExitCode;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio_util::sync::CancellationToken;

/// Answers on the control socket until `stop`.
///
/// # Errors
/// When the socket cannot be made, or another supervisor answers on it.
pub async fn serve(config: &Config, board: Board, stop: CancellationToken) -> Result<(), Error> {
    let path = config.socket();
    if ask(config, "status").await.is_ok() {
        return Err(Error::Running { data: config.data.clone() });
    }
    if path.exists() {
        std::fs::remove_file(&path).map_err(|source| Error::Folder { path: path.clone(), source })?;
    }
    let listener = UnixListener::bind(&path).map_err(|source| Error::Folder { path, source })?;
    tokio::spawn(async move {
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                () = stop.cancelled() => return,
            };
            if let Ok((stream, _)) = accepted {
                tokio::spawn(answer(stream, board.clone(), stop.clone()));
            }
        }
    });
    Ok(())
}

async fn answer(stream: UnixStream, board: Board, stop: CancellationToken) {
    let (read, mut write) = stream.into_split();
    let mut word = String::new();
    let mut read = BufReader::new(read);
    let line = read.read_line(&mut word);
    if !matches!(tokio::time::timeout(Duration::from_secs(5), line).await, Ok(Ok(_))) {
        return;
    }
    if word.trim() == "stop" {
        stop.cancel();
    }
    let line = serde_json::to_string(&board.snapshot()).unwrap_or_default();
    // An asker that hung up wants no answer.
    drop(write.write_all(format!("{line}\n").as_bytes()).await);
}

/// What the running supervisor says to `word`.
///
/// # Errors
/// [`Error::NotRunning`] when nobody answers.
pub async fn ask(config: &Config, word: &str) -> Result<Vec<Service>, Error> {
    let not_running = || Error::NotRunning { data: config.data.clone() };
    let talk = async {
        let stream = UnixStream::connect(config.socket()).await.ok()?;
        let (read, mut write) = stream.into_split();
        write.write_all(format!("{word}\n").as_bytes()).await.ok()?;
        let mut line = String::new();
        BufReader::new(read).read_line(&mut line).await.ok()?;
        serde_json::from_str(&line).ok()
    };
    tokio::time::timeout(Duration::from_secs(5), talk).await.ok().flatten().ok_or_else(not_running)
}

/// `muster status`: exit code 0 when all is ready, 3 when not, 4 when nothing runs.
///
/// # Errors
/// Never: not running is an answer here.
pub async fn status(config: &Config) -> Result<ExitCode, Error> {
    let Ok(services) = ask(config, "status").await else {
        report::line(if config.json { "{\"running\":false,\"services\":[]}" } else { "not running" });
        return Ok(ExitCode::from(4));
    };
    let ready = services.iter().all(|s| s.phase == Phase::Ready);
    if config.json {
        report::line(&serde_json::json!({"running": true, "ready": ready, "services": services}).to_string());
    } else {
        for s in &services {
            report::line(&row(s));
        }
    }
    Ok(ExitCode::from(if ready { 0 } else { 3 }))
}

fn row(s: &Service) -> String {
    let phase = format!("{:?}", s.phase).to_lowercase();
    let pid = s.pid.map_or_else(|| "-".into(), |p| p.to_string());
    format!("{:<10} {:<9} {:<22} pid {:<8} restarts {:<3} {}", s.name, phase, s.address, pid, s.restarts, s.detail)
        .trim_end()
        .to_owned()
}

/// `muster down`: asks the supervisor to stop and waits until its socket is gone.
///
/// # Errors
/// [`Error::StopLate`] when it does not end in time.
pub async fn stop(config: &Config) -> Result<ExitCode, Error> {
    if ask(config, "stop").await.is_err() {
        report::line("not running");
        return Ok(ExitCode::SUCCESS);
    }
    let limit = Duration::from_secs(config.stop_timeout_s + 10);
    let gone = async {
        while config.socket().exists() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(limit, gone).await.map_err(|_| Error::StopLate { seconds: limit.as_secs() })?;
    report::line("stopped");
    Ok(ExitCode::SUCCESS)
}
