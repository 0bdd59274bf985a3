//! The HTTP side of profile attributes.

use super::{rules, store};
use crate::Json;
use crate::users::{self, me_or};
use crate::{Actor, Error, Result, Site, system};
use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, patch};
use db::Tx;
use serde::Deserialize;
use serde_json::{Value, json};
use wire::{Event, ProfileField, Props, StatusOk};

/// Under this name the installation keeps the id that all its fields share.
const GROUP: &str = "profile_attributes_group";

/// Routes of this domain.
pub fn router() -> Router<Site> {
    Router::new()
        .route("/custom_profile_attributes/fields", get(fields).post(create))
        .route("/custom_profile_attributes/fields/{field_id}", patch(change).delete(delete))
        .route("/custom_profile_attributes/values", patch(set_own))
        .route("/custom_profile_attributes/group", get(group))
        .route("/users/{user_id}/custom_profile_attributes", get(values).patch(set))
}

fn missing() -> Error {
    let message = "There is no such profile attribute.";
    Error::not_found("app.custom_profile_attributes.property_field_not_found.app_error", message)
}

fn require_admin(actor: &Actor) -> Result<()> {
    if actor.is_system_admin() { Ok(()) } else { Err(Error::forbidden()) }
}

/// The id that all fields share; made the first time.
async fn group_id(site: &Site) -> Result<String> {
    if let Some(id) = system::value(&mut site.db.read().await?, GROUP).await? {
        return Ok(id);
    }
    let mut tx = site.db.write().await?;
    if let Some(id) = system::value(&mut tx, GROUP).await? {
        return Ok(id);
    }
    let id = kit::id::new();
    system::set_value(&mut tx, GROUP, &id).await?;
    tx.commit().await?;
    Ok(id)
}

async fn group(State(site): State<Site>, _: Actor) -> Result<Json<Value>> {
    Ok(Json(json!({"id": group_id(&site).await?})))
}

async fn fields(State(site): State<Site>, _: Actor) -> Result<Json<Vec<ProfileField>>> {
    let group = group_id(&site).await?;
    let all = store::all(&mut site.db.read().await?).await?;
    Ok(Json(all.into_iter().map(|f| ProfileField { group_id: group.clone(), ..f }).collect()))
}

/// Body of making and changing a field.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Given {
    name: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    attrs: Option<Props>,
}

async fn create(
    State(site): State<Site>,
    actor: Actor,
    Json(new): Json<Given>,
) -> Result<(StatusCode, Json<ProfileField>)> {
    require_admin(&actor)?;
    let now = site.clock.now_ms();
    let mut field = ProfileField {
        id: kit::id::new(),
        group_id: group_id(&site).await?,
        name: new.name.unwrap_or_default(),
        kind: new.kind.unwrap_or_default(),
        attrs: new.attrs.unwrap_or_default(),
        create_at: now,
        update_at: now,
        ..ProfileField::default()
    };
    rules::check_field(&mut field)?;
    let mut tx = site.db.write().await?;
    if store::all(&mut tx).await?.len() >= rules::MAX_FIELDS {
        let message = format!("A site can have {} profile attributes.", rules::MAX_FIELDS);
        return Err(Error::invalid("app.custom_profile_attributes.limit_reached.app_error", message));
    }
    store::insert(&mut tx, &field).await?;
    site.emit(&mut tx, Event::new("custom_profile_attributes_field_created").with("field", json!(field)));
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(field)))
}

/// PATCH /custom_profile_attributes/fields/{id}: another kind of field forgets what was filled in.
async fn change(
    State(site): State<Site>,
    actor: Actor,
    Path(id): Path<String>,
    Json(new): Json<Given>,
) -> Result<Json<ProfileField>> {
    require_admin(&actor)?;
    let group_id = group_id(&site).await?;
    let mut tx = site.db.write().await?;
    let old = store::get(&mut tx, &id).await?.ok_or_else(missing)?;
    let mut field = ProfileField {
        group_id,
        name: new.name.unwrap_or_else(|| old.name.clone()),
        kind: new.kind.unwrap_or_else(|| old.kind.clone()),
        attrs: new.attrs.unwrap_or_else(|| old.attrs.clone()),
        update_at: site.clock.now_ms(),
        ..old.clone()
    };
    rules::check_field(&mut field)?;
    store::update(&mut tx, &field).await?;
    let emptied = field.kind != old.kind;
    if emptied {
        store::forget(&mut tx, &id).await?;
    }
    let event = Event::new("custom_profile_attributes_field_updated").with("field", json!(field));
    site.emit(&mut tx, event.with("delete_values", emptied));
    tx.commit().await?;
    Ok(Json(field))
}

async fn delete(State(site): State<Site>, actor: Actor, Path(id): Path<String>) -> Result<Json<StatusOk>> {
    require_admin(&actor)?;
    let mut tx = site.db.write().await?;
    store::get(&mut tx, &id).await?.ok_or_else(missing)?;
    store::delete(&mut tx, &id, site.clock.now_ms()).await?;
    site.emit(&mut tx, Event::new("custom_profile_attributes_field_deleted").with("field_id", id));
    tx.commit().await?;
    Ok(Json(StatusOk::default()))
}

async fn values(State(site): State<Site>, actor: Actor, Path(user): Path<String>) -> Result<Json<Props>> {
    let id = if user == "me" { actor.user_id } else { user };
    let mut conn = site.db.read().await?;
    users::get(&mut conn, &id).await?.ok_or_else(users::missing)?;
    Ok(Json(store::values(&mut conn, &id).await?))
}

/// PATCH /custom_profile_attributes/values: the actor's own.
async fn set_own(State(site): State<Site>, actor: Actor, Json(new): Json<Props>) -> Result<Json<Props>> {
    let id = actor.user_id.clone();
    write(&site, &actor, &id, new).await
}

/// PATCH /users/{id}/custom_profile_attributes: one's own, or anybody's by an administrator.
async fn set(
    State(site): State<Site>,
    actor: Actor,
    Path(user): Path<String>,
    Json(new): Json<Props>,
) -> Result<Json<Props>> {
    let id = me_or(&actor, &user)?;
    write(&site, &actor, &id, new).await
}

async fn write(site: &Site, actor: &Actor, user: &str, new: Props) -> Result<Json<Props>> {
    let mut tx = site.db.write().await?;
    users::get(&mut tx, user).await?.ok_or_else(users::missing)?;
    let mut stored = Props::new();
    for (id, value) in new {
        let value = write_one(site, &mut tx, actor, user, &id, value).await?;
        stored.insert(id, value);
    }
    if !stored.is_empty() {
        let event = Event::new("custom_profile_attributes_values_updated").with("user_id", user);
        let seen_by = users::sight::guests_who_see(site, &mut tx, user).await?;
        site.emit(&mut tx, event.with("values", stored.clone()).seen_by(seen_by));
    }
    tx.commit().await?;
    Ok(Json(stored))
}

async fn write_one(site: &Site, tx: &mut Tx, actor: &Actor, user: &str, id: &str, value: Value) -> Result<Value> {
    let field = store::get(tx, id).await?.ok_or_else(missing)?;
    if rules::is_managed(&field) && !actor.is_system_admin() {
        return Err(Error::forbidden());
    }
    let value = rules::checked_value(&field, value)?;
    store::set(tx, id, user, &value, site.clock.now_ms()).await?;
    Ok(value)
}
