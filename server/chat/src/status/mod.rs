//! Presence: what a user set by hand, or whether a socket is open and somebody is at it.

mod custom;
mod presence;

pub use presence::{Presence, active, do_due, idle, run};

use crate::Json;
use crate::users::{self, me_or};
use crate::{Actor, Error, Result, Site};
use axum::Router;
use axum::extract::{Path, State};
use axum::routing::{delete, get, post, put};
use db::{Conn, Row, Sql, Tx, params};
use wire::{Event, Status};

/// Connections up to which a status is told to others than the user.
const TOLD_TO_ALL: usize = 1000;

const BY_IDS: Sql =
    Sql::new("SELECT user_id, status, manual, last_activity_at, dnd_end_time FROM statuses WHERE user_id IN LIST($1)");
const UPSERT: Sql = Sql::new(
    "INSERT INTO statuses (user_id, status, manual, last_activity_at, dnd_end_time) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (user_id) DO UPDATE SET status = excluded.status, manual = excluded.manual,
     last_activity_at = excluded.last_activity_at, dnd_end_time = excluded.dnd_end_time",
);

pub(crate) fn row(row: Row) -> db::Result<Status> {
    let mut r = row.read();
    Ok(Status {
        user_id: r.get()?,
        status: r.get()?,
        manual: r.get()?,
        last_activity_at: r.get()?,
        dnd_end_time: r.get()?,
        ..Status::default()
    })
}

/// What is shown of each user: a status set by hand stays; otherwise an open socket is online.
///
/// # Errors
/// When the database fails.
pub async fn of(site: &Site, conn: &mut Conn, ids: &[String]) -> Result<Vec<Status>> {
    let stored = conn.fetch(&BY_IDS, params![ids], row).await?;
    let now = site.clock.now_ms();
    let shown = |id: &String| {
        let mut status = stored.iter().find(|s| s.user_id == *id).cloned().unwrap_or_default();
        status.user_id.clone_from(id);
        let ended =
            status.status == "dnd" && status.dnd_end_time != 0 && status.dnd_end_time.saturating_mul(1000) < now;
        if !status.manual || ended || status.status.is_empty() {
            status.manual = false;
            let connected = site.hub.is_connected(id);
            let activity = site.presence.of(id).filter(|_| connected);
            let away = activity.is_some_and(|(_, away)| away);
            status.status = if away {
                "away"
            } else if connected {
                "online"
            } else {
                "offline"
            }
            .into();
            status.last_activity_at = status.last_activity_at.max(activity.map_or(0, |(at, _)| at));
        }
        if ended {
            status.dnd_end_time = 0;
        }
        status
    };
    Ok(ids.iter().map(shown).collect())
}

/// Tells how a user who came or went is shown now; one who does not want to be disturbed stays so.
///
/// # Errors
/// When the database fails.
pub async fn announce(site: &Site, user_id: &str) -> Result<()> {
    let mut conn = site.db.read().await?;
    for status in of(site, &mut conn, &[user_id.to_owned()]).await? {
        let event = changed(site, &mut conn, &status).await?;
        site.hub.publish(event);
    }
    Ok(())
}

/// `status_change` for everybody who sees the user. When many are connected only for the user, as upstream always does:
/// clients ask for the statuses they show, and a thousand who come back at once must not tell a thousand each.
async fn changed(site: &Site, conn: &mut Conn, status: &Status) -> Result<Event> {
    let event =
        Event::new("status_change").with("status", status.status.as_str()).with("user_id", status.user_id.as_str());
    if site.hub.count("").0 > TOLD_TO_ALL {
        return Ok(event.to_user(&status.user_id));
    }
    Ok(event.seen_by(users::sight::guests_who_see(site, conn, &status.user_id).await?))
}

/// Routes of this domain.
pub fn router() -> Router<Site> {
    Router::new()
        .route("/users/status/ids", post(many))
        .route("/users/{user_id}/status", get(one).put(set))
        .route("/users/{user_id}/status/custom", put(custom::set).delete(custom::clear))
        .route("/users/{user_id}/status/custom/recent", delete(custom::forget))
        .route("/users/{user_id}/status/custom/recent/delete", post(custom::forget))
}

async fn one(State(site): State<Site>, actor: Actor, Path(id): Path<String>) -> Result<Json<Status>> {
    let id = if id == "me" { actor.user_id } else { id };
    let mut all = of(&site, &mut site.db.read().await?, &[id]).await?;
    Ok(Json(all.pop().unwrap_or_default()))
}

async fn many(State(site): State<Site>, _: Actor, Json(ids): Json<Vec<String>>) -> Result<Json<Vec<Status>>> {
    if ids.len() > 1000 {
        return Err(Error::invalid_body("ids", "at most 1000 at once"));
    }
    Ok(Json(of(&site, &mut site.db.read().await?, &ids).await?))
}

async fn set(
    State(site): State<Site>,
    actor: Actor,
    Path(id): Path<String>,
    Json(mut status): Json<Status>,
) -> Result<Json<Status>> {
    status.user_id = me_or(&actor, &id)?;
    store(&site, status).await.map(Json)
}

async fn store_row(tx: &mut Tx, s: &Status) -> Result<()> {
    tx.execute(&UPSERT, params![&s.user_id, &s.status, s.manual, s.last_activity_at, s.dnd_end_time]).await?;
    Ok(())
}

/// Sets a status by hand and tells everybody.
///
/// # Errors
/// 400 for a word that is no status.
pub async fn store(site: &Site, mut status: Status) -> Result<Status> {
    if !["online", "away", "dnd", "offline"].contains(&status.status.as_str()) {
        return Err(Error::invalid_body("status", "online, away, dnd or offline"));
    }
    status.manual = status.status != "online";
    status.last_activity_at = site.clock.now_ms();
    let mut tx = site.db.write().await?;
    store_row(&mut tx, &status).await?;
    let event = changed(site, &mut tx, &status).await?;
    site.emit(&mut tx, event);
    tx.commit().await?;
    Ok(status)
}
