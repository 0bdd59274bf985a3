//! Numbers for administrators.

use super::{Caller, failed, forbidden};
use crate::service::Calls;
use crate::store::{self, Past};
use crate::wording::utc;
use axum::Json;
use axum::extract::State;
use axum::response::Response;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const DAY_MS: i64 = 24 * 3600 * 1000;

/// GET /stats
pub async fn stats(State(calls): State<Calls>, Caller(actor): Caller) -> Result<Json<Value>, Response> {
    if !actor.is_system_admin() {
        return Err(forbidden());
    }
    let now = calls.site.clock.now_ms();
    let year = now - 365 * DAY_MS;
    let mut conn = calls.site.db.read().await.map_err(|e| failed(e.into()))?;
    let total = store::count(&mut conn).await.map_err(|e| failed(e.into()))?;
    let past = store::history(&mut conn, year).await.map_err(|e| failed(e.into()))?;
    let recordings = store::recordings(&mut conn, year).await.map_err(|e| failed(e.into()))?;
    drop(conn);
    let (mut active, mut sessions) = (0, 0);
    for channel in calls.rooms.channels() {
        if let Some(people) = calls.rooms.with(&channel, |call, _| call.people().count()).await {
            active += 1;
            sessions += people;
        }
    }
    let mut answer = of_the_past(&past, &recordings, now);
    answer["total_calls"] = total.into();
    answer["total_active_calls"] = active.into();
    answer["total_active_sessions"] = sessions.into();
    Ok(Json(answer))
}

fn of_the_past(past: &[Past], recordings: &[i64], now: i64) -> Value {
    let starts: Vec<i64> = past.iter().map(|p| p.start_at).collect();
    let mut kinds = BTreeMap::from([("D", 0), ("G", 0), ("O", 0), ("P", 0)]);
    for call in past {
        if let Some(count) = kinds.get_mut(call.channel_type.as_str()) {
            *count += 1;
        }
    }
    let over: Vec<&Past> = past.iter().filter(|p| p.end_at > 0).collect();
    let count = i64::try_from(over.len()).unwrap_or(i64::MAX).max(1);
    let seconds: i64 = over.iter().map(|p| (p.end_at - p.start_at) / 1000).sum();
    let people: i64 = over.iter().map(|p| i64::try_from(p.participants).unwrap_or(0)).sum();
    json!({
        "calls_by_day": by(&starts, now - 30 * DAY_MS, "%Y-%m-%d"), "calls_by_month": by(&starts, 0, "%Y-%m"),
        "calls_by_channel_type": kinds, "avg_duration": seconds / count, "avg_participants": people / count,
        "avg_video_duration": 0, "total_video_duration": 0, "total_video_calls": 0, "total_screen_share_calls": 0,
        "recording_jobs_by_day": by(recordings, now - 30 * DAY_MS, "%Y-%m-%d"),
        "recording_jobs_by_month": by(recordings, 0, "%Y-%m"),
    })
}

fn by(times: &[i64], since: i64, format: &str) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for at in times.iter().filter(|at| **at >= since) {
        *counts.entry(utc(*at, format)).or_default() += 1;
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_counted_by_day_month_and_kind_of_channel() {
        let now = 1_795_532_645_000;
        let call = |days: i64, kind: &str| Past {
            start_at: now - days * DAY_MS,
            end_at: now - days * DAY_MS + 60_000,
            participants: 3,
            channel_type: kind.into(),
        };
        let stats = of_the_past(&[call(0, "O"), call(0, "D"), call(40, "O")], &[now], now);
        assert_eq!(stats["calls_by_day"], json!({"2026-11-24": 2}));
        assert_eq!(stats["calls_by_month"], json!({"2026-10": 1, "2026-11": 2}));
        assert_eq!(stats["calls_by_channel_type"], json!({"D": 1, "G": 0, "O": 2, "P": 0}));
        assert_eq!((&stats["avg_duration"], &stats["avg_participants"]), (&json!(60), &json!(3)));
        assert_eq!(of_the_past(&[], &[], now)["avg_duration"], 0);
    }
}
