//! The call as clients see it.

use super::{Audience, Call, Job};
use serde_json::{Value, json};

/// A job in the wire's names.
pub fn job_state(job: &Job) -> Value {
    let mut state = json!({
        "type": job.kind.as_str(), "init_at": job.init_at, "start_at": job.start_at, "end_at": job.end_at,
    });
    if !job.err.is_empty() {
        state["err"] = job.err.as_str().into();
    }
    state
}

impl Call {
    /// The whole state as `user_id` may see it: without the bot, and with nobody else's dismissal.
    pub fn view(&self, user_id: &str) -> Value {
        let sessions: Vec<Value> = self
            .people()
            .map(|s| {
                json!({
                    "session_id": s.id, "user_id": s.user_id, "unmuted": s.unmuted, "raised_hand": s.raised_hand,
                    "video": s.video,
                })
            })
            .collect();
        let mut state = json!({
            "id": self.id, "start_at": self.start_at, "sessions": sessions, "thread_id": self.thread_id,
            "post_id": self.post_id, "screen_sharing_session_id": self.screen_session, "owner_id": self.owner_id,
            "host_id": self.host_id,
        });
        let jobs =
            [("recording", &self.recording), ("transcription", &self.transcription), ("live_captions", &self.captions)];
        for (key, job) in jobs {
            if let Some(job) = job {
                state[key] = job_state(job);
            }
        }
        if self.dismissed.contains(user_id) {
            state["dismissed_notification"] = json!({user_id: true});
        }
        state
    }

    /// Tells the whole state.
    pub fn tell_state(&mut self, to: Audience, user_id: &str) {
        let call = self.view(user_id).to_string();
        self.tell(to, "call_state", json!({"channel_id": self.channel_id, "call": call}));
    }
}
