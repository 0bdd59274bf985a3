//! The agent of a site: its bot, its model, and how a question becomes a reply.

use crate::answer::{self, Wanted};
use crate::config::Config;
use crate::runs::Runs;
use crate::task::Task;
use crate::{intent, mention, store, wording};
use chat::roles::Permission;
use chat::{Actor, Error, Result, Site, channels, posts, users};
use llm_client::{Client, Deadlines};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::Receiver;
use tokio_util::sync::CancellationToken;
use wire::{Event, Post, User};

/// The type of the agent's posts, by which clients draw them.
pub const POST_TYPE: &str = "custom_llmbot";
/// Prop of the agent's posts: the user who asked, the only one who may stop or repeat the answer.
pub const REQUESTER: &str = "llm_requester_user_id";

/// The agent of a site.
pub struct Agent {
    pub site: Site,
    pub config: Config,
    pub bot: User,
    pub model: Client,
    pub runs: Arc<Runs>,
    pub stop: CancellationToken,
}

/// Where a reply goes.
pub struct Place<'a> {
    pub channel_id: &'a str,
    /// Empty: the reply starts a thread.
    pub root_id: &'a str,
    /// The post that is answered; empty when a menu asked.
    pub responding_to: &'a str,
}

impl Agent {
    /// The agent with its bot account, which is made when there is none.
    pub async fn new(site: Site, config: Config, stop: CancellationToken) -> anyhow::Result<Self> {
        let description = "Answers with the language model of this server.";
        let name = config.bot_username.to_lowercase();
        let bot = users::ensure_bot(&site, &name, &config.bot_display_name, description, "").await?;
        let deadlines = Deadlines { idle: Duration::from_secs(config.timeout_s.max(1)), ..Deadlines::default() };
        let model = Client::with_deadlines(&config.llm_url, Some(config.llm_api_key.clone()), deadlines)?;
        let runs =
            Arc::new(Runs::new(config.max_parallel_runs, config.max_waiting_runs, config.max_user_runs, stop.clone()));
        Ok(Self { site, config, bot, model, runs, stop })
    }

    /// The bot as an author. It is a member of no channel, so that its presence changes none: the caller has checked
    /// what the asker may do there, and the roles let the post through.
    fn author(&self) -> Actor {
        Actor { user_id: self.bot.id.clone(), roles: vec!["system_admin".into()], is_bot: true, ..Actor::default() }
    }

    /// Answers a post that calls the agent, if its author is a person who may post there.
    pub async fn answer(self: &Arc<Self>, post: &Post) -> Result<()> {
        let asker = users::actor_of(&self.site, &post.user_id).await?;
        if asker.is_bot {
            return Ok(());
        }
        channels::access(&mut self.site.db.read().await?, &asker, &post.channel_id, Permission::CREATE_POST).await?;
        let said = mention::without(&post.message, &self.bot.username);
        let task = Task::of(intent::read(&said), post);
        let root_id = if post.root_id.is_empty() { &post.id } else { &post.root_id };
        let place = Place { channel_id: &post.channel_id, root_id, responding_to: &post.id };
        match self.begin(&asker, task, &place).await {
            Err(error) if error.kind == chat::error::Kind::TooMany => {
                let reply = self.reply(&asker, "refusal", &place, wording::busy(&asker.locale));
                posts::create(&self.site, &self.author(), reply).await.map(drop)
            }
            other => other.map(drop),
        }
    }

    /// Posts an empty reply at `place` and starts to write it.
    ///
    /// # Errors
    /// 429 when too many answers are waiting.
    pub async fn begin(self: &Arc<Self>, asker: &Actor, task: Task, place: &Place<'_>) -> Result<Post> {
        let seat = self.runs.enter(&asker.user_id).ok_or_else(full)?;
        let reply = self.reply(asker, task.kind(), place, String::new());
        let post = posts::create(&self.site, &self.author(), reply).await?;
        let run = self.runs.begin(&post.id, seat).ok_or_else(running)?;
        let run_id = self.record(asker, &post, &task).await?;
        let wanted = Wanted { task, asker: asker.clone(), post: post.clone(), temperature: self.config.temperature };
        tokio::spawn(answer::write(self.clone(), run, run_id, wanted));
        Ok(post)
    }

    /// Writes the reply `post` once more.
    ///
    /// # Errors
    /// 429 when too many answers are waiting, 409 while it is being written, 404 when its task is not known.
    pub async fn again(self: &Arc<Self>, asker: &Actor, post: &Post) -> Result<()> {
        let task = store::last_task(&mut self.site.db.read().await?, &post.id).await?;
        let missing = || Error::not_found("agents.regenerate.no_run.app_error", "It is not known what was asked for.");
        let task = task.ok_or_else(missing)?;
        let seat = self.runs.enter(&asker.user_id).ok_or_else(full)?;
        let run = self.runs.begin(&post.id, seat).ok_or_else(running)?;
        // The old answer goes when the new one is on record: a process that ends in between leaves it as it was.
        let run_id = self.record(asker, post, &task).await?;
        let post = posts::update_as_system(&self.site, &post.id, |p| p.message = String::new()).await?;
        let wanted = Wanted { task, asker: asker.clone(), post, temperature: self.config.again_temperature };
        tokio::spawn(answer::write(self.clone(), run, run_id, wanted));
        Ok(())
    }

    async fn record(&self, asker: &Actor, post: &Post, task: &Task) -> Result<String> {
        let id = kit::id::new();
        let at = self.site.clock.now_ms();
        let begun = store::Begun { id: &id, post_id: &post.id, user_id: &asker.user_id, bot_id: &self.bot.id, at };
        let mut tx = self.site.db.write().await?;
        store::begin(&mut tx, &begun, task).await?;
        tx.commit().await?;
        Ok(id)
    }

    fn reply(&self, asker: &Actor, prompt_type: &str, place: &Place<'_>, message: String) -> Post {
        let mut post = Post {
            channel_id: place.channel_id.into(),
            root_id: place.root_id.into(),
            message,
            kind: POST_TYPE.into(),
            ..Post::default()
        };
        let mut prop = |key: &str, value: &str| post.props.insert(key.into(), value.into());
        prop(REQUESTER, &asker.user_id);
        prop("prompt_type", prompt_type);
        prop("from_bot", "true");
        // What a model writes must not make a client load a picture from somewhere.
        prop("unsafe_links", "true");
        if !place.responding_to.is_empty() {
            prop("responding_to", place.responding_to);
        }
        if prompt_type == "refusal" {
            prop("no_regen", "true");
        }
        post
    }

    /// Ends what a process that is gone was writing; how many.
    pub async fn end_interrupted(&self) -> Result<usize> {
        let unfinished = store::unfinished(&mut self.site.db.read().await?, &self.bot.id).await?;
        for (run, post_id) in &unfinished {
            let explain = |post: &mut Post| {
                if post.message.is_empty() {
                    post.message = wording::interrupted();
                }
            };
            match posts::update_as_system(&self.site, post_id, explain).await {
                Ok(_) => {}
                Err(error) if error.kind == chat::error::Kind::NotFound => {}
                Err(error) => return Err(error),
            }
            let mut tx = self.site.db.write().await?;
            store::finish(&mut tx, run, self.site.clock.now_ms(), "interrupted").await?;
            tx.commit().await?;
        }
        Ok(unfinished.len())
    }
}

/// Answers what is posted until the agent stops.
pub async fn listen(agent: Arc<Agent>, mut events: Receiver<Arc<Event>>) {
    loop {
        let event = tokio::select! {
            () = agent.stop.cancelled() => return,
            event = events.recv() => event,
        };
        let Some(event) = event else { return };
        let Some(post) = mention::asked(&event, &agent.bot) else { continue };
        match agent.answer(&post).await {
            Ok(()) => {}
            Err(error) if error.kind == chat::error::Kind::Forbidden => {
                tracing::debug!(post.id = %post.id, "the author may not post there; the agent does not answer");
            }
            Err(error) => tracing::error!(post.id = %post.id, %error, "the agent could not begin an answer"),
        }
    }
}

fn full() -> Error {
    let message = "The agent is busy with other questions; try again in a minute.";
    Error::new(chat::error::Kind::TooMany, "agents.queue_full.app_error", message)
}

fn running() -> Error {
    let message = "This answer is being written; stop it first.";
    Error::new(chat::error::Kind::Conflict, "agents.already_running.app_error", message)
}
