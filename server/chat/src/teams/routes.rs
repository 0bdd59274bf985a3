//! The HTTP side of teams themselves.

use super::{by_invite, icon, join, missing, require, require_member, store};
use crate::Json;
use crate::paging::Page;
use crate::roles::Permission;
use crate::{Actor, Error, Result, Site, channels, erasing, groups, users};
use axum::Router;
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::http::StatusCode;
use axum::routing::{get, post, put};
use serde::Deserialize;
use serde_json::{Value, json};
use wire::{Channel, Event, Exists, StatusOk, Team, TeamPatch};

/// Routes of this domain.
pub fn router() -> Router<Site> {
    Router::new()
        .route("/teams", get(open).post(create))
        .route("/teams/search", post(search))
        .route("/teams/invite/{invite_id}", get(invite_info))
        .route("/teams/name/{name}", get(by_name))
        .route("/teams/name/{name}/exists", get(exists))
        .route("/teams/{team_id}", get(one).put(replace).delete(archive))
        .route("/teams/{team_id}/patch", put(patch))
        .route("/teams/{team_id}/privacy", put(privacy))
        .route("/teams/{team_id}/restore", post(restore))
        .route("/teams/{team_id}/regenerate_invite_id", post(regenerate_invite))
        .route(
            "/teams/{team_id}/image",
            // The settings bound a picture, not the length of a JSON body.
            get(icon::image).post(icon::upload).delete(icon::delete).layer(DefaultBodyLimit::disable()),
        )
}

/// What GET /teams has besides the page.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Total {
    /// The answer says how many there are.
    include_total_count: bool,
    /// Archived teams too, for administrators of the system.
    include_deleted: bool,
}

/// 403 for who may list no teams; whether private ones are listed too.
fn lists_private(actor: &Actor) -> Result<bool> {
    let private = actor.may(Permission::LIST_PRIVATE_TEAMS);
    if !private && !actor.may(Permission::LIST_PUBLIC_TEAMS) {
        let message = "You do not have permission to list the teams of this site.";
        return Err(Error::new(
            crate::error::Kind::Forbidden,
            "api.team.get_all_teams.insufficient_permissions",
            message,
        ));
    }
    Ok(private)
}

/// 403 unless the actor is in the team, or the team is listed for everybody and the actor sees such lists.
async fn require_listed(conn: &mut db::Conn, actor: &Actor, team: &Team) -> Result<()> {
    if team.allow_open_invite && actor.may(Permission::LIST_PUBLIC_TEAMS) {
        return Ok(());
    }
    require_member(conn, actor, &team.id).await
}

/// The invite id is shown to those who may invite.
pub(super) async fn seen(conn: &mut db::Conn, actor: &Actor, mut team: Team) -> Result<Team> {
    if require(conn, actor, &team.id, Permission::INVITE_USER).await.is_err() {
        team.invite_id = String::new();
    }
    Ok(team)
}

/// The teams that the actor could see in a list: open ones, and all for an administrator.
async fn open(
    State(site): State<Site>,
    actor: Actor,
    Query(page): Query<Page>,
    Query(q): Query<Total>,
) -> Result<Json<Value>> {
    let private = lists_private(&actor)?;
    let (limit, offset) = page.limits();
    let wanted = store::Wanted { private, archived: q.include_deleted && actor.is_system_admin(), term: "" };
    let mut conn = site.db.read().await?;
    let (found, total) = store::listed(&mut conn, wanted, limit, offset).await?;
    let teams = all_seen(&mut conn, &actor, found).await?;
    Ok(Json(if q.include_total_count { json!({"teams": teams, "total_count": total}) } else { json!(teams) }))
}

async fn all_seen(conn: &mut db::Conn, actor: &Actor, teams: Vec<Team>) -> Result<Vec<Team>> {
    let mut out = Vec::with_capacity(teams.len());
    for team in teams {
        out.push(seen(conn, actor, team).await?);
    }
    Ok(out)
}

/// Body of POST /teams/search.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Search {
    term: String,
    page: Option<i64>,
    per_page: Option<i64>,
}

/// By a part of the name; with paging the answer is `{teams, total_count}`.
async fn search(State(site): State<Site>, actor: Actor, Json(s): Json<Search>) -> Result<Json<Value>> {
    let limit = s.per_page.unwrap_or(200).clamp(1, 200);
    let offset = s.page.unwrap_or(0).max(0).saturating_mul(limit);
    let wanted = store::Wanted { private: lists_private(&actor)?, archived: false, term: &s.term };
    let mut conn = site.db.read().await?;
    let (found, total) = store::listed(&mut conn, wanted, limit, offset).await?;
    let teams = all_seen(&mut conn, &actor, found).await?;
    let paged = s.page.is_some() && s.per_page.is_some();
    Ok(Json(if paged { json!({"teams": teams, "total_count": total}) } else { json!(teams) }))
}

/// Loads a team that the actor manages.
pub(super) async fn managed(conn: &mut db::Conn, actor: &Actor, id: &str) -> Result<Team> {
    require(conn, actor, id, Permission::MANAGE_TEAM).await?;
    store::get(conn, id).await?.ok_or_else(missing)
}

pub(super) async fn save(site: &Site, mut tx: db::Tx, mut team: Team, event: &str) -> Result<Team> {
    team.update_at = site.clock.now_ms();
    store::update(&mut tx, &team).await?;
    let shown = Team { invite_id: String::new(), ..team.clone() };
    site.emit(&mut tx, Event::new(event).with_encoded("team", &shown).to_team(&team.id));
    tx.commit().await?;
    Ok(team)
}

/// Body of PUT /teams/{id}/privacy.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Privacy {
    privacy: String,
}

/// `O`: everybody may join; `I`: by invitation.
async fn privacy(
    State(site): State<Site>,
    actor: Actor,
    Path(id): Path<String>,
    Json(p): Json<Privacy>,
) -> Result<Json<Team>> {
    let mut tx = site.db.write().await?;
    let mut team = managed(&mut tx, &actor, &id).await?;
    team.allow_open_invite = match p.privacy.as_str() {
        "O" => true,
        "I" => false,
        _ => return Err(Error::invalid_body("privacy", "O or I is wanted")),
    };
    team.kind = p.privacy;
    save(&site, tx, team, "update_team").await.map(Json)
}

/// Every link that was given out stops working.
async fn regenerate_invite(State(site): State<Site>, actor: Actor, Path(id): Path<String>) -> Result<Json<Team>> {
    let mut tx = site.db.write().await?;
    let mut team = managed(&mut tx, &actor, &id).await?;
    team.invite_id = kit::id::new();
    save(&site, tx, team, "update_team").await.map(Json)
}

/// An archived team and its channels are kept and can be restored.
async fn archive(
    State(site): State<Site>,
    actor: Actor,
    Path(id): Path<String>,
    Query(q): Query<erasing::Q>,
) -> Result<Json<StatusOk>> {
    if erasing::asked(&site, &actor, q, erasing::Thing::Team, &id).await? {
        return Ok(Json(StatusOk::default()));
    }
    let mut tx = site.db.write().await?;
    let mut team = managed(&mut tx, &actor, &id).await?;
    team.delete_at = site.clock.now_ms();
    save(&site, tx, team, "delete_team").await?;
    Ok(Json(StatusOk::default()))
}

async fn restore(State(site): State<Site>, actor: Actor, Path(id): Path<String>) -> Result<Json<Team>> {
    let mut tx = site.db.write().await?;
    let mut team = managed(&mut tx, &actor, &id).await?;
    team.delete_at = 0;
    save(&site, tx, team, "restore_team").await.map(Json)
}

async fn create(State(site): State<Site>, actor: Actor, Json(new): Json<Team>) -> Result<(StatusCode, Json<Team>)> {
    actor.require(Permission::CREATE_TEAM)?;
    let shape = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if !(2..=64).contains(&new.name.len()) || !new.name.chars().all(shape) {
        let message = "The team URL must be 2 to 64 lowercase letters, digits or dashes.";
        return Err(Error::invalid("model.team.is_valid.characters.app_error", message));
    }
    if new.display_name.trim().is_empty() || new.display_name.chars().count() > 64 {
        return Err(Error::invalid("model.team.is_valid.name.app_error", "The team name must be 1 to 64 characters."));
    }
    let now = site.clock.now_ms();
    let team = Team {
        id: kit::id::new(),
        create_at: now,
        update_at: now,
        kind: if new.kind == "I" { "I" } else { "O" }.into(),
        invite_id: kit::id::new(),
        display_name: new.display_name.trim().into(),
        ..Team {
            name: new.name,
            description: new.description,
            allow_open_invite: new.allow_open_invite,
            ..Team::default()
        }
    };
    let mut tx = site.db.write().await?;
    if store::by_name(&mut tx, &team.name).await?.is_some() {
        return Err(Error::invalid("app.team.save.existing.app_error", "A team with that name already exists."));
    }
    store::insert(&mut tx, &team).await?;
    for (name, display_name) in [("town-square", "Town Square"), ("off-topic", "Off-Topic")] {
        let channel = Channel {
            team_id: team.id.clone(),
            kind: "O".into(),
            name: name.into(),
            display_name: display_name.into(),
            ..channels::blank(now)
        };
        channels::insert(&mut tx, &channel).await?;
    }
    let user = users::get(&mut tx, &actor.user_id).await?.ok_or_else(users::missing)?;
    join(&site, &mut tx, &team, &user, true, &user.id).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(team)))
}

async fn invite_info(State(site): State<Site>, Path(id): Path<String>) -> Result<Json<serde_json::Value>> {
    let team = by_invite(&mut site.db.read().await?, &id).await?;
    Ok(Json(
        json!({"id": team.id, "name": team.name, "display_name": team.display_name, "description": team.description}),
    ))
}

async fn by_name(State(site): State<Site>, actor: Actor, Path(name): Path<String>) -> Result<Json<Team>> {
    let mut conn = site.db.read().await?;
    let team = store::by_name(&mut conn, &name).await?.ok_or_else(missing)?;
    require_listed(&mut conn, &actor, &team).await?;
    seen(&mut conn, &actor, team).await.map(Json)
}

async fn exists(State(site): State<Site>, _: Actor, Path(name): Path<String>) -> Result<Json<Exists>> {
    let team = store::by_name(&mut site.db.read().await?, &name).await?;
    Ok(Json(Exists { exists: team.is_some(), is_archived: team.is_some_and(|t| t.delete_at != 0) }))
}

async fn one(State(site): State<Site>, actor: Actor, Path(id): Path<String>) -> Result<Json<Team>> {
    let mut conn = site.db.read().await?;
    let team = store::get(&mut conn, &id).await?.ok_or_else(missing)?;
    require_listed(&mut conn, &actor, &team).await?;
    seen(&mut conn, &actor, team).await.map(Json)
}

async fn patch(
    State(site): State<Site>,
    actor: Actor,
    Path(id): Path<String>,
    Json(p): Json<TeamPatch>,
) -> Result<Json<Team>> {
    let mut tx = site.db.write().await?;
    let mut team = managed(&mut tx, &actor, &id).await?;
    team.display_name = p.display_name.filter(|n| !n.trim().is_empty()).unwrap_or(team.display_name);
    team.description = p.description.unwrap_or(team.description);
    team.company_name = p.company_name.unwrap_or(team.company_name);
    team.allowed_domains = p.allowed_domains.unwrap_or(team.allowed_domains);
    team.allow_open_invite = p.allow_open_invite.unwrap_or(team.allow_open_invite);
    check_lengths(&team)?;
    let constrained = p.group_constrained.filter(|c| *c != team.group_constrained.unwrap_or(false));
    team.group_constrained = constrained.or(team.group_constrained);
    let team = save(&site, tx, team, "update_team").await?;
    if constrained == Some(true) {
        groups::settle(&site, "").await?;
    }
    Ok(Json(team))
}

/// PUT /teams/{id}: what is absent becomes empty.
async fn replace(
    State(site): State<Site>,
    actor: Actor,
    Path(id): Path<String>,
    Json(whole): Json<Team>,
) -> Result<Json<Team>> {
    if whole.id != id {
        return Err(Error::invalid_body("id", "the id of the address is wanted"));
    }
    let mut tx = site.db.write().await?;
    let team = Team {
        display_name: whole.display_name.trim().into(),
        description: whole.description,
        company_name: whole.company_name,
        allowed_domains: whole.allowed_domains,
        allow_open_invite: whole.allow_open_invite,
        ..managed(&mut tx, &actor, &id).await?
    };
    check_lengths(&team)?;
    save(&site, tx, team, "update_team").await.map(Json)
}

fn check_lengths(team: &Team) -> Result<()> {
    if team.display_name.trim().is_empty() || team.display_name.chars().count() > 64 {
        return Err(Error::invalid("model.team.is_valid.name.app_error", "The team name must be 1 to 64 characters."));
    }
    for (name, id, text, most) in [
        ("description", "description", &team.description, 255),
        ("company_name", "company", &team.company_name, 64),
        ("allowed_domains", "domains", &team.allowed_domains, 500),
    ] {
        if text.chars().count() > most {
            let message = format!("At most {most} characters are wanted for {name}.");
            return Err(Error::invalid(&format!("model.team.is_valid.{id}.app_error"), message));
        }
    }
    Ok(())
}
