//! Finding posts by a text they hold, in the channels of a team that the asker is in. Substrings are matched, so words
//! of languages without spaces are found; ranking and the full grammar of search terms are a later step.

use super::{store, with_metadata};
use crate::{Actor, Error, Result, Site, channels, teams};
use axum::Json;
use axum::extract::{Path, State};
use serde::Deserialize;
use wire::PostList;

/// Most results.
const MAX_RESULTS: i64 = 100;

/// Body of POST /teams/{id}/posts/search.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Terms {
    terms: String,
}

pub async fn search(
    State(site): State<Site>,
    actor: Actor,
    Path(team): Path<String>,
    Json(t): Json<Terms>,
) -> Result<Json<PostList>> {
    let terms = t.terms.trim().trim_matches('"').to_owned();
    if terms.is_empty() {
        return Err(Error::invalid_body("terms", "what shall be searched?"));
    }
    let mut conn = site.db.read().await?;
    teams::require_member(&mut conn, &actor, &team).await?;
    let mine = channels::of_user(&mut conn, &actor.user_id).await?;
    let readable: Vec<String> =
        mine.into_iter().filter(|c| c.team_id == team || c.team_id.is_empty()).map(|c| c.id).collect();
    let mut posts = store::search(&mut conn, &readable, &terms, MAX_RESULTS).await?;
    with_metadata(&mut conn, &mut posts).await?;
    let order = posts.iter().map(|p| p.id.clone()).collect();
    Ok(Json(PostList { order, posts: posts.into_iter().map(|p| (p.id.clone(), p)).collect(), ..PostList::default() }))
}
