//! Transcribing a call: join, cut each voice into utterances, turn them into text while the call lasts, show them as
//! live captions, and hand in the transcript at the end.
//!
//! One thread holds the speech model and takes work from [`queue`]; everything else is one async task. When the model
//! falls behind, first guesses are left out first, then captions come late; the transcript gets everything, after the
//! call if need be. Lines are on disk as soon as they are known ([`log`]).

mod log;
mod output;
mod queue;
mod track;

use crate::input::{Input, SpeechInput};
use crate::join::session::{self, Call, Say, Target};
use crate::join::{CallEvent, Frame, StopReason, TrackKind};
use crate::site::{Profile, Site, TranscriptionFiles};
use anyhow::Context;
use log::LineLog;
use output::Line;
use queue::{Closed, Queue, Task};
use serde::{Deserialize, Serialize};
use speech::{LanguageTracker, Model, Request};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use track::VoiceTrack;

/// Kind of the job on the wire.
const KIND: &str = "transcribing";
/// Deadline from the join to media.
const CONNECT: Duration = Duration::from_secs(25);
/// How long to wait for the recording to start, whose start is time zero of the captions.
const RECORDING: Duration = Duration::from_secs(10);
/// Time between guesses at what a speaker is saying.
const GUESS_EVERY: Duration = Duration::from_millis(1500);
/// Time between looks at speakers who stopped sending.
const TICK: Duration = Duration::from_millis(250);
/// Most finished speech that waits for the model, in seconds (about 230 MB).
const BACKLOG_SECONDS: f64 = 3600.0;
/// How often one attempt joins when the connection breaks.
const JOINS: u32 = 5;

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

/// What the model thread found.
struct Outcome {
    task: Task,
    text: String,
    language: String,
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
    let mut scribe = match Scribe::start(&input, &speech, site.clone(), log, earlier) {
        Ok(scribe) => scribe,
        Err(error) => return give_up(&input, &site, &format!("{error:#}")).await,
    };
    let mut joins = 0;
    while !state.ended {
        joins += 1;
        match listen(&input, &site, &mut scribe, &mut state, &stop).await {
            Ok(StopReason::Lost(why)) if joins < JOINS => tracing::warn!(why, "connection lost, joining again"),
            Ok(reason) => {
                tracing::info!(?reason, "call ended");
                state.ended = true;
                save(&input.data_dir, &state)?;
            }
            Err(error) if state.zero_us.is_some() => {
                tracing::warn!(error = %format!("{error:#}"), "cannot go on listening, handing in what there is");
                break;
            }
            Err(error) => return give_up(&input, &site, &format!("{error:#}")).await,
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

/// Turns frames into lines and captions.
struct Scribe {
    site: Site,
    zero_us: i64,
    captions: bool,
    interim: bool,
    tracks: HashMap<String, Speaker>,
    names: HashMap<String, Profile>,
    lines: Vec<Line>,
    log: LineLog,
    queue: Arc<Queue>,
    model: Option<std::thread::JoinHandle<()>>,
    outcomes: mpsc::Receiver<Outcome>,
    profiles: mpsc::Receiver<(String, Profile)>,
    found: mpsc::Sender<(String, Profile)>,
}

struct Speaker {
    session: String,
    voice: VoiceTrack,
    guessed: Instant,
}

impl Scribe {
    fn start(input: &Input, speech: &SpeechInput, site: Site, log: LineLog, lines: Vec<Line>) -> anyhow::Result<Self> {
        let model = Model::load(&speech.model)?;
        let queue = Arc::new(Queue::new(BACKLOG_SECONDS));
        let (sender, outcomes) = mpsc::channel(64);
        let (found, profiles) = mpsc::channel(64);
        let (work, threads, language) = (Arc::clone(&queue), speech.threads, speech.language.clone());
        let mut transcriber = model.transcriber(threads)?;
        let thread = std::thread::Builder::new().name("speech".into()).spawn(move || {
            // The weights must outlive the transcriber.
            let _model = model;
            transcribe_all(&mut transcriber, &work, language.as_deref(), &sender);
        });
        tracing::info!(job = input.job_id, model = %speech.model.display(), threads, earlier = lines.len(), "speech model loaded");
        Ok(Self {
            site,
            zero_us: 0,
            captions: speech.live_captions,
            interim: speech.interim,
            tracks: HashMap::new(),
            names: HashMap::new(),
            lines,
            log,
            queue,
            model: Some(thread.context("starting the speech thread")?),
            outcomes,
            profiles,
            found,
        })
    }

    async fn frame(&mut self, frame: &Frame) -> anyhow::Result<()> {
        if frame.track.kind != TrackKind::Voice || frame.time_us < self.zero_us {
            return Ok(());
        }
        if !self.tracks.contains_key(&frame.track.id) {
            let session = frame.track.session.clone();
            self.ask_name(&session);
            let speaker = Speaker { session, voice: VoiceTrack::new(frame.time_us)?, guessed: Instant::now() };
            self.tracks.insert(frame.track.id.clone(), speaker);
        }
        let Some(speaker) = self.tracks.get_mut(&frame.track.id) else { return Ok(()) };
        let spoken = speaker.voice.packet(frame.time_us, &frame.data);
        let session = speaker.session.clone();
        for spoken in spoken {
            self.enqueue(Task { session: session.clone(), spoken, interim: false }).await;
        }
        Ok(())
    }

    async fn tick(&mut self, call: &Call) -> anyhow::Result<()> {
        let now = now_us();
        let mut ended = vec![];
        for speaker in self.tracks.values_mut() {
            let task = |spoken, interim| Task { session: speaker.session.clone(), spoken, interim };
            if let Some(spoken) = speaker.voice.idle(now) {
                ended.push(task(spoken, false));
            } else if self.captions && self.interim && speaker.guessed.elapsed() >= GUESS_EVERY {
                let Some(open) = speaker.voice.open().filter(|s| s.samples.len() > speech::SAMPLE_RATE) else {
                    continue;
                };
                speaker.guessed = Instant::now();
                if !self.queue.guess(task(open, true)) {
                    let name = "live_captions_transcriber_buf_full";
                    drop(call.say.try_send(Say::Metric { name, session_id: speaker.session.clone() }));
                }
            }
        }
        for task in ended {
            self.enqueue(task).await;
        }
        Ok(())
    }

    /// Ends every track: the call is over, or another join will begin new ones.
    async fn end_tracks(&mut self) -> anyhow::Result<()> {
        let mut ended = vec![];
        for (_, mut speaker) in self.tracks.drain() {
            ended.extend(speaker.voice.flush().map(|spoken| Task { session: speaker.session, spoken, interim: false }));
        }
        for task in ended {
            self.enqueue(task).await;
        }
        Ok(())
    }

    /// Hands an utterance to the model; waits when an hour of speech is waiting already.
    async fn enqueue(&mut self, task: Task) {
        while !self.queue.finished(&task) {
            tracing::warn!(waiting_s = self.queue.waiting_seconds(), "the speech model is an hour behind");
            if let Some(outcome) = self.outcomes.recv().await {
                self.outcome(outcome, None);
            }
        }
    }

    fn outcome(&mut self, outcome: Outcome, call: Option<&Call>) {
        let Outcome { task, text, language } = outcome;
        if text.is_empty() {
            return;
        }
        let ms = |us: i64| (us - self.zero_us) / 1000;
        let (start_ms, end_ms) = (ms(task.spoken.start_us), ms(task.spoken.end_us()));
        if let Some(call) = call.filter(|_| self.captions) {
            let late_ms = (now_us() - task.spoken.end_us()) / 1000;
            tracing::debug!(late_ms, interim = task.interim, "caption");
            let new_audio_len_ms = u64::try_from(end_ms - start_ms).unwrap_or(0);
            let caption = Say::Caption { session_id: task.session.clone(), text: text.clone(), new_audio_len_ms };
            if call.say.try_send(caption).is_err() {
                tracing::debug!("caption left out");
            }
        }
        if !task.interim {
            let profile = self.names.get(&task.session).cloned().unwrap_or_default();
            let line = Line {
                session_id: task.session,
                user_id: profile.id.clone(),
                speaker: output::speaker_name(&profile.display_name()),
                start_ms,
                end_ms,
                text,
                language,
            };
            if let Err(error) = self.log.append(&line) {
                tracing::warn!(%error, "line not on disk");
            }
            self.lines.push(line);
        }
    }

    fn ask_name(&self, session: &str) {
        if self.names.contains_key(session) {
            return;
        }
        let (site, found, session) = (self.site.clone(), self.found.clone(), session.to_owned());
        tokio::spawn(async move {
            match site.profile(&session).await {
                Ok(profile) => drop(found.send((session, profile)).await),
                Err(error) => tracing::warn!(%error, session, "no name for a speaker"),
            }
        });
    }

    fn named(&mut self, session: String, profile: Profile) {
        for line in self.lines.iter_mut().filter(|l| l.session_id == session) {
            line.speaker = output::speaker_name(&profile.display_name());
            line.user_id.clone_from(&profile.id);
        }
        self.names.insert(session, profile);
    }

    /// Waits for the model to do what is left; gives all lines in order of time.
    async fn finish(mut self) -> anyhow::Result<Vec<Line>> {
        self.queue.close();
        let began = Instant::now();
        let mut told = Instant::now();
        while let Some(outcome) = self.outcomes.recv().await {
            self.outcome(outcome, None);
            if told.elapsed() > Duration::from_secs(10) {
                told = Instant::now();
                tracing::info!(waiting_s = self.queue.waiting_seconds(), "still transcribing");
            }
        }
        while let Ok((session, profile)) = self.profiles.try_recv() {
            self.named(session, profile);
        }
        let model = self.model.take();
        if model.is_some_and(|thread| thread.join().is_err()) {
            anyhow::bail!("the speech thread panicked");
        }
        for line in self.lines.iter_mut().filter(|l| l.speaker.is_empty()) {
            line.speaker = "Unknown speaker".into();
        }
        self.lines.sort_by_key(|l| (l.start_ms, l.end_ms));
        tracing::info!(lines = self.lines.len(), took_ms = began.elapsed().as_millis() as u64, "transcript complete");
        Ok(self.lines)
    }
}

/// The model thread: until the queue is closed and empty.
fn transcribe_all(
    transcriber: &mut speech::Transcriber,
    queue: &Queue,
    language: Option<&str>,
    outcomes: &mpsc::Sender<Outcome>,
) {
    let mut languages: HashMap<String, LanguageTracker> = HashMap::new();
    loop {
        let task = match queue.next(Duration::from_secs(1)) {
            Ok(Some(task)) => task,
            Ok(None) => continue,
            Err(Closed) => return,
        };
        let tracker = languages
            .entry(task.session.clone())
            .or_insert_with(|| language.map(LanguageTracker::fixed).unwrap_or_default());
        let known = tracker.language().map(str::to_owned);
        let request = Request { language: known.as_deref(), ..Request::default() };
        let said = match transcriber.transcribe(&task.spoken.samples, &request) {
            Ok(said) => said,
            Err(error) => {
                tracing::warn!(%error, "utterance not transcribed");
                continue;
            }
        };
        if !task.interim {
            let logprob = said.segments.iter().map(|s| s.avg_logprob).fold(0.0, f32::min);
            let ms = speech::samples_to_ms(task.spoken.samples.len() as u64);
            let detected = if said.segments.is_empty() { "" } else { said.language.as_str() };
            tracker.learn(detected, logprob, ms);
        }
        let outcome = Outcome { text: said.text(), language: said.language, task };
        if outcomes.blocking_send(outcome).is_err() {
            return;
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
