//! The one who writes down: packets to utterances, utterances to the model, its text to lines and captions.

use super::heard::{Packet, PacketLog};
use super::log::LineLog;
use super::now_us;
use super::output::{self, Line};
use super::queue::{Closed, Queue, Task};
use super::track::VoiceTrack;
use crate::input::{Input, SpeechInput};
use crate::join::session::{Call, Say};
use crate::join::{Frame, TrackKind};
use crate::site::{Profile, Site};
use anyhow::Context;
use speech::{LanguageTracker, Model, Request};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// Time between guesses at what a speaker is saying.
const GUESS_EVERY: Duration = Duration::from_millis(1500);
/// Most finished speech that waits for the model, in seconds (about 230 MB).
const BACKLOG_SECONDS: f64 = 3600.0;

/// What the model thread found.
pub(super) struct Outcome {
    task: Task,
    text: String,
    language: String,
}

/// Turns frames into lines and captions.
pub(super) struct Scribe {
    site: Site,
    /// Time zero of the lines, microseconds since the Unix epoch; what is older is not heard.
    pub(super) zero_us: i64,
    captions: bool,
    interim: bool,
    tracks: HashMap<String, Speaker>,
    names: HashMap<String, Profile>,
    lines: Vec<Line>,
    log: LineLog,
    heard: PacketLog,
    queue: Arc<Queue>,
    model: Option<std::thread::JoinHandle<()>>,
    pub(super) outcomes: mpsc::Receiver<Outcome>,
    pub(super) profiles: mpsc::Receiver<(String, Profile)>,
    found: mpsc::Sender<(String, Profile)>,
}

struct Speaker {
    session: String,
    voice: VoiceTrack,
    guessed: Instant,
}

impl Scribe {
    pub(super) fn start(
        input: &Input,
        speech: &SpeechInput,
        site: Site,
        log: LineLog,
        lines: Vec<Line>,
        heard: PacketLog,
    ) -> anyhow::Result<Self> {
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
            heard,
            queue,
            model: Some(thread.context("starting the speech thread")?),
            outcomes,
            profiles,
            found,
        })
    }

    pub(super) async fn frame(&mut self, frame: &Frame) -> anyhow::Result<()> {
        if frame.track.kind != TrackKind::Voice || frame.time_us < self.zero_us {
            return Ok(());
        }
        if let Err(error) = self.heard.append(&frame.track.id, &frame.track.session, frame.time_us, &frame.data) {
            tracing::warn!(%error, "packet not on disk");
        }
        self.voice(&frame.track.id, &frame.track.session, frame.time_us, &frame.data).await
    }

    /// Goes on where the lines of an earlier attempt end.
    pub(super) async fn hear_again(&mut self, packets: Vec<Packet>) -> anyhow::Result<()> {
        let zero_us = self.zero_us;
        let mut known: HashMap<&str, i64> = HashMap::new();
        for line in &self.lines {
            let end = known.entry(&line.session_id).or_default();
            *end = line.end_ms.max(*end);
        }
        let missing = |p: &Packet| p.time_us >= zero_us + known.get(p.session.as_str()).map_or(0, |ms| ms * 1000);
        let again: Vec<Packet> = packets.into_iter().filter(|p| missing(p)).collect();
        if !again.is_empty() {
            tracing::info!(packets = again.len(), "hearing again what was not yet text");
        }
        for packet in again {
            self.voice(&packet.track, &packet.session, packet.time_us, &packet.data).await?;
        }
        self.end_tracks().await
    }

    async fn voice(&mut self, track: &str, session: &str, time_us: i64, data: &[u8]) -> anyhow::Result<()> {
        if !self.tracks.contains_key(track) {
            self.ask_name(session);
            let speaker =
                Speaker { session: session.to_owned(), voice: VoiceTrack::new(time_us)?, guessed: Instant::now() };
            self.tracks.insert(track.to_owned(), speaker);
        }
        let Some(speaker) = self.tracks.get_mut(track) else { return Ok(()) };
        for spoken in speaker.voice.packet(time_us, data) {
            self.enqueue(Task { session: session.to_owned(), spoken, interim: false }).await?;
        }
        Ok(())
    }

    pub(super) async fn tick(&mut self, call: &Call) -> anyhow::Result<()> {
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
            self.enqueue(task).await?;
        }
        Ok(())
    }

    /// Ends every track: the call is over, or another join will begin new ones.
    pub(super) async fn end_tracks(&mut self) -> anyhow::Result<()> {
        let mut ended = vec![];
        for (_, mut speaker) in self.tracks.drain() {
            ended.extend(speaker.voice.flush().map(|spoken| Task { session: speaker.session, spoken, interim: false }));
        }
        for task in ended {
            self.enqueue(task).await?;
        }
        Ok(())
    }

    /// Hands an utterance to the model; waits when an hour of speech is waiting already.
    async fn enqueue(&mut self, task: Task) -> anyhow::Result<()> {
        while !self.queue.finished(&task) {
            tracing::warn!(waiting_s = self.queue.waiting_seconds(), "the speech model is an hour behind");
            match tokio::time::timeout(Duration::from_secs(1), self.outcomes.recv()).await {
                Ok(Some(outcome)) => self.outcome(outcome, None),
                Ok(None) => anyhow::bail!("the speech thread has ended"),
                Err(_) => {}
            }
        }
        Ok(())
    }

    pub(super) fn outcome(&mut self, outcome: Outcome, call: Option<&Call>) {
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

    pub(super) fn named(&mut self, session: String, profile: Profile) {
        for line in self.lines.iter_mut().filter(|l| l.session_id == session) {
            line.speaker = output::speaker_name(&profile.display_name());
            line.user_id.clone_from(&profile.id);
        }
        self.names.insert(session, profile);
    }

    /// Waits for the model to do what is left; gives all lines in order of time.
    pub(super) async fn finish(mut self) -> anyhow::Result<Vec<Line>> {
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
        output::name_the_rest(&mut self.lines);
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
