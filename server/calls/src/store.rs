//! Every statement on `calls`, `calls_sessions`, `calls_jobs` and `calls_channels`.

use crate::call::{Call, Dirty, Job, JobKind, Rules, Session, Start};
use db::{Conn, Result, Row, Sql, Tx, params};
use serde_json::{Value, json};
use std::sync::Arc;

const SAVE_CALL: Sql = Sql::new(
    "INSERT INTO calls (id, channel_id, start_at, end_at, title, post_id, thread_id, owner_id, participants, props)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
     ON CONFLICT (id) DO UPDATE SET end_at = excluded.end_at, participants = excluded.participants, props = excluded.props",
);
const END: Sql = Sql::new("UPDATE calls SET end_at = $2 WHERE id = $1");
const SAVE_SESSION: Sql = Sql::new(
    "INSERT INTO calls_sessions (id, call_id, user_id, join_at, unmuted, raised_hand, video, job_id)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
     ON CONFLICT (id) DO UPDATE SET unmuted = excluded.unmuted, raised_hand = excluded.raised_hand, video = excluded.video",
);
const DELETE_SESSION: Sql = Sql::new("DELETE FROM calls_sessions WHERE id = $1");
const SAVE_JOB: Sql = Sql::new(
    "INSERT INTO calls_jobs (id, call_id, type, creator_id, init_at, start_at, end_at, props)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
     ON CONFLICT (id) DO UPDATE SET start_at = excluded.start_at, end_at = excluded.end_at, props = excluded.props",
);
const ACTIVE: Sql = Sql::new(
    "SELECT id, channel_id, start_at, title, post_id, thread_id, owner_id, participants, props FROM calls
     WHERE end_at = 0 ORDER BY start_at",
);
const SESSIONS: Sql = Sql::new(
    "SELECT id, user_id, join_at, unmuted, raised_hand, video, job_id FROM calls_sessions WHERE call_id = $1 ORDER BY join_at, id",
);
const JOBS: Sql = Sql::new(
    "SELECT id, type, creator_id, init_at, start_at, end_at, props FROM calls_jobs WHERE call_id = $1 ORDER BY init_at",
);
const PLACE_OF_JOB: Sql = Sql::new(
    "SELECT j.type, j.props, c.channel_id, c.post_id, c.thread_id, c.title FROM calls_jobs j JOIN calls c ON c.id = j.call_id
     WHERE j.id = $1",
);
const CHANNEL: Sql = Sql::new("SELECT enabled FROM calls_channels WHERE channel_id = $1");
const CHANNELS: Sql = Sql::new("SELECT channel_id, enabled FROM calls_channels WHERE channel_id IN LIST($1)");
const SET_CHANNEL: Sql = Sql::new(
    "INSERT INTO calls_channels (channel_id, enabled) VALUES ($1, $2) ON CONFLICT (channel_id) DO UPDATE SET enabled = excluded.enabled",
);
const COUNT: Sql = Sql::new("SELECT COUNT(*) FROM calls");
const HISTORY: Sql = Sql::new(
    "SELECT c.start_at, c.end_at, c.participants, COALESCE(h.type, '') FROM calls c LEFT JOIN channels h ON h.id = c.channel_id
     WHERE c.start_at >= $1",
);
const JOB_HISTORY: Sql = Sql::new("SELECT init_at FROM calls_jobs WHERE type = 'recording' AND init_at >= $1");

/// Stores what has changed.
pub async fn save(tx: &mut Tx, call: &Call, dirty: &Dirty) -> Result<()> {
    if dirty.call {
        let values = params![
            &call.id,
            &call.channel_id,
            call.start_at,
            call.end_at,
            &call.title,
            &call.post_id,
            &call.thread_id,
            &call.owner_id,
            json!(call.participants),
            props(call)
        ];
        tx.execute(&SAVE_CALL, values).await?;
    }
    for id in &dirty.sessions {
        match call.session(id) {
            Some(s) => {
                let values =
                    params![&s.id, &call.id, &s.user_id, s.join_at, s.unmuted, s.raised_hand, s.video, &s.job_id];
                tx.execute(&SAVE_SESSION, values).await?;
            }
            None => drop(tx.execute(&DELETE_SESSION, params![id]).await?),
        }
    }
    if dirty.jobs {
        for j in call.jobs() {
            let props = json!({"job_id": j.service_id, "err": j.err, "sibling": j.sibling});
            let values =
                params![&j.id, &call.id, j.kind.as_str(), &j.creator_id, j.init_at, j.start_at, j.end_at, props];
            tx.execute(&SAVE_JOB, values).await?;
        }
    }
    Ok(())
}

fn props(call: &Call) -> Value {
    json!({
        "hosts": [call.host_id], "host_locked_user_id": call.host_locked,
        "screen_sharing_session_id": call.screen_session, "dismissed_notification": call.dismissed,
    })
}

fn word(props: &Value, key: &str) -> String {
    props[key].as_str().unwrap_or_default().to_owned()
}

fn call_row(rules: &Arc<Rules>, row: Row) -> Result<Call> {
    let mut r = row.read();
    let (id, channel_id, start_at) = (r.get()?, r.get()?, r.get()?);
    let start = Start { id, channel_id, title: r.get()?, post_id: r.get()?, thread_id: r.get()?, owner_id: r.get()? };
    let mut call = Call::new(rules.clone(), start, start_at);
    call.participants = serde_json::from_value(r.get()?).unwrap_or_default();
    let props: Value = r.get()?;
    call.host_id = props["hosts"][0].as_str().unwrap_or_default().to_owned();
    call.host_locked = word(&props, "host_locked_user_id");
    call.screen_session = word(&props, "screen_sharing_session_id");
    call.dismissed = serde_json::from_value(props["dismissed_notification"].clone()).unwrap_or_default();
    Ok(call)
}

fn session_row(row: Row) -> Result<Session> {
    let mut r = row.read();
    Ok(Session {
        id: r.get()?,
        user_id: r.get()?,
        join_at: r.get()?,
        unmuted: r.get()?,
        raised_hand: r.get()?,
        video: r.get()?,
        job_id: r.get()?,
        ..Session::default()
    })
}

fn job_row(row: Row) -> Result<Job> {
    let mut r = row.read();
    let id = r.get()?;
    let kind: String = r.get()?;
    let mut job = Job {
        id,
        kind: JobKind::parse(&kind).unwrap_or_default(),
        creator_id: r.get()?,
        init_at: r.get()?,
        start_at: r.get()?,
        end_at: r.get()?,
        ..Job::default()
    };
    let props: Value = r.get()?;
    job.service_id = word(&props, "job_id");
    job.err = word(&props, "err");
    job.sibling = word(&props, "sibling");
    Ok(job)
}

/// Calls that had not ended when they were last stored, oldest first, as [`Call::restore`] wants them.
pub async fn active(conn: &mut Conn, rules: &Arc<Rules>) -> Result<Vec<Call>> {
    let mut calls = conn.fetch(&ACTIVE, params![], |row| call_row(rules, row)).await?;
    for call in &mut calls {
        call.sessions = conn.fetch(&SESSIONS, params![&call.id], session_row).await?;
        for job in conn.fetch(&JOBS, params![&call.id], job_row).await? {
            match job.kind {
                JobKind::Recording => call.recording = Some(job),
                JobKind::Transcribing => call.transcription = Some(job),
                JobKind::Captioning => call.captions = Some(job),
            }
        }
    }
    Ok(calls)
}

/// Ends a call that nothing else is known of.
pub async fn end(tx: &mut Tx, call_id: &str, now: i64) -> Result<()> {
    tx.execute(&END, params![call_id, now]).await?;
    Ok(())
}

/// Where a job's results belong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlaceOfJob {
    pub kind: JobKind,
    pub sibling: String,
    pub channel_id: String,
    pub post_id: String,
    pub thread_id: String,
    pub title: String,
}

/// The call of a job, over or not.
pub async fn place_of_job(conn: &mut Conn, job_id: &str) -> Result<Option<PlaceOfJob>> {
    let decode = |row: Row| {
        let mut r = row.read();
        let kind: String = r.get()?;
        let props: Value = r.get()?;
        Ok(PlaceOfJob {
            kind: JobKind::parse(&kind).unwrap_or_default(),
            sibling: word(&props, "sibling"),
            channel_id: r.get()?,
            post_id: r.get()?,
            thread_id: r.get()?,
            title: r.get()?,
        })
    };
    conn.fetch_optional(&PLACE_OF_JOB, params![job_id], decode).await
}

/// Whether calls were turned on or off in a channel; `None`: nobody has said.
pub async fn enabled(conn: &mut Conn, channel_id: &str) -> Result<Option<bool>> {
    conn.fetch_optional(&CHANNEL, params![channel_id], Row::only).await
}

/// The channels among `ids` where somebody has said.
pub async fn enabled_of(conn: &mut Conn, ids: &[String]) -> Result<Vec<(String, bool)>> {
    let decode = |row: Row| {
        let mut r = row.read();
        Ok((r.get()?, r.get()?))
    };
    conn.fetch(&CHANNELS, params![ids], decode).await
}

pub async fn set_enabled(tx: &mut Tx, channel_id: &str, enabled: bool) -> Result<()> {
    tx.execute(&SET_CHANNEL, params![channel_id, enabled]).await?;
    Ok(())
}

/// A call of the past, for statistics.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Past {
    pub start_at: i64,
    pub end_at: i64,
    pub participants: usize,
    pub channel_type: String,
}

/// How many calls there ever were.
pub async fn count(conn: &mut Conn) -> Result<i64> {
    Ok(conn.fetch_optional(&COUNT, params![], Row::only).await?.unwrap_or(0))
}

/// Calls since `ms`.
pub async fn history(conn: &mut Conn, ms: i64) -> Result<Vec<Past>> {
    let decode = |row: Row| {
        let mut r = row.read();
        let (start_at, end_at) = (r.get()?, r.get()?);
        let people: Value = r.get()?;
        Ok(Past { start_at, end_at, participants: people.as_array().map_or(0, Vec::len), channel_type: r.get()? })
    };
    conn.fetch(&HISTORY, params![ms], decode).await
}

/// When recordings were asked for, since `ms`.
pub async fn recordings(conn: &mut Conn, ms: i64) -> Result<Vec<i64>> {
    conn.fetch(&JOB_HISTORY, params![ms], Row::only).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::{Newcomer, Switch};
    use crate::config::Config;

    fn newcomer(name: &str) -> Newcomer {
        Newcomer { connection_id: format!("c-{name}"), user_id: name.into(), ..Newcomer::default() }
    }

    async fn save_all(tx: &mut Tx, call: &mut Call) {
        let (_, dirty) = call.take();
        save(tx, call, &dirty).await.unwrap();
    }

    #[tokio::test]
    async fn a_call_is_found_again_as_it_was() {
        for (engine, db) in db::testing::databases().await {
            db::migrate(&db, chat::schema::MIGRATIONS).await.unwrap();
            let rules = Arc::new(Rules::new(&Config::default(), "bot"));
            let start = Start {
                id: "call".into(),
                channel_id: "ch".into(),
                title: "Round".into(),
                post_id: "post".into(),
                thread_id: "root".into(),
                owner_id: "ana".into(),
            };
            let mut call = Call::new(rules.clone(), start, 1000);
            let mut tx = db.write().await.unwrap();
            for (name, at) in [("ana", 1000), ("bea", 1001), ("cid", 1002)] {
                call.join(&newcomer(name), at).unwrap();
                save_all(&mut tx, &mut call).await;
            }
            call.switch("c-bea", Switch::RaiseHand, 2000);
            call.switch("c-bea", Switch::Unmute, 2000);
            assert!(call.screen_on("c-ana", "{}"));
            call.dismiss("dan");
            call.leave("c-cid", 2500);
            let mut ids = ["rec", "tr", "cap"].map(str::to_owned).into_iter();
            call.start_recording("ana", &mut || ids.next().unwrap(), 3000).unwrap();
            call.job_created("rec", Ok("service".into()), 3001);
            save_all(&mut tx, &mut call).await;
            tx.commit().await.unwrap();

            let mut conn = db.read().await.unwrap();
            let found = active(&mut conn, &rules).await.unwrap();
            assert_eq!(found.len(), 1, "{engine}");
            assert_eq!(found[0].view("dan"), call.view("dan"), "{engine}");
            assert_eq!(found[0].participants, ["ana", "bea", "cid"], "{engine}");
            assert_eq!(found[0].recording, call.recording, "{engine}");
            let place = place_of_job(&mut conn, "tr").await.unwrap().unwrap();
            assert_eq!((place.kind, place.sibling.as_str()), (JobKind::Transcribing, "rec"), "{engine}");
            assert_eq!((place.thread_id.as_str(), place.title.as_str()), ("root", "Round"), "{engine}");
            assert_eq!(history(&mut conn, 0).await.unwrap()[0].participants, 3, "{engine}");
            assert_eq!(recordings(&mut conn, 0).await.unwrap(), [3000], "{engine}");
            drop(conn);

            let mut tx = db.write().await.unwrap();
            for name in ["c-ana", "c-bea"] {
                call.leave(name, 4000);
            }
            save_all(&mut tx, &mut call).await;
            set_enabled(&mut tx, "ch", true).await.unwrap();
            set_enabled(&mut tx, "ch", false).await.unwrap();
            assert!(active(&mut tx, &rules).await.unwrap().is_empty(), "{engine}: it is over");
            assert_eq!(enabled(&mut tx, "ch").await.unwrap(), Some(false), "{engine}");
            assert_eq!(enabled(&mut tx, "other").await.unwrap(), None, "{engine}");
            let of = enabled_of(&mut tx, &["ch".into(), "other".into()]).await.unwrap();
            assert_eq!(of, [("ch".to_owned(), false)], "{engine}");
            tx.commit().await.unwrap();
        }
    }
}
