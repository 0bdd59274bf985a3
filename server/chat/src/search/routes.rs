//! The HTTP side of searching.

use super::find::{Search, find};
use super::grammar;
use super::scope::{Terms, resolve};
use super::store::Subject;
use crate::Json;
use crate::paging;
use crate::{Actor, Error, Result, Site, files, posts, teams};
use axum::Router;
use axum::extract::{FromRequest, Multipart, Path, Request, State};
use axum::http::header;
use axum::routing::post;
use db::Conn;
use wire::{FileInfoList, PostList, PostSearch};

/// Routes of this domain.
pub fn router() -> Router<Site> {
    Router::new()
        .route("/posts/search", post(all_posts))
        .route("/teams/{team_id}/posts/search", post(team_posts))
        .route("/files/search", post(all_files))
        .route("/teams/{team_id}/files/search", post(team_files))
}

async fn all_posts(State(site): State<Site>, actor: Actor, Json(terms): Json<Terms>) -> Result<Json<PostSearch>> {
    find_posts(&site, &actor, None, &terms).await
}

async fn team_posts(
    State(site): State<Site>,
    actor: Actor,
    Path(team): Path<String>,
    Json(terms): Json<Terms>,
) -> Result<Json<PostSearch>> {
    find_posts(&site, &actor, Some(&team), &terms).await
}

fn parse(terms: &Terms) -> Result<grammar::Query> {
    let query = grammar::parse(&terms.terms)?;
    if query.is_empty() {
        return Err(Error::invalid_body("terms", "what shall be searched?"));
    }
    Ok(query)
}

/// Ids of one page, newest first.
async fn page(
    site: &Site,
    conn: &mut Conn,
    actor: &Actor,
    team: Option<&str>,
    terms: &Terms,
    subject: Subject,
) -> Result<Vec<String>> {
    let query = parse(terms)?;
    if let Some(team) = team {
        teams::require_member(conn, actor, team).await?;
    }
    let scope = resolve(conn, actor, team, terms, &query).await?;
    let (limit, offset) = paging::limits(terms.page, terms.per_page);
    let search = Search { subject, query: &query, scope: &scope, newest: offset.saturating_add(limit) };
    let found = find(conn, site.db.engine(), &search).await?;
    let skipped = usize::try_from(offset).unwrap_or(usize::MAX);
    Ok(found.into_iter().skip(skipped).map(|hit| hit.id).collect())
}

async fn find_posts(site: &Site, actor: &Actor, team: Option<&str>, terms: &Terms) -> Result<Json<PostSearch>> {
    let mut conn = site.db.read().await?;
    let ids = page(site, &mut conn, actor, team, terms, Subject::Posts).await?;
    // They come in another order, and one may have been deleted meanwhile.
    let mut found = posts::roots(&mut conn, &ids, false).await?;
    found.sort_by_cached_key(|post| ids.iter().position(|id| *id == post.id));
    posts::with_metadata(site, &mut conn, &mut found).await?;
    posts::with_permalinks(site, &mut conn, actor, &mut found).await?;
    posts::with_following(&mut conn, &actor.user_id, &mut found).await?;
    let order = found.iter().map(|p| p.id.clone()).collect();
    let posts = found.into_iter().map(|p| (p.id.clone(), p)).collect();
    Ok(Json(PostSearch { list: PostList { order, posts, ..PostList::default() }, matches: None }))
}

async fn all_files(State(site): State<Site>, actor: Actor, request: Request) -> Result<Json<FileInfoList>> {
    find_files(&site, &actor, None, &form_or_json(&site, request).await?).await
}

async fn team_files(
    State(site): State<Site>,
    actor: Actor,
    Path(team): Path<String>,
    request: Request,
) -> Result<Json<FileInfoList>> {
    find_files(&site, &actor, Some(&team), &form_or_json(&site, request).await?).await
}

/// Official clients send JSON; the published description says a form.
async fn form_or_json(site: &Site, request: Request) -> Result<Terms> {
    let form = request.headers().get(header::CONTENT_TYPE).is_some_and(|t| t.as_bytes().starts_with(b"multipart/"));
    if !form {
        let parsed = Json::<Terms>::from_request(request, site).await;
        return parsed.map(|Json(t)| t);
    }
    let broken = |e: axum::extract::multipart::MultipartError| Error::invalid_body("multipart", &e.body_text());
    let form = Multipart::from_request(request, site).await;
    let mut form = form.map_err(|e| Error::invalid_body("multipart", &e.body_text()))?;
    let mut terms = Terms::default();
    while let Some(field) = form.next_field().await.map_err(broken)? {
        let name = field.name().unwrap_or_default().to_owned();
        let value = field.text().await.map_err(broken)?;
        match name.as_str() {
            "terms" => terms.terms = value,
            "is_or_search" => terms.is_or_search = value == "true",
            "include_deleted_channels" => terms.include_deleted_channels = value == "true",
            "time_zone_offset" => terms.time_zone_offset = value.parse().unwrap_or(0),
            "page" => terms.page = value.parse().unwrap_or(0),
            "per_page" => terms.per_page = value.parse().ok(),
            _ => {}
        }
    }
    Ok(terms)
}

async fn find_files(site: &Site, actor: &Actor, team: Option<&str>, terms: &Terms) -> Result<Json<FileInfoList>> {
    let mut conn = site.db.read().await?;
    let ids = page(site, &mut conn, actor, team, terms, Subject::Files).await?;
    let mut found = files::of_ids(&mut conn, &ids).await?;
    found.sort_by_cached_key(|file| ids.iter().position(|id| *id == file.id));
    Ok(Json(FileInfoList {
        order: found.iter().map(|f| f.id.clone()).collect(),
        file_infos: found.into_iter().map(|f| (f.id.clone(), f)).collect(),
        ..FileInfoList::default()
    }))
}
