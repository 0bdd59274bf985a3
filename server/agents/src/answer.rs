//! Writing one reply: read, ask the model, show the text while it comes, store it.

use crate::agent::Agent;
use crate::bridge::Bridge;
use crate::prompt;
use crate::reading::{self, Material};
use crate::runs::Run;
use crate::task::Task;
use crate::wording::Failure;
use crate::{parts, store, wording};
use chat::{Actor, posts};
use futures::{Stream, StreamExt};
use llm_client::{ChatRequest, Delta, Error as ModelError, Message};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};
use wire::{Event, Post};

/// How often a busy model is asked again.
const BUSY_TRIES: usize = 5;
/// How often the summaries of a text's parts may be summarised again.
const ROUNDS: usize = 3;
/// Most tokens of the summary of one part.
const PART_TOKENS: u32 = 160;
/// Room in a prompt for what stands around a text: instruction and line breaks.
const FRAME_CHARS: usize = 160;

/// A reply that somebody waits for.
pub struct Wanted {
    pub task: Task,
    pub asker: Actor,
    /// The post that becomes the reply.
    pub post: Post,
    /// How freely the model chooses its words.
    pub temperature: f32,
}

/// Writes the reply, tells it to the channel on the way, and records how it ended.
pub async fn write(agent: Arc<Agent>, run: Run, run_id: String, wanted: Wanted) {
    let Wanted { task, asker, post, temperature } = wanted;
    let (bridge, text, cut_short) = (None, String::new(), false);
    let mut writer = Writer { agent: &agent, post: &post, asker: &asker, temperature, bridge, text, cut_short };
    writer.control("start");
    let ended = tokio::select! {
        () = run.stopped() => Err(Failure::Stopped),
        ended = writer.work(&task) => ended,
    };
    let outcome = ended.as_ref().err().map_or_else(|| "finished".to_owned(), ToString::to_string);
    let text = writer.finished(&ended);
    let stored = posts::update_as_system(&agent.site, &post.id, |p| p.message.clone_from(&text)).await;
    if let Err(error) = stored
        && error.kind != chat::error::Kind::NotFound
    {
        tracing::error!(post.id = %post.id, %error, "an answer of the agent was not stored");
    }
    if let Err(error) = record_end(&agent, &run_id, &outcome).await {
        tracing::error!(run.id = %run_id, %error, "the end of a run was not recorded");
    }
    match &ended {
        Ok(()) | Err(Failure::Stopped) => {}
        Err(failure) => tracing::warn!(post.id = %post.id, %failure, "an answer of the agent failed"),
    }
    writer.tell(&text);
    if matches!(ended, Err(Failure::Stopped)) {
        writer.control("cancel");
    }
    // Whoever hears of the end may ask again at once.
    drop(run);
    writer.control("end");
}

async fn record_end(agent: &Agent, run_id: &str, outcome: &str) -> db::Result<()> {
    let mut tx = agent.site.db.write().await?;
    store::finish(&mut tx, run_id, agent.site.clock.now_ms(), outcome).await?;
    tx.commit().await
}

type Deltas = Pin<Box<dyn Stream<Item = Result<Delta, ModelError>> + Send>>;

/// A reply that is being written.
struct Writer<'a> {
    agent: &'a Arc<Agent>,
    post: &'a Post,
    asker: &'a Actor,
    temperature: f32,
    /// When the model may not speak the languages of the people.
    bridge: Option<Bridge>,
    /// What the model said so far, in the asker's language.
    text: String,
    /// The text to read was too long.
    cut_short: bool,
}

impl Writer<'_> {
    async fn work(&mut self, task: &Task) -> Result<(), Failure> {
        let agent = self.agent.clone();
        let _turn = agent.runs.turn().await;
        let allowed = Duration::from_secs(agent.config.timeout_s.max(1));
        timeout(allowed, self.work_in_turn(task)).await.unwrap_or(Err(Failure::TooSlow))
    }

    async fn work_in_turn(&mut self, task: &Task) -> Result<(), Failure> {
        let config = &self.agent.config;
        let (instructions, budget) = (config.instructions.as_str(), config.max_prompt_chars);
        let material = reading::gather(self.agent, self.asker, task, &self.post.id).await?;
        let question = match &material {
            Material::Talk(said) => said.last().map(|s| s.text.clone()),
            Material::Text { .. } => None,
        };
        let (service, language) = (&self.agent.model, config.model_language.as_str());
        self.bridge = Bridge::build(service, language, question.as_deref(), &self.asker.locale).await;
        let messages = match material {
            Material::Talk(said) if said.is_empty() => return Err(reading::Unreadable::Nothing.into()),
            Material::Talk(mut said) => {
                let texts: Vec<String> = said.iter().map(|s| s.text.clone()).collect();
                for (turn, text) in said.iter_mut().zip(self.for_model(texts).await) {
                    turn.text = text;
                }
                prompt::conversation(instructions, &said, budget)
            }
            Material::Text { instruction, text } => {
                let lines = text.lines().map(str::to_owned).collect();
                let text = self.for_model(lines).await.join("\n");
                let text = self.condensed(instruction, text).await?;
                prompt::about(instructions, instruction, &text)
            }
        };
        self.speak(messages).await?;
        if self.text.trim().is_empty() { Err(Failure::Empty) } else { Ok(()) }
    }

    /// The texts in the language that the model reads.
    async fn for_model(&self, texts: Vec<String>) -> Vec<String> {
        match &self.bridge {
            Some(bridge) => bridge.to_model(&texts).await,
            None => texts,
        }
    }

    /// What the model said, in the asker's language; `all` when it says no more.
    async fn for_asker(&self, said: &str, all: bool) -> String {
        match &self.bridge {
            Some(bridge) => bridge.to_asker(said, all).await,
            None => said.to_owned(),
        }
    }

    /// The text, or the summaries of its parts when it is too long for one prompt.
    async fn condensed(&mut self, instruction: &str, mut text: String) -> Result<String, Failure> {
        let agent = self.agent.clone();
        let config = &agent.config;
        let around = config.instructions.chars().count() + FRAME_CHARS;
        let room = config.max_prompt_chars.saturating_sub(around).max(FRAME_CHARS);
        for _ in 0..ROUNDS {
            if text.chars().count() <= room {
                return Ok(text);
            }
            let mut pieces = parts::cut(&text, room);
            self.cut_short |= pieces.len() > config.max_parts.max(1);
            pieces.truncate(config.max_parts.max(1));
            let mut notes = String::new();
            for (index, piece) in pieces.iter().enumerate() {
                self.tell(&wording::reading(&self.asker.locale, index + 1, pieces.len()));
                let messages = prompt::about(&config.instructions, instruction, piece);
                let mut deltas = self.open(messages, PART_TOKENS).await?;
                while let Some(delta) = deltas.next().await {
                    notes.push_str(&delta?.text);
                }
                notes.push('\n');
            }
            text = notes;
        }
        self.cut_short |= text.chars().count() > room;
        Ok(parts::head(&text, room).to_owned())
    }

    /// Asks the model and shows what it says, at most as often as configured.
    async fn speak(&mut self, messages: Vec<Message>) -> Result<(), Failure> {
        let agent = self.agent.clone();
        let config = &agent.config;
        let mut deltas = self.open(messages, config.max_tokens).await?;
        let mut show = interval(Duration::from_millis(config.stream_update_ms.max(20)));
        show.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let keep = Duration::from_millis(config.store_update_ms.max(config.stream_update_ms));
        let (mut kept_at, mut shown, mut said) = (Instant::now(), 0, String::new());
        loop {
            tokio::select! {
                delta = deltas.next() => match delta {
                    Some(Ok(delta)) => said.push_str(&delta.text),
                    Some(Err(error)) => {
                        self.text = self.for_asker(&said, true).await;
                        return Err(error.into());
                    }
                    None => {
                        self.text = self.for_asker(&said, true).await;
                        return Ok(());
                    }
                },
                _ = show.tick(), if said.len() > shown => {
                    self.text = self.for_asker(&said, false).await;
                    self.tell(&self.text);
                    shown = said.len();
                    // Clients that do not know the agent's events see the stored post grow.
                    if kept_at.elapsed() >= keep {
                        let text = &self.text;
                        posts::update_as_system(&agent.site, &self.post.id, |p| p.message.clone_from(text)).await?;
                        kept_at = Instant::now();
                    }
                }
            }
        }
    }

    /// A stream whose first piece has come; a busy model is asked again.
    async fn open(&self, messages: Vec<Message>, max_tokens: u32) -> Result<Deltas, Failure> {
        let config = &self.agent.config;
        let mut request = ChatRequest::new(config.model.clone(), messages);
        request.max_tokens = Some(max_tokens);
        request.temperature = Some(self.temperature);
        request.frequency_penalty = Some(config.frequency_penalty);
        let mut tries = 1;
        loop {
            let mut deltas: Deltas = Box::pin(self.agent.model.chat_stream(request.clone()));
            match deltas.next().await {
                Some(Err(ModelError::Busy { retry_after_seconds })) if tries < BUSY_TRIES => {
                    tries += 1;
                    sleep(Duration::from_secs(retry_after_seconds.clamp(1, 30))).await;
                }
                Some(Err(error)) => return Err(error.into()),
                first => return Ok(Box::pin(futures::stream::iter(first).chain(deltas))),
            }
        }
    }

    /// The text as it is stored in the end.
    fn finished(&self, ended: &Result<(), Failure>) -> String {
        let locale = &self.asker.locale;
        let said = self.text.trim();
        let whole = match ended {
            Ok(()) if self.cut_short => format!("{said}{}", wording::cut_short(locale)),
            Ok(()) => said.to_owned(),
            Err(Failure::Stopped) if !said.is_empty() => said.to_owned(),
            Err(failure) if said.is_empty() => wording::failure(failure, locale),
            Err(failure) => format!("{said}\n\n{}", wording::failure(failure, locale)),
        };
        parts::head(&whole, self.agent.site.config().max_post_runes).to_owned()
    }

    fn tell(&self, text: &str) {
        self.publish(Event::new(UPDATE).with("post_id", self.post.id.as_str()).with("next", text));
    }

    fn control(&self, control: &str) {
        self.publish(Event::new(UPDATE).with("post_id", self.post.id.as_str()).with("control", control));
    }

    fn publish(&self, event: Event) {
        self.agent.site.hub.publish(event.to_channel(&self.post.channel_id));
    }
}

const UPDATE: &str = "custom_mattermost-ai_postupdate";
