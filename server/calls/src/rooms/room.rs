//! The task that owns one call: takes what it is sent one after the other, stores, then tells.

use super::{Command, QUEUE};
use crate::call::{Call, Effect, Newcomer, Refusal, Start};
use crate::entry::{self, Entry};
use crate::service::Calls;
use crate::{events, posts, store};
use rtcd_client::Message;
use std::time::Duration;
use tokio::sync::mpsc;
use wire::Event;

struct Room {
    calls: Calls,
    channel_id: String,
    call: Option<Call>,
}

/// Starts the task; it ends with the call.
pub fn open(calls: &Calls, channel_id: &str, call: Option<Call>) -> mpsc::Sender<Command> {
    let (send, receive) = mpsc::channel(QUEUE);
    let room = Room { calls: calls.clone(), channel_id: channel_id.to_owned(), call };
    tokio::spawn(room.run(receive));
    send
}

impl Room {
    async fn run(mut self, mut commands: mpsc::Receiver<Command>) {
        // A restored call may have ended already.
        self.settle().await;
        let mut fresh = self.call.is_none();
        while fresh || self.call.is_some() {
            fresh = false;
            let wake = self.call.as_ref().and_then(Call::next_at);
            let now = self.now();
            let wait = wake.map(|at| Duration::from_millis(u64::try_from(at - now).unwrap_or(0)));
            tokio::select! {
                () = self.calls.stop.cancelled() => return,
                command = commands.recv() => match command {
                    Some(command) => self.take(command).await,
                    None => return,
                },
                () = sleep(wait) => {
                    let now = self.now();
                    if let Some(call) = &mut self.call {
                        call.tick(now);
                    }
                    self.settle().await;
                }
            }
        }
        commands.close();
        self.calls.rooms.close(&self.channel_id);
        // Who came in the last moment starts the next call; everything else was about the one that is over.
        while let Some(command) = commands.recv().await {
            if let Command::Join(entry) = command {
                self.calls.rooms.join(&self.calls, *entry);
            }
        }
    }

    fn now(&self) -> i64 {
        self.calls.site.clock.now_ms()
    }

    async fn take(&mut self, command: Command) {
        match command {
            Command::Join(entry) => {
                if let Err(refusal) = self.join(&entry).await {
                    self.refuse(&entry, &refusal);
                }
            }
            Command::Turn(turn) => {
                let now = self.now();
                let Some(call) = &mut self.call else { return };
                let done = turn(call, now);
                self.settle().await;
                done();
            }
        }
    }

    fn refuse(&self, entry: &Entry, refusal: &Refusal) {
        tracing::info!(channel_id = self.channel_id, user.id = entry.user_id, %refusal, "somebody could not join");
        let event = Event::new(format!("{}error", events::PREFIX))
            .with("data", refusal.to_string())
            .with("connID", entry.connection_id.as_str());
        self.calls.site.hub.publish(event.to_connection(&entry.connection_id));
    }

    async fn join(&mut self, entry: &Entry) -> Result<(), Refusal> {
        let admitted = entry::admit(&self.calls, entry, self.call.is_some()).await?;
        self.calls.rtcd.client().map_err(Refusal::Media)?;
        let newcomer = Newcomer {
            connection_id: entry.connection_id.clone(),
            user_id: entry.user_id.clone(),
            job_id: entry.job_id.clone(),
            av1_support: entry.av1_support,
            dc_signaling: entry.dc_signaling,
        };
        if self.call.is_none() {
            if admitted.is_bot {
                return Err(Refusal::NoJob);
            }
            self.call = Some(self.begin(entry, &admitted).await.map_err(|e| Refusal::Server(e.to_string()))?);
        }
        let now = self.now();
        if let Some(call) = &mut self.call {
            call.join(&newcomer, now)?;
        }
        self.settle().await;
        Ok(())
    }

    async fn begin(&self, entry: &Entry, admitted: &entry::Admitted) -> chat::Result<Call> {
        let now = self.now();
        let post = posts::start(&self.calls.site, &admitted.actor, entry, now).await?;
        let start = Start {
            id: kit::id::new(),
            channel_id: self.channel_id.clone(),
            title: entry.title.clone(),
            thread_id: if entry.thread_id.is_empty() { post.id.clone() } else { entry.thread_id.clone() },
            post_id: post.id,
            owner_id: entry.user_id.clone(),
        };
        tracing::info!(call.id = start.id, channel_id = self.channel_id, "a call begins");
        Ok(Call::new(self.calls.rules.clone(), start, now))
    }

    /// Stores what changed, then tells it.
    async fn settle(&mut self) {
        let Some(call) = &mut self.call else { return };
        let (effects, dirty) = call.take();
        if dirty.any() {
            if let Err(error) = save(&self.calls, call, &dirty).await {
                // People go on talking; the next change stores this one too.
                tracing::error!(%error, call.id = call.id, "a call's state could not be stored");
                call.store_again(dirty);
            }
        }
        let mut ended = false;
        for effect in effects {
            match effect {
                Effect::Tell(notice) => {
                    for event in events::of(notice, &self.channel_id, &self.calls.bot_id) {
                        self.calls.site.hub.publish(event);
                    }
                }
                Effect::Rtcd(message) => {
                    if let Message::Join(join) = &message {
                        self.calls.rooms.bind(&join.session_id, &self.channel_id);
                    }
                    self.calls.rtcd.send(message).await;
                }
                Effect::Gone(session_id) => self.calls.rooms.unbind(&session_id),
                Effect::Ended => ended = true,
            }
        }
        if ended && let Some(call) = self.call.take() {
            tracing::info!(call.id = call.id, channel_id = self.channel_id, "a call is over");
            if let Err(error) = posts::end(&self.calls.site, &call).await {
                tracing::warn!(%error, call.id = call.id, "the post of a call could not be ended");
            }
        }
    }
}

async fn save(calls: &Calls, call: &Call, dirty: &crate::call::Dirty) -> db::Result<()> {
    let mut tx = calls.site.db.write().await?;
    store::save(&mut tx, call, dirty).await?;
    tx.commit().await
}

async fn sleep(wait: Option<Duration>) {
    match wait {
        Some(wait) => tokio::time::sleep(wait).await,
        None => std::future::pending().await,
    }
}
