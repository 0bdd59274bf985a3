//! What reaches calls from outside: client actions, events of the chat, and what rtcd says.

use crate::actions::{self, Action};
use crate::call::Audience;
use crate::entry::Entry;
use crate::events::PREFIX;
use crate::limit::Bucket;
use crate::rtcd::Said;
use crate::service::Calls;
use chat::error::Kind;
use chat::roles::Permission;
use chat::ws::{self, ClientAction};
use chat::{channels, users};
use rtcd_client::{Message, RtcKind};
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::mpsc::Receiver;
use wire::Event;

/// A client connection that has said something about calls.
struct Known {
    /// Channel of the call that it joined or came back to.
    channel_id: Option<String>,
    bucket: Bucket,
}

/// Hands client actions to the calls they are about, in the order in which each client sent them.
pub async fn actions(calls: Calls, mut incoming: Receiver<ClientAction>) {
    let mut known: HashMap<String, Known> = HashMap::new();
    loop {
        let action = tokio::select! {
            () = calls.stop.cancelled() => return,
            action = incoming.recv() => match action { Some(action) => action, None => return },
        };
        let now = calls.site.clock.now_ms();
        let ClientAction { user_id, connection_id, action, .. } = action;
        match action {
            ws::Action::Closed => {
                if let Some(channel_id) = known.remove(&connection_id).and_then(|k| k.channel_id) {
                    let turn = move |call: &mut crate::call::Call, now| call.connection_lost(&connection_id, now);
                    calls.rooms.tell_surely(&channel_id, turn).await;
                }
            }
            ws::Action::Request { name, data } => {
                let fresh = || Known {
                    channel_id: None,
                    bucket: Bucket::new(calls.config.messages_per_second, calls.config.message_burst, now),
                };
                let from = known.entry(connection_id.clone()).or_insert_with(fresh);
                if !from.bucket.take(now) {
                    tracing::debug!(user.id = user_id, name, "too many actions; one was dropped");
                    continue;
                }
                match actions::read(name.strip_prefix(PREFIX).unwrap_or(&name), &data) {
                    Ok(action) => one(&calls, from, user_id, connection_id, action),
                    Err(error) => tracing::debug!(user.id = user_id, %error, "an action was dropped"),
                }
            }
        }
    }
}

fn one(calls: &Calls, from: &mut Known, user_id: String, connection_id: String, action: Action) {
    match action {
        Action::Join { channel_id, title, thread_id, job_id, av1_support, dc_signaling } => {
            // One connection is in one call.
            if let Some(other) = from.channel_id.replace(channel_id.clone()).filter(|other| *other != channel_id) {
                let connection_id = connection_id.clone();
                calls.rooms.tell(&other, move |call, now| call.leave(&connection_id, now));
            }
            let entry =
                Entry { channel_id, connection_id, user_id, title, thread_id, job_id, av1_support, dc_signaling };
            calls.rooms.join(calls, entry);
            return;
        }
        Action::Reconnect { channel_id, session_id, .. } => {
            from.channel_id = Some(channel_id.clone());
            let who = user_id.clone();
            calls.rooms.tell(&channel_id, move |call, _| {
                if !call.reconnect(&session_id, &who, &connection_id) {
                    tracing::info!(user.id = who, session_id, "session not found in call state");
                }
            });
            tokio::spawn(check_again(calls.clone(), channel_id, user_id));
            return;
        }
        Action::State { channel_id } => {
            tokio::spawn(tell_state(calls.clone(), channel_id, user_id, connection_id));
            return;
        }
        Action::Metric { name, data } => {
            tracing::debug!(user.id = user_id, name, data, "client metric");
            return;
        }
        Action::Nothing => return,
        _ => {}
    }
    let Some(channel_id) = &from.channel_id else { return };
    calls.rooms.tell(channel_id, move |call, now| match action {
        Action::Leave => call.leave(&connection_id, now),
        Action::Signal { kind, data } => call.signal(&connection_id, kind, data),
        Action::Switch(what) => call.switch(&connection_id, what, now),
        Action::ScreenOn(data) => {
            if !call.screen_on(&connection_id, &data) {
                tracing::info!(user.id = user_id, "a screen cannot be shared now");
            }
        }
        Action::VideoOn(data) => call.video_on(&connection_id, &data),
        Action::React(emoji) => call.react(&connection_id, emoji, now),
        Action::Caption { session_id, text } => call.caption(&connection_id, &session_id, &text),
        Action::Join { .. }
        | Action::Reconnect { .. }
        | Action::State { .. }
        | Action::Metric { .. }
        | Action::Nothing => {}
    });
}

/// Somebody who came back may have left the channel while away. The check comes after the return, so that what the client
/// says next is not dropped.
async fn check_again(calls: Calls, channel_id: String, user_id: String) {
    if user_id == calls.bot_id {
        return;
    }
    match readable(&calls, &user_id, &channel_id).await {
        Err(error) if matches!(error.kind, Kind::Forbidden | Kind::NotFound) => {
            tracing::info!(user.id = user_id, %error, "came back to a call whose channel is closed to them");
            remove(&calls, &channel_id, user_id).await;
        }
        Err(error) => tracing::warn!(user.id = user_id, %error, "whether the channel is still theirs is not known"),
        Ok(()) => {}
    }
}

async fn remove(calls: &Calls, channel_id: &str, user_id: String) {
    let turn = move |call: &mut crate::call::Call, now| call.user_removed(&user_id, now);
    calls.rooms.tell_surely(channel_id, turn).await;
}

async fn tell_state(calls: Calls, channel_id: String, user_id: String, connection_id: String) {
    if user_id != calls.bot_id
        && let Err(error) = readable(&calls, &user_id, &channel_id).await
    {
        tracing::debug!(user.id = user_id, %error, "call state refused");
        return;
    }
    let turn = move |call: &mut crate::call::Call, _| call.tell_state(Audience::Connection(connection_id), &user_id);
    calls.rooms.tell(&channel_id, turn);
}

pub(crate) async fn readable(calls: &Calls, user_id: &str, channel_id: &str) -> chat::Result<()> {
    let actor = users::actor_of(&calls.site, user_id).await?;
    let mut conn = calls.site.db.read().await?;
    channels::access(&mut conn, &actor, channel_id, Permission::READ_CHANNEL).await.map(drop)
}

/// Takes people out of the call when they leave its channel.
pub async fn chat_events(calls: Calls, mut events: Receiver<Arc<Event>>) {
    loop {
        let event = tokio::select! {
            () = calls.stop.cancelled() => return,
            event = events.recv() => match event { Some(event) => event, None => return },
        };
        let user = event.data.get("user_id").and_then(serde_json::Value::as_str);
        if event.event == "user_removed"
            && let Some(user_id) = user.map(str::to_owned)
        {
            // Not awaited here: while one call is slow, events about others must not be lost.
            let (calls, channel_id) = (calls.clone(), event.broadcast.channel_id.clone());
            tokio::spawn(async move { remove(&calls, &channel_id, user_id).await });
        }
    }
}

/// Hands what rtcd says to the calls it is about.
pub async fn rtcd(calls: Calls, mut incoming: Receiver<Said>) {
    loop {
        let said = tokio::select! {
            () = calls.stop.cancelled() => return,
            said = incoming.recv() => match said { Some(said) => said, None => return },
        };
        match said {
            // Beside the messages, whose order this does not change: it is about sessions of before.
            Said::Connected { lost_at } => drop(tokio::spawn(compare(calls.clone(), lost_at))),
            Said::Message(Message::Close { session_id }) => {
                if let Some(channel_id) = calls.rooms.channel_of(&session_id) {
                    let turn = move |call: &mut crate::call::Call, now| call.closed_by_rtcd(&session_id, now);
                    calls.rooms.tell_surely(&channel_id, turn).await;
                }
            }
            Said::Message(Message::Rtc(rtc) | Message::Vad(rtc)) => {
                let Some(channel_id) = calls.rooms.channel_of(&rtc.session_id) else { continue };
                let turn = move |call: &mut crate::call::Call, _: i64| match rtc.kind {
                    RtcKind::SDP | RtcKind::ICE => match std::str::from_utf8(&rtc.data) {
                        Ok(data) => call.signal_from_rtcd(&rtc.session_id, data),
                        Err(error) => tracing::warn!(%error, "rtcd sent a signal that is no text"),
                    },
                    RtcKind::VOICE_ON => call.voice(&rtc.session_id, true),
                    RtcKind::VOICE_OFF => call.voice(&rtc.session_id, false),
                    other => tracing::debug!(kind = other.0, "rtcd sent something new"),
                };
                calls.rooms.tell_surely(&channel_id, turn).await;
            }
            Said::Message(other) => tracing::debug!(kind = other.kind(), "rtcd sent something new"),
        }
    }
}

/// Compares every call with what rtcd knows of it.
async fn compare(calls: Calls, lost_at: i64) {
    for channel_id in calls.rooms.channels() {
        let Some(call_id) = calls.rooms.with(&channel_id, |call, _| call.id.clone()).await else { continue };
        match calls.rtcd.sessions(&call_id).await {
            Ok(sessions) => {
                let known: Vec<String> = sessions.into_iter().map(|s| s.session_id).collect();
                let turn = move |call: &mut crate::call::Call, now| call.reconcile(&known, lost_at, now);
                calls.rooms.tell_surely(&channel_id, turn).await;
            }
            // A next connection asks again; until then everybody stays.
            Err(reason) => tracing::warn!(reason, call_id, "rtcd could not be asked who is in a call"),
        }
    }
}
