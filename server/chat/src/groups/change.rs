//! Making, changing, archiving and restoring groups.

use super::{RESERVED, load, members, require, require_custom, store};
use crate::Json;
use crate::{Actor, Error, Result, Site, users};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use db::{Conn, Tx};
use serde::Deserialize;
use wire::{Event, Group, StatusOk};

fn check(group: &Group) -> Result<()> {
    let shape = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_' | '.');
    if !(1..=64).contains(&group.name.len()) || !group.name.chars().all(shape) {
        return Err(Error::invalid_body(
            "name",
            "1 to 64 lowercase letters, digits, dots, dashes or underscores are wanted",
        ));
    }
    if RESERVED.contains(&group.name.as_str()) {
        return Err(Error::invalid_body("name", "this word mentions everybody already"));
    }
    if group.display_name.trim().is_empty() || group.display_name.chars().count() > 128 {
        return Err(Error::invalid_body("display_name", "1 to 128 characters are wanted"));
    }
    if group.description.chars().count() > 1024 {
        return Err(Error::invalid_body("description", "at most 1024 characters are wanted"));
    }
    Ok(())
}

/// A name mentions one thing only.
async fn check_free(conn: &mut Conn, group: &Group) -> Result<()> {
    if store::by_name(conn, &group.name).await?.is_some_and(|g| g.id != group.id) {
        return Err(Error::invalid("app.custom_group.unique_name", "A group with that name already exists."));
    }
    if !users::by_usernames(conn, std::slice::from_ref(&group.name)).await?.is_empty() {
        return Err(Error::invalid("app.group.username_conflict", "A user has that name."));
    }
    Ok(())
}

pub(super) async fn say(site: &Site, tx: &mut Tx, mut group: Group) -> Result<Group> {
    let counts = store::counts(tx, std::slice::from_ref(&group.id)).await?;
    group.member_count = Some(counts.get(&group.id).copied().unwrap_or(0));
    site.emit(tx, Event::new("received_group").with_encoded("group", &group));
    Ok(group)
}

/// Body of POST /groups.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct New {
    name: String,
    display_name: String,
    description: String,
    source: String,
    allow_reference: bool,
    user_ids: Vec<String>,
}

/// POST /groups
pub async fn create(State(site): State<Site>, actor: Actor, Json(new): Json<New>) -> Result<(StatusCode, Json<Group>)> {
    require(&actor, "create_custom_group")?;
    if new.source != "custom" {
        return Err(Error::invalid_body("source", "only custom groups can be made"));
    }
    if !new.allow_reference {
        return Err(Error::invalid_body("allow_reference", "a custom group can always be mentioned"));
    }
    let now = site.clock.now_ms();
    let group = Group {
        id: kit::id::new(),
        name: new.name,
        display_name: new.display_name,
        description: new.description,
        source: new.source,
        allow_reference: true,
        create_at: now,
        update_at: now,
        ..Group::default()
    };
    check(&group)?;
    let mut tx = site.db.write().await?;
    check_free(&mut tx, &group).await?;
    store::insert(&mut tx, &group).await?;
    members::join(&site, &mut tx, &group.id, &new.user_ids).await?;
    let group = say(&site, &mut tx, group).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(group)))
}

/// Body of PUT /groups/{id}/patch.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Patch {
    name: Option<String>,
    display_name: Option<String>,
    description: Option<String>,
    allow_reference: Option<bool>,
}

/// PUT /groups/{id}/patch
pub async fn patch(
    State(site): State<Site>,
    actor: Actor,
    Path(id): Path<String>,
    Json(p): Json<Patch>,
) -> Result<Json<Group>> {
    let mut tx = site.db.write().await?;
    let old = load(&mut tx, &id).await?;
    let custom = old.source == super::CUSTOM;
    require(&actor, if custom { "edit_custom_group" } else { "sysconsole_write_user_management_groups" })?;
    if !custom && (p.display_name.is_some() || p.description.is_some()) {
        return Err(Error::invalid("app.group.crud_permission", "The directory says what this group is called."));
    }
    let group = Group {
        name: p.name.unwrap_or(old.name),
        display_name: p.display_name.unwrap_or(old.display_name),
        description: p.description.unwrap_or(old.description),
        allow_reference: p.allow_reference.unwrap_or(old.allow_reference),
        update_at: site.clock.now_ms(),
        ..old
    };
    check(&group)?;
    check_free(&mut tx, &group).await?;
    store::update(&mut tx, &group).await?;
    let group = say(&site, &mut tx, group).await?;
    tx.commit().await?;
    Ok(Json(group))
}

/// DELETE /groups/{id}: archived; its name stays taken.
pub async fn archive(State(site): State<Site>, actor: Actor, Path(id): Path<String>) -> Result<Json<StatusOk>> {
    require(&actor, "delete_custom_group")?;
    set_archived(&site, &id, true).await
}

/// POST /groups/{id}/restore
pub async fn restore(State(site): State<Site>, actor: Actor, Path(id): Path<String>) -> Result<Json<StatusOk>> {
    require(&actor, "restore_custom_group")?;
    set_archived(&site, &id, false).await
}

async fn set_archived(site: &Site, id: &str, archived: bool) -> Result<Json<StatusOk>> {
    let mut tx = site.db.write().await?;
    let now = site.clock.now_ms();
    let known = load(&mut tx, id).await?;
    require_custom(&known)?;
    let group = Group { delete_at: if archived { now } else { 0 }, update_at: now, ..known };
    store::update(&mut tx, &group).await?;
    say(site, &mut tx, group).await?;
    tx.commit().await?;
    Ok(Json(StatusOk::default()))
}
