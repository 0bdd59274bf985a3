//! GET /analytics/old.

use super::store::{self, Daily};
use axum::Router;
use axum::extract::{Query, State};
use axum::routing::get;
use chat::{Actor, Error, Json, Result, Site};
use operations::access::require;
use serde::{Deserialize, Serialize};

/// Days that the numbers by day go back.
const DAYS: i64 = 31;

/// Routes of this domain.
pub fn router() -> Router<Site> {
    Router::new().route("/analytics/old", get(read))
}

/// Which numbers, and of which team; empty: of the site.
#[derive(Debug, Deserialize)]
#[serde(default)]
struct Q {
    name: String,
    team_id: String,
}

impl Default for Q {
    fn default() -> Self {
        Self { name: "standard".into(), team_id: String::new() }
    }
}

/// One number.
#[derive(Debug, Serialize)]
struct Number {
    name: String,
    value: i64,
}

/// `2024-01-15` of days since 1970.
fn date(day: i64) -> String {
    let at = jiff::Timestamp::from_second(day.saturating_mul(86_400)).unwrap_or_default();
    at.strftime("%Y-%m-%d").to_string()
}

async fn read(State(site): State<Site>, actor: Actor, Query(q): Query<Q>) -> Result<Json<Vec<Number>>> {
    require(&actor, &["get_analytics", "manage_system"])?;
    if !q.team_id.is_empty() && !kit::id::is_valid(&q.team_id) {
        return Err(Error::invalid_param("team_id"));
    }
    let (now, mut conn) = (site.clock.now_ms(), site.db.read().await?);
    let daily = match q.name.as_str() {
        "standard" => {
            let mut all = store::counts(&mut conn, &q.team_id, now).await?;
            let sockets = i64::try_from(site.hub.count("").0).unwrap_or(i64::MAX);
            all.push(("total_websocket_connections", sockets));
            return Ok(named(all));
        }
        "extra_counts" => return Ok(named(store::extra(&mut conn, &q.team_id).await?)),
        "post_counts_day" => Daily::Posts,
        "bot_post_counts_day" => Daily::BotPosts,
        "user_counts_with_posts_day" => Daily::Writers,
        _ => return Err(Error::invalid_param("name")),
    };
    let days = store::daily(&mut conn, daily, &q.team_id, now, DAYS).await?;
    Ok(Json(days.into_iter().map(|(day, value)| Number { name: date(day), value }).collect()))
}

fn named(all: store::Counts) -> Json<Vec<Number>> {
    Json(all.into_iter().map(|(name, value)| Number { name: name.into(), value }).collect())
}
