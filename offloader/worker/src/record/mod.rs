//! Recording a call: join, append what arrives to a capture, and when the call is over make one file and hand it in.
//!
//! [`capture`] survives `kill -9`; [`finish`] needs nothing but the captures, so an attempt that finds captures of an
//! earlier one joins again when the call goes on, and else finishes what there is.

pub mod capture;
pub mod finish;
pub mod mix;
pub mod webm;

use crate::input::Input;
use crate::join::again::{Again, is_over};
use crate::join::session::{self, Target};
use crate::join::{CallEvent, Frame, StopReason};
use crate::site::Site;
use anyhow::Context;
use capture::{CaptureError, Writer};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// Kind of the job on the wire.
const KIND: &str = "recording";
/// Frames on their way to the disk: some ten seconds of a busy call.
const QUEUE: usize = 8192;
/// How much a killed recorder may lose, and how often the disk itself is waited for.
const FLUSH: Duration = Duration::from_millis(500);
const SYNC: Duration = Duration::from_secs(5);
/// Deadline from the join to media.
const CONNECT: Duration = Duration::from_secs(25);

/// What is kept between attempts beside the captures.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct State {
    /// Start of the recording, microseconds since the Unix epoch.
    started_us: Option<i64>,
    /// When capturing ended on purpose; later attempts do not join again.
    ended_us: Option<i64>,
    /// The uploaded file, so that it is not uploaded twice.
    file_id: Option<String>,
}

/// Runs the job to its end.
///
/// # Errors
/// When another attempt may do better: the upload or a disk failed.
pub async fn run(input: Input, stop: CancellationToken) -> anyhow::Result<()> {
    std::fs::create_dir_all(&input.data_dir).with_context(|| format!("creating {}", input.data_dir.display()))?;
    let site = Site::new(&input.site_url, &input.token, &input.channel_id)?;
    let mut state = load(&input.data_dir);
    let mut again = Again::default();
    while state.ended_us.is_none() {
        let begun = Instant::now();
        let why = match record(&input, &site, &mut state, &stop).await {
            Ok(StopReason::Lost(why)) => why,
            Ok(reason) => {
                tracing::info!(?reason, "recording ended");
                state.ended_us = Some(now_us());
                save(&input.data_dir, &state)?;
                break;
            }
            Err(error) if state.started_us.is_none() || capture::files(&input.data_dir)?.is_empty() => {
                let reason = format!("{error:#}");
                tracing::error!(error = %reason, "recording could not start");
                site.report_failed(&input.job_id, KIND, &reason).await?;
                return Ok(());
            }
            // Also the way back of an attempt whose predecessor was killed, when the call is over meanwhile.
            Err(error) if is_over(&error) => {
                tracing::warn!(error = %format!("{error:#}"), "the call is over, finishing what there is");
                break;
            }
            Err(error) => format!("{error:#}"),
        };
        if !again.wait(begun.elapsed(), &why, &stop).await {
            break;
        }
    }
    deliver(&input, &site, &mut state).await
}

async fn record(input: &Input, site: &Site, state: &mut State, stop: &CancellationToken) -> anyhow::Result<StopReason> {
    let target = Target {
        site_url: input.site_url.clone(),
        channel_id: input.channel_id.clone(),
        token: input.token.clone(),
        job_id: input.job_id.clone(),
    };
    let mut call = session::join(target).await?;
    connected(&mut call).await?;
    let began_us = now_us();
    let first = state.started_us.is_none();
    state.started_us.get_or_insert(began_us);
    save(&input.data_dir, state)?;
    let writer = Writer::create(&input.data_dir)?;
    let (frames, queue) = sync_channel(QUEUE);
    let disk = std::thread::spawn(move || write(writer, &queue));
    match site.report_started(&input.job_id, KIND).await {
        Ok(()) => tracing::info!("recording started"),
        // A job that was started by an earlier attempt is told so; the recording goes on.
        Err(error) if !first => tracing::debug!(%error, "reporting the start again"),
        Err(error) => {
            call.leave().await;
            return Err(error.into());
        }
    }
    let reason = capture_until_stopped(&mut call, &frames, stop).await;
    drop(frames);
    call.leave().await;
    let written = tokio::task::spawn_blocking(move || disk.join()).await?;
    match written {
        Ok(result) => result?,
        Err(_) => anyhow::bail!("the thread that writes the capture panicked"),
    }
    Ok(reason)
}

async fn connected(call: &mut session::Call) -> anyhow::Result<()> {
    let waiting = async {
        loop {
            match call.events.recv().await {
                Some(CallEvent::Connected) => return Ok(()),
                Some(CallEvent::Stop(reason)) => anyhow::bail!("the call ended before media flowed: {reason:?}"),
                Some(_) => {}
                None => anyhow::bail!("the connection to the call ended"),
            }
        }
    };
    tokio::time::timeout(CONNECT, waiting).await.context("timed out waiting for the media connection")?
}

async fn capture_until_stopped(
    call: &mut session::Call,
    frames: &SyncSender<Frame>,
    stop: &CancellationToken,
) -> StopReason {
    let mut dropped = 0u64;
    loop {
        let event = tokio::select! {
            () = stop.cancelled() => return StopReason::JobStop,
            event = call.events.recv() => event,
        };
        match event {
            Some(CallEvent::Frame(frame)) => match frames.try_send(frame) {
                Ok(()) => {}
                Err(TrySendError::Full(_)) => {
                    dropped += 1;
                    if dropped.is_power_of_two() {
                        tracing::warn!(dropped, "the disk is too slow, packets are lost");
                    }
                }
                Err(TrySendError::Disconnected(_)) => return StopReason::Lost("the capture cannot be written".into()),
            },
            Some(CallEvent::Stop(reason)) => return reason,
            Some(CallEvent::Connected | CallEvent::JobState { .. }) => {}
            None => return StopReason::Lost("the connection to the call ended".into()),
        }
    }
}

/// Writes frames until the sender is gone.
fn write(mut writer: Writer, frames: &Receiver<Frame>) -> Result<(), CaptureError> {
    let (mut flushed, mut synced) = (Instant::now(), Instant::now());
    loop {
        match frames.recv_timeout(FLUSH) {
            Ok(frame) => writer.frame(&frame)?,
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return writer.flush(true),
        }
        if flushed.elapsed() >= FLUSH {
            let durable = synced.elapsed() >= SYNC;
            writer.flush(durable)?;
            flushed = Instant::now();
            if durable {
                synced = flushed;
            }
        }
    }
}

/// Makes the file, uploads it and hands it over.
async fn deliver(input: &Input, site: &Site, state: &mut State) -> anyhow::Result<()> {
    let path = input.data_dir.join("recording.webm");
    if state.file_id.is_none() {
        let (folder, target, start, end) = (input.data_dir.clone(), path.clone(), state.started_us, state.ended_us);
        let start = start.context("the recording never started")?;
        let began = Instant::now();
        let made = tokio::task::spawn_blocking(move || finish::finish(&folder, &target, start, end)).await??;
        tracing::info!(
            duration_ms = made.duration_ms,
            screen = made.has_screen,
            gaps = ?made.gaps_ms,
            torn_bytes = made.torn_bytes,
            took_ms = began.elapsed().as_millis() as u64,
            "recording finished"
        );
        let name = site.file_name().await.unwrap_or_else(|error| {
            tracing::warn!(%error, "the server gives no file name");
            "Call_recording".into()
        });
        state.file_id = Some(site.upload(&path, &format!("{name}.webm")).await?);
        save(&input.data_dir, state)?;
    }
    let file_id = state.file_id.as_deref().context("the upload left no file id")?;
    site.post_recording(&input.job_id, &input.post_id, file_id).await?;
    tracing::info!(file_id, "recording handed over");
    Ok(())
}

fn state_path(folder: &Path) -> PathBuf {
    folder.join("recording.json")
}

fn load(folder: &Path) -> State {
    let text = std::fs::read(state_path(folder)).unwrap_or_default();
    serde_json::from_slice(&text).unwrap_or_default()
}

fn save(folder: &Path, state: &State) -> anyhow::Result<()> {
    let path = state_path(folder);
    let text = serde_json::to_vec(state)?;
    crate::write_atomically(&path, &text).with_context(|| format!("writing {}", path.display()))
}

fn now_us() -> i64 {
    kit::Clock::system().now_ms() * 1000
}
