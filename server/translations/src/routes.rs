//! `/plugins/mattermost-channel-translations`: the table of routes and their handlers.

use crate::translator::{PREFERENCE, Translator};
use crate::{mark, reading, work};
use axum::extract::{Path, State};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use chat::roles::Permission;
use chat::{Actor, Error, Result, Site, channels, posts, preferences, users};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use wire::{Event, Preference};

type Ours = Extension<Arc<Translator>>;

/// All routes; each asks for a session.
pub fn router(site: &Site, translator: Arc<Translator>) -> Router {
    Router::new()
        .route("/channel/{channel_id}/translations", get(state).post(set_state))
        .route("/translation/languages", get(languages))
        .route("/translation/user_preference", post(set_preference))
        .route("/post/{post_id}/translate", post(translate))
        .layer(Extension(translator))
        .with_state(site.clone())
}

/// Whether a channel is translated.
#[derive(Debug, Serialize, Deserialize)]
pub struct Enabled {
    enabled: bool,
}

/// GET /channel/{id}/translations
async fn state(
    State(site): State<Site>,
    actor: Actor,
    Extension(translator): Ours,
    Path(channel_id): Path<String>,
) -> Result<Json<Enabled>> {
    channels::access(&mut site.db.read().await?, &actor, &channel_id, Permission::READ_CHANNEL).await?;
    Ok(Json(Enabled { enabled: translator.channels.contains(&channel_id) }))
}

/// POST /channel/{id}/translations
async fn set_state(
    State(site): State<Site>,
    actor: Actor,
    Path(channel_id): Path<String>,
    Json(wanted): Json<Enabled>,
) -> Result<Json<Enabled>> {
    channels::translate(&site, &actor, &channel_id, wanted.enabled).await?;
    tracing::info!(channel.id = %channel_id, user.id = %actor.user_id, wanted.enabled, "channel translation was set");
    Ok(Json(wanted))
}

/// Answer of GET /translation/languages.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Languages {
    languages: Vec<String>,
    /// What the asker's messages are translated into.
    user_preference: String,
}

/// GET /translation/languages
async fn languages(State(site): State<Site>, actor: Actor, Extension(translator): Ours) -> Result<Json<Languages>> {
    let languages = translator.languages.last_known(&translator.service).await;
    let mut conn = site.db.read().await?;
    let chosen = preferences::get_value(&mut conn, &actor.user_id, PREFERENCE.0, PREFERENCE.1).await?;
    let code = match chosen.filter(|code| !code.is_empty()) {
        Some(code) => code,
        None => users::get(&mut conn, &actor.user_id).await?.map(|user| user.locale).unwrap_or_default(),
    };
    let user_preference = reading::offered(&code, &languages).map_or(code.clone(), str::to_owned);
    Ok(Json(Languages { languages, user_preference }))
}

/// Body of POST /translation/user_preference.
#[derive(Deserialize)]
struct Chosen {
    language: String,
}

/// Answer of POST /translation/user_preference.
#[derive(Serialize)]
struct Success {
    success: bool,
}

/// The offered language that a request names; any well-formed code while the service has never answered.
async fn known_language(translator: &Translator, field: &str, code: &str) -> Result<String> {
    let code = code.trim();
    let formed = (2..=16).contains(&code.len()) && code.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    let all = translator.languages.last_known(&translator.service).await;
    match reading::offered(code, &all) {
        Some(code) => Ok(code.to_owned()),
        None if all.is_empty() && formed => Ok(code.to_owned()),
        None => Err(Error::invalid_body(field, &format!("it must be one of {}", all.join(", ")))),
    }
}

/// POST /translation/user_preference: the language that the asker reads from now on.
async fn set_preference(
    State(site): State<Site>,
    actor: Actor,
    Extension(translator): Ours,
    Json(chosen): Json<Chosen>,
) -> Result<Json<Success>> {
    let value = known_language(&translator, "language", &chosen.language).await?;
    let (category, name) = (PREFERENCE.0.to_owned(), PREFERENCE.1.to_owned());
    let preference = Preference { user_id: actor.user_id.clone(), category, name, value };
    let mut tx = site.db.write().await?;
    preferences::set(&mut tx, &preference).await?;
    // The listener hears of it too, and translates the latest posts for this reader.
    let changed = Event::new("preferences_changed").with_encoded("preferences", &[preference]);
    site.emit(&mut tx, changed.to_user(&actor.user_id));
    tx.commit().await?;
    Ok(Json(Success { success: true }))
}

/// Body of POST /post/{id}/translate.
#[derive(Deserialize)]
struct Wanted {
    lang: String,
}

/// Answer of POST /post/{id}/translate.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Translated {
    translated_text: String,
    original_text: String,
    target_language: String,
}

/// POST /post/{id}/translate: one post for one reader, in any channel.
async fn translate(
    State(site): State<Site>,
    actor: Actor,
    Extension(translator): Ours,
    Path(post_id): Path<String>,
    Json(wanted): Json<Wanted>,
) -> Result<Json<Translated>> {
    let post = posts::access(&mut site.db.read().await?, &actor, &post_id, Permission::READ_CHANNEL).await?;
    if post.message.trim().is_empty() {
        return Err(Error::invalid("translations.post.empty.app_error", "The post has no text to translate."));
    }
    if post.kind.starts_with("system_") {
        return Err(Error::invalid("translations.post.system.app_error", "System messages are not translated."));
    }
    let target = known_language(&translator, "lang", &wanted.lang).await?;
    let translated = match mark::translation(&post, &target) {
        Some(text) => text.to_owned(),
        None => work::translate_text(&translator, &post.message, &target).await.map_err(unavailable)?,
    };
    Ok(Json(Translated { translated_text: translated, original_text: post.message, target_language: target }))
}

fn unavailable(cause: llm_client::Error) -> Error {
    tracing::warn!(%cause, "a post could not be translated");
    let message = format!("The translation service gave no translation: {cause}.");
    Error::unavailable("translations.service.app_error", message)
}
