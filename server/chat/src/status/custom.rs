//! Custom status: an emoji and a few words that a user shows beside the name, until a time of their choice.

use crate::Json;
use crate::users::me_or;
use crate::{Actor, Error, Result, Site, preferences, users};
use axum::extract::{Path, State};
use db::Tx;
use serde::{Deserialize, Serialize};
use wire::{Event, Preference, Props, StatusOk};

/// Where the status is kept in a user's props, as JSON text.
const PROP: &str = "customStatus";
/// Where the recent ones are kept, as preferences.
const CATEGORY: &str = "custom_status";
const RECENT: &str = "recent_custom_statuses";
/// How many recent ones are kept.
const MAX_RECENT: usize = 5;
/// How long clients may say that a status lasts.
const DURATIONS: [&str; 8] =
    ["", "thirty_minutes", "one_hour", "four_hours", "today", "this_week", "date_and_time", "custom_date_time"];

/// A status. `expires_at` is RFC 3339 text; empty or the year 1 when it stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CustomStatus {
    emoji: String,
    text: String,
    duration: String,
    expires_at: String,
}

impl CustomStatus {
    /// What is kept: trimmed, with an emoji, without a time that says "never".
    fn checked(mut self, now: i64) -> Result<Self> {
        self.emoji = self.emoji.trim_matches(':').to_owned();
        self.text = self.text.trim().to_owned();
        if self.emoji.is_empty() && self.text.is_empty() {
            return Err(Error::invalid_body("custom_status", "an emoji or a text is wanted"));
        }
        if self.text.chars().count() > 100 {
            return Err(Error::invalid_body("text", "at most 100 characters are wanted"));
        }
        if self.emoji.is_empty() {
            self.emoji = "speech_balloon".into();
        }
        if !DURATIONS.contains(&self.duration.as_str()) {
            return Err(Error::invalid_body("duration", "this length of time is not known"));
        }
        if self.duration.is_empty() {
            self.expires_at = "0001-01-01T00:00:00Z".into();
            return Ok(self);
        }
        let until = self.expires_at.parse::<jiff::Timestamp>();
        let until =
            until.map_err(|_| Error::invalid_body("expires_at", "a time like 2026-01-31T18:00:00Z is wanted"))?;
        if until.as_millisecond() < now {
            return Err(Error::invalid_body("expires_at", "it has passed already"));
        }
        Ok(self)
    }

    fn is_same(&self, other: &Self) -> bool {
        self.emoji == other.emoji && self.text == other.text && self.duration == other.duration
    }
}

/// The recent list with `status` in front, each once.
fn remembered(mut recent: Vec<CustomStatus>, status: &CustomStatus) -> Vec<CustomStatus> {
    recent.retain(|r| r.text != status.text || r.emoji != status.emoji);
    recent.insert(0, status.clone());
    recent.truncate(MAX_RECENT);
    recent
}

/// Changes a user's props and tells everybody.
async fn change_props(site: &Site, tx: &mut Tx, id: &str, change: impl FnOnce(&mut Props)) -> Result<()> {
    let mut user = users::get(tx, id).await?.ok_or_else(users::missing)?;
    let mut props = user.props.take().unwrap_or_default();
    change(&mut props);
    user.update_at = site.clock.now_ms();
    users::set_props(tx, id, &props, user.update_at).await?;
    user.props = Some(props);
    users::announce(site, tx, user).await
}

async fn recent(tx: &mut Tx, user: &str) -> Result<Vec<CustomStatus>> {
    let stored = preferences::get_value(tx, user, CATEGORY, RECENT).await?;
    Ok(stored.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default())
}

async fn set_recent(site: &Site, tx: &mut Tx, user: &str, list: &[CustomStatus]) -> Result<()> {
    let value = serde_json::to_string(list).map_err(Error::internal)?;
    let preference = Preference { user_id: user.into(), category: CATEGORY.into(), name: RECENT.into(), value };
    preferences::set(tx, &preference).await?;
    let event = Event::new("preferences_changed").with_encoded("preferences", &[preference]);
    site.emit(tx, event.to_user(user));
    Ok(())
}

/// PUT /users/{id}/status/custom
pub async fn set(
    State(site): State<Site>,
    actor: Actor,
    Path(user): Path<String>,
    Json(new): Json<CustomStatus>,
) -> Result<Json<StatusOk>> {
    let user = me_or(&actor, &user)?;
    let status = new.checked(site.clock.now_ms())?;
    let text = serde_json::to_string(&status).map_err(Error::internal)?;
    let mut tx = site.db.write().await?;
    change_props(&site, &mut tx, &user, |props| {
        props.insert(PROP.into(), text.into());
    })
    .await?;
    let list = remembered(recent(&mut tx, &user).await?, &status);
    set_recent(&site, &mut tx, &user, &list).await?;
    tx.commit().await?;
    Ok(Json(StatusOk::default()))
}

/// DELETE /users/{id}/status/custom
pub async fn clear(State(site): State<Site>, actor: Actor, Path(user): Path<String>) -> Result<Json<StatusOk>> {
    let user = me_or(&actor, &user)?;
    let mut tx = site.db.write().await?;
    change_props(&site, &mut tx, &user, |props| {
        props.insert(PROP.into(), "".into());
    })
    .await?;
    tx.commit().await?;
    Ok(Json(StatusOk::default()))
}

/// DELETE …/status/custom/recent and POST …/recent/delete
pub async fn forget(
    State(site): State<Site>,
    actor: Actor,
    Path(user): Path<String>,
    Json(which): Json<CustomStatus>,
) -> Result<Json<StatusOk>> {
    let user = me_or(&actor, &user)?;
    let mut tx = site.db.write().await?;
    let mut list = recent(&mut tx, &user).await?;
    list.retain(|r| !r.is_same(&which));
    set_recent(&site, &mut tx, &user, &list).await?;
    tx.commit().await?;
    Ok(Json(StatusOk::default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(emoji: &str, text: &str, duration: &str, expires_at: &str) -> CustomStatus {
        CustomStatus {
            emoji: emoji.into(),
            text: text.into(),
            duration: duration.into(),
            expires_at: expires_at.into(),
        }
    }

    #[test]
    fn a_status_has_something_to_say_and_a_time_to_come() {
        let kept = status("", " at sea ", "", "").checked(0).unwrap();
        assert_eq!((kept.emoji.as_str(), kept.text.as_str()), ("speech_balloon", "at sea"));
        assert!(status("boat", "", "one_hour", "2026-01-01T00:00:00Z").checked(0).is_ok());
        for bad in [
            status("", " ", "", ""),
            status("boat", "", "one_hour", "soon"),
            status("boat", "", "forever", ""),
            status("boat", &"x".repeat(101), "", ""),
        ] {
            assert!(bad.clone().checked(0).is_err(), "{bad:?}");
        }
        assert!(status("boat", "", "one_hour", "1970-01-01T00:00:01Z").checked(2000).is_err());
    }

    #[test]
    fn the_latest_is_remembered_once() {
        let mut list = Vec::new();
        for text in ["a", "b", "a", "c", "d", "e", "f"] {
            list = remembered(list, &status("boat", text, "", ""));
        }
        let texts: Vec<&str> = list.iter().map(|s| s.text.as_str()).collect();
        assert_eq!(texts, ["f", "e", "d", "c", "a"]);
    }
}
