//! The HTTP side of the sidebar.

use super::{favourites, rules, store};
use crate::Json;
use crate::users::me_or;
use crate::{Actor, Error, Result, Site, channels, teams};
use axum::Router;
use axum::extract::{Path, State};
use axum::routing::get;
use db::{Conn, Tx};
use std::collections::HashSet;
use wire::{Event, SidebarCategories, SidebarCategory, StatusOk};

/// Most own categories of a user in a team.
const MAX_CATEGORIES: usize = 200;
/// Favorites, channels and direct messages.
const BUILT_IN: usize = 3;

/// Routes of this domain.
pub fn router() -> Router<Site> {
    Router::new()
        .route("/users/{user_id}/teams/{team_id}/channels/categories", get(all).post(create).put(update_many))
        .route("/users/{user_id}/teams/{team_id}/channels/categories/order", get(order).put(set_order))
        .route(
            "/users/{user_id}/teams/{team_id}/channels/categories/{category_id}",
            get(one).put(update_one).delete(delete),
        )
}

/// Whose sidebar of which team, once it is clear that the actor may see it.
async fn whose(conn: &mut Conn, actor: &Actor, user: &str, team: &str) -> Result<String> {
    let user = me_or(actor, user)?;
    teams::require_member(conn, actor, team).await?;
    Ok(user)
}

/// A user's sidebar of a team.
///
/// # Errors
/// When the database fails.
pub async fn of_team(conn: &mut Conn, user: &str, team: &str) -> Result<SidebarCategories> {
    let stored = store::of_user(conn, user, team).await?;
    let placed = store::placed(conn, user, team).await?;
    let channels = channels::of_user(conn, user).await?;
    Ok(rules::assemble(user, team, stored, &placed, &channels))
}

fn missing() -> Error {
    Error::not_found("app.channel.sidebar_categories.app_error", "There is no such sidebar category.")
}

async fn all(
    State(site): State<Site>,
    actor: Actor,
    Path((user, team)): Path<(String, String)>,
) -> Result<Json<SidebarCategories>> {
    let mut conn = site.db.read().await?;
    let user = whose(&mut conn, &actor, &user, &team).await?;
    of_team(&mut conn, &user, &team).await.map(Json)
}

async fn one(
    State(site): State<Site>,
    actor: Actor,
    Path((user, team, id)): Path<(String, String, String)>,
) -> Result<Json<SidebarCategory>> {
    let mut conn = site.db.read().await?;
    let user = whose(&mut conn, &actor, &user, &team).await?;
    let all = of_team(&mut conn, &user, &team).await?;
    all.categories.into_iter().find(|c| c.id == id).map(Json).ok_or_else(missing)
}

async fn order(
    State(site): State<Site>,
    actor: Actor,
    Path((user, team)): Path<(String, String)>,
) -> Result<Json<Vec<String>>> {
    let mut conn = site.db.read().await?;
    let user = whose(&mut conn, &actor, &user, &team).await?;
    Ok(Json(of_team(&mut conn, &user, &team).await?.order))
}

/// A new category comes right after the favourites.
async fn create(
    State(site): State<Site>,
    actor: Actor,
    Path((user, team)): Path<(String, String)>,
    Json(new): Json<SidebarCategory>,
) -> Result<Json<SidebarCategory>> {
    let mut tx = site.db.write().await?;
    let user = whose(&mut tx, &actor, &user, &team).await?;
    if new.display_name.trim().is_empty() || new.display_name.chars().count() > 64 {
        return Err(Error::invalid_body("display_name", "1 to 64 characters are wanted"));
    }
    let before = of_team(&mut tx, &user, &team).await?;
    if before.categories.len() >= MAX_CATEGORIES {
        return Err(Error::invalid_body("category", &format!("there can be at most {MAX_CATEGORIES} categories")));
    }
    let blank = SidebarCategory {
        id: kit::id::new(),
        user_id: user.clone(),
        team_id: team.clone(),
        kind: "custom".into(),
        ..SidebarCategory::default()
    };
    let mine = own_channels(&mut tx, &user).await?;
    let made = rules::changed(&blank, &new, &mine);
    store::ensure_built_in(&mut tx, &user, &team).await?;
    store::insert(&mut tx, &made).await?;
    store::fill(&mut tx, &user, &team, &made.id, &made.channel_ids).await?;
    let mut ids = before.order.clone();
    let after_favourites = before.categories.iter().position(|c| c.kind == "favorites").map_or(0, |at| at + 1);
    ids.insert(after_favourites, made.id.clone());
    store::set_order(&mut tx, &user, &ids).await?;
    settle(&site, &mut tx, &user, &team, &before).await?;
    let event = Event::new("sidebar_category_created").with("category_id", made.id.as_str());
    site.emit(&mut tx, event.to_team(&team).to_user(&user).omitting_connection(&actor.connection_id));
    let after = of_team(&mut tx, &user, &team).await?;
    tx.commit().await?;
    after.categories.into_iter().find(|c| c.id == made.id).map(Json).ok_or_else(missing)
}

async fn own_channels(conn: &mut Conn, user: &str) -> Result<HashSet<String>> {
    Ok(channels::ids_of(conn, user).await?.into_iter().collect())
}

/// What follows from a changed sidebar: favourites as preferences, muted channels.
async fn settle(site: &Site, tx: &mut Tx, user: &str, team: &str, before: &SidebarCategories) -> Result<()> {
    let after = of_team(tx, user, team).await?;
    favourites::follow_categories(site, tx, user, &before.categories, &after.categories).await?;
    for (channel, muted) in rules::muting(&before.categories, &after.categories) {
        channels::set_muted(site, tx, &channel, user, muted).await?;
    }
    Ok(())
}

async fn update(
    site: &Site,
    actor: &Actor,
    user: &str,
    team: &str,
    wanted: Vec<SidebarCategory>,
) -> Result<Vec<SidebarCategory>> {
    if wanted.len() > MAX_CATEGORIES + BUILT_IN {
        return Err(Error::invalid_body("categories", "too many at once"));
    }
    let mut tx = site.db.write().await?;
    let user = whose(&mut tx, actor, user, team).await?;
    let before = of_team(&mut tx, &user, team).await?;
    let mine = own_channels(&mut tx, &user).await?;
    store::ensure_built_in(&mut tx, &user, team).await?;
    let mut ids = Vec::new();
    for category in wanted {
        let current = before.categories.iter().find(|c| c.id == category.id).ok_or_else(missing)?;
        let next = rules::changed(current, &category, &mine);
        store::update(&mut tx, &next).await?;
        store::fill(&mut tx, &user, team, &next.id, &next.channel_ids).await?;
        ids.push(next.id);
    }
    settle(site, &mut tx, &user, team, &before).await?;
    let after = of_team(&mut tx, &user, team).await?;
    let updated: Vec<SidebarCategory> = after.categories.into_iter().filter(|c| ids.contains(&c.id)).collect();
    let event = Event::new("sidebar_category_updated").with_encoded("updatedCategories", &updated);
    site.emit(&mut tx, event.to_team(team).to_user(&user).omitting_connection(&actor.connection_id));
    tx.commit().await?;
    Ok(updated)
}

async fn update_many(
    State(site): State<Site>,
    actor: Actor,
    Path((user, team)): Path<(String, String)>,
    Json(wanted): Json<Vec<SidebarCategory>>,
) -> Result<Json<Vec<SidebarCategory>>> {
    update(&site, &actor, &user, &team, wanted).await.map(Json)
}

async fn update_one(
    State(site): State<Site>,
    actor: Actor,
    Path((user, team, id)): Path<(String, String, String)>,
    Json(mut wanted): Json<SidebarCategory>,
) -> Result<Json<SidebarCategory>> {
    wanted.id = id;
    let mut updated = update(&site, &actor, &user, &team, vec![wanted]).await?;
    updated.pop().map(Json).ok_or_else(missing)
}

async fn set_order(
    State(site): State<Site>,
    actor: Actor,
    Path((user, team)): Path<(String, String)>,
    Json(ids): Json<Vec<String>>,
) -> Result<Json<Vec<String>>> {
    let mut tx = site.db.write().await?;
    let user = whose(&mut tx, &actor, &user, &team).await?;
    let known: HashSet<String> = of_team(&mut tx, &user, &team).await?.order.into_iter().collect();
    if ids.len() != known.len() || ids.iter().cloned().collect::<HashSet<_>>() != known {
        return Err(Error::invalid_body("order", "the ids of all categories are wanted, each once"));
    }
    store::ensure_built_in(&mut tx, &user, &team).await?;
    store::set_order(&mut tx, &user, &ids).await?;
    let event = Event::new("sidebar_category_order_updated").with("order", ids.clone());
    site.emit(&mut tx, event.to_team(&team).to_user(&user).omitting_connection(&actor.connection_id));
    tx.commit().await?;
    Ok(Json(ids))
}

async fn delete(
    State(site): State<Site>,
    actor: Actor,
    Path((user, team, id)): Path<(String, String, String)>,
) -> Result<Json<StatusOk>> {
    let mut tx = site.db.write().await?;
    let user = whose(&mut tx, &actor, &user, &team).await?;
    let before = of_team(&mut tx, &user, &team).await?;
    let category = before.categories.iter().find(|c| c.id == id).ok_or_else(missing)?;
    if category.kind != "custom" {
        return Err(Error::invalid(
            "app.channel.sidebar_categories.app_error",
            "A built-in category cannot be deleted.",
        ));
    }
    store::delete(&mut tx, &user, &team, &id).await?;
    settle(&site, &mut tx, &user, &team, &before).await?;
    let event = Event::new("sidebar_category_deleted").with("category_id", id);
    site.emit(&mut tx, event.to_team(&team).to_user(&user).omitting_connection(&actor.connection_id));
    tx.commit().await?;
    Ok(Json(StatusOk::default()))
}
