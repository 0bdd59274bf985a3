//! Reading a span of time of a channel.

use super::{Ours, begin_in_direct};
use crate::task::{Analysis, Task};
use axum::extract::{Path, State};
use axum::{Extension, Json};
use chat::roles::Permission;
use chat::{Actor, Error, Result, Site, channels};
use serde::{Deserialize, Serialize};

/// Longest span, milliseconds.
const MAX_SPAN_MS: i64 = 14 * 24 * 3600 * 1000;

/// Body of POST /channel/{id}/interval. Times are epoch milliseconds; `end_time` 0 is now.
#[derive(Deserialize)]
pub struct Interval {
    start_time: i64,
    #[serde(default)]
    end_time: i64,
    preset_prompt: String,
}

/// Where the answer is being written.
#[derive(Serialize)]
pub struct Begun {
    #[serde(rename = "postID")]
    post_id: String,
    #[serde(rename = "channelId")]
    channel_id: String,
}

/// POST /channel/{id}/interval: in the direct channel.
pub async fn interval(
    State(site): State<Site>,
    actor: Actor,
    Extension(agent): Ours,
    Path(channel_id): Path<String>,
    Json(body): Json<Interval>,
) -> Result<Json<Begun>> {
    channels::access(&mut site.db.read().await?, &actor, &channel_id, Permission::READ_CHANNEL).await?;
    let (from_ms, to_ms) = span(&body, site.clock.now_ms())?;
    let unknown = "summarize_unreads, summarize_range, action_items and open_questions are known";
    let analysis =
        Analysis::from_wire(&body.preset_prompt).ok_or_else(|| Error::invalid_body("preset_prompt", unknown))?;
    let task = Task::Channel { channel_id, from_ms, to_ms, asked_in: String::new(), analysis };
    let post = begin_in_direct(&agent, &actor, task).await?;
    Ok(Json(Begun { post_id: post.id, channel_id: post.channel_id }))
}

fn span(body: &Interval, now: i64) -> Result<(i64, i64)> {
    let to = if body.end_time == 0 { now } else { body.end_time };
    if body.start_time <= 0 || body.start_time > to {
        return Err(Error::invalid_body("start_time", "it must be a time before end_time"));
    }
    if to - body.start_time > MAX_SPAN_MS {
        return Err(Error::invalid_body("start_time", "at most 14 days can be read at once"));
    }
    Ok((body.start_time, to))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_has_a_start_an_end_and_a_limit() {
        let day = 24 * 3600 * 1000;
        let span = |start_time, end_time| {
            span(&Interval { start_time, end_time, preset_prompt: String::new() }, 100 * day).ok()
        };
        assert_eq!(span(90 * day, 0), Some((90 * day, 100 * day)));
        assert_eq!(span(90 * day, 91 * day), Some((90 * day, 91 * day)));
        assert_eq!(span(80 * day, 0), None, "longer than 14 days up to now");
        assert_eq!(span(80 * day, 95 * day), None);
        assert_eq!(span(91 * day, 90 * day), None);
        assert_eq!(span(0, 0), None);
    }
}
