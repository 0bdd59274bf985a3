//! Transcribing a call: join, cut each voice into utterances, turn them into text while the call lasts, show them as
//! live captions, and hand in the transcript at the end.
//!
//! One thread holds the speech model and takes work from [`queue`]; everything else is one async task. When the model
//! falls behind, first guesses are left out first, then captions come late; the transcript gets everything, after the
//! call if need be. Packets are on disk as they come ([`heard`]) and lines as soon as they are known ([`log`]), so that
//! an attempt after a killed one hears again what had not become a line.

mod heard;
mod log;
mod output;
mod queue;
mod scribe;
mod track;

use crate::input::{Input, SpeechInput};
use crate::join::again::{Again, is_over};
use crate::join::session::{self, Call, Target};
use crate::join::{CallEvent, Frame, StopReason};
use crate::site::{Site, TranscriptionFiles};
use anyhow::Context;
use heard::PacketLog;
use log::LineLog;
use output::Line;
use scribe::Scribe;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// Kind of the job on the wire.
const KIND: &str = "transcribing";
/// Deadline from the join to media.
const CONNECT: Duration = Duration::from_secs(25);
/// How long to wait for the recording to start, whose start is time zero of the captions.
const RECORDING: Duration = Duration::from_secs(10);
/// Time between looks at speakers who stopped sending.
const TICK: Duration = Duration::from_millis(250);

/// What is kept between attempts beside the lines.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct State {
    /// Time zero of the transcript, microseconds since the Unix epoch.
    zero_us: Option<i64>,
    /// Whether the call was listened to to its end.
    ended: bool,
    /// Uploaded files: WebVTT, text.
    file_ids: Vec<String>,
}

/// Runs the job to its end.
///
/// # Errors
/// When another attempt may do better.
pub async fn run(input: Input, speech: SpeechInput, stop: CancellationToken) -> anyhow::Result<()> {
    std::fs::create_dir_all(&input.data_dir).with_context(|| format!("creating {}", input.data_dir.display()))?;
    let site = Site::new(&input.site_url, &input.token, &input.channel_id)?;
    let mut state = load(&input.data_dir);
    let (log, earlier) = LineLog::open(&input.data_dir)?;
    let (heard, packets) = PacketLog::open(&input.data_dir)?;
    let mut scribe = match Scribe::start(&input, &speech, site.clone(), log, earlier, heard) {
        Ok(scribe) => scribe,
        Err(error) => return give_up(&input, &site, &format!("{error:#}")).await,
    };
    if let Some(zero_us) = state.zero_us {
        scribe.zero_us = zero_us;
        scribe.hear_again(packets).await?;
    }
    let mut again = Again::default();
    while !state.ended {
        let begun = Instant::now();
        let why = match listen(&input, &site, &mut scribe, &mut state, &stop).await {
            Ok(StopReason::Lost(why)) => why,
            Ok(reason) => {
                tracing::info!(?reason, "call ended");
                state.ended = true;
                save(&input.data_dir, &state)?;
                break;
            }
            Err(error) if state.zero_us.is_none() => return give_up(&input, &site, &format!("{error:#}")).await,
            Err(error) if is_over(&error) => {
                tracing::warn!(error = %format!("{error:#}"), "the call is over, handing in what there is");
                break;
            }
            Err(error) => {
                // What was being said when the connection broke becomes text meanwhile.
                scribe.end_tracks().await?;
                format!("{error:#}")
            }
        };
        if !again.wait(begun.elapsed(), &why, &stop).await {
            break;
        }
    }
    let lines = scribe.finish().await?;
    deliver(&input, &speech, &site, &mut state, &lines).await
}

async fn give_up(input: &Input, site: &Site, reason: &str) -> anyhow::Result<()> {
    tracing::error!(error = reason, "transcription could not start");
    site.report_failed(&input.job_id, KIND, reason).await?;
    Ok(())
}

/// Listens to the call until it ends.
async fn listen(
    input: &Input,
    site: &Site,
    scribe: &mut Scribe,
    state: &mut State,
    stop: &CancellationToken,
) -> anyhow::Result<StopReason> {
    let mut call = session::join(Target {
        site_url: input.site_url.clone(),
        channel_id: input.channel_id.clone(),
        token: input.token.clone(),
        job_id: input.job_id.clone(),
    })
    .await?;
    let (recording_start_ms, early) = connected(&mut call).await?;
    let first = state.zero_us.is_none();
    let zero_us = *state.zero_us.get_or_insert(recording_start_ms.map_or_else(now_us, |ms| ms * 1000));
    save(&input.data_dir, state)?;
    scribe.zero_us = zero_us;
    match site.report_started(&input.job_id, KIND).await {
        Ok(()) => tracing::info!("transcription started"),
        Err(error) if !first => tracing::debug!(%error, "reporting the start again"),
        Err(error) => {
            call.leave().await;
            return Err(error.into());
        }
    }
    for frame in early {
        scribe.frame(&frame).await?;
    }
    let mut tick = tokio::time::interval(TICK);
    let reason = loop {
        tokio::select! {
            () = stop.cancelled() => break StopReason::JobStop,
            event = call.events.recv() => match event {
                Some(CallEvent::Frame(frame)) => scribe.frame(&frame).await?,
                Some(CallEvent::Stop(reason)) => break reason,
                Some(CallEvent::Connected | CallEvent::JobState { .. }) => {}
                None => break StopReason::Lost("the connection to the call ended".into()),
            },
            Some(outcome) = scribe.outcomes.recv() => scribe.outcome(outcome, Some(&call)),
            Some((session, profile)) = scribe.profiles.recv() => scribe.named(session, profile),
            _ = tick.tick() => scribe.tick(&call).await?,
        }
    };
    call.leave().await;
    scribe.end_tracks().await?;
    Ok(reason)
}

/// Waits for media and for the start of the recording; gives its start in milliseconds and the frames that came early.
async fn connected(call: &mut Call) -> anyhow::Result<(Option<i64>, Vec<Frame>)> {
    let mut frames = vec![];
    let (mut media, mut start) = (false, None);
    let mut deadline = tokio::time::Instant::now() + CONNECT;
    loop {
        let event = match tokio::time::timeout_at(deadline, call.events.recv()).await {
            Ok(event) => event,
            Err(_) if media => return Ok((start, frames)),
            Err(_) => anyhow::bail!("timed out waiting for the media connection"),
        };
        match event {
            Some(CallEvent::Connected) => {
                media = true;
                deadline = tokio::time::Instant::now() + RECORDING;
            }
            Some(CallEvent::JobState { kind, start_at, end_at: 0 }) if kind == "recording" && start_at > 0 => {
                start = Some(start_at);
            }
            Some(CallEvent::Frame(frame)) => frames.push(frame),
            Some(CallEvent::JobState { .. }) => {}
            Some(CallEvent::Stop(reason)) => anyhow::bail!("the call ended before media flowed: {reason:?}"),
            None => anyhow::bail!("the connection to the call ended"),
        }
        if media && start.is_some() {
            return Ok((start, frames));
        }
    }
}

/// Writes the files, uploads them and hands them over. Nothing said means nothing to hand over, as upstream.
async fn deliver(
    input: &Input,
    speech: &SpeechInput,
    site: &Site,
    state: &mut State,
    lines: &[Line],
) -> anyhow::Result<()> {
    if lines.is_empty() {
        tracing::info!("nothing was said");
        return Ok(());
    }
    let language = output::main_language(lines);
    let name = site.file_name().await.unwrap_or_else(|error| {
        tracing::warn!(%error, "the server gives no file name");
        "Call_transcription".into()
    });
    let path = |extension: &str| input.data_dir.join(format!("transcription.{extension}"));
    let ms = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    let text = output::text(lines, ms(speech.compact_silence_ms), ms(speech.compact_duration_ms));
    for (extension, content) in
        [("vtt", output::vtt(lines, speech.omit_speaker)), ("txt", text), ("json", output::json(lines, &language))]
    {
        crate::write_atomically(&path(extension), content.as_bytes())?;
    }
    for extension in ["vtt", "txt"].into_iter().skip(state.file_ids.len()) {
        let id = site.upload(&path(extension), &format!("{name}.{extension}")).await?;
        state.file_ids.push(id);
        save(&input.data_dir, state)?;
    }
    let files = TranscriptionFiles { title: name, language, file_ids: state.file_ids.clone() };
    site.post_transcription(&input.job_id, &input.post_id, &files).await?;
    tracing::info!("transcription handed over");
    Ok(())
}

fn state_path(folder: &Path) -> PathBuf {
    folder.join("transcription-state.json")
}

fn load(folder: &Path) -> State {
    serde_json::from_slice(&std::fs::read(state_path(folder)).unwrap_or_default()).unwrap_or_default()
}

fn save(folder: &Path, state: &State) -> anyhow::Result<()> {
    let path = state_path(folder);
    let text = serde_json::to_vec(state)?;
    crate::write_atomically(&path, &text).with_context(|| format!("writing {}", path.display()))
}

fn now_us() -> i64 {
    kit::Clock::system().now_ms() * 1000
}
