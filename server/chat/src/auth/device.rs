//! A device has one session. A mobile app names its device at login and each time it starts.

use super::sessions;
use crate::Json;
use crate::{Actor, Error, Result, Site};
use axum::extract::State;
use db::{Row, Sql, Tx, params};
use serde::Deserialize;
use serde_json::Value;
use wire::StatusOk;

const OTHERS: Sql = Sql::new("SELECT id FROM sessions WHERE user_id = $1 AND device_id = $2 AND id <> $3");
const SET: Sql = Sql::new("UPDATE sessions SET device_id = $3 WHERE user_id = $1 AND id = $2");
const PROPS: Sql = Sql::new("SELECT props FROM sessions WHERE user_id = $1 AND id = $2");
const SET_PROPS: Sql = Sql::new("UPDATE sessions SET props = $3 WHERE user_id = $1 AND id = $2");

/// The property of a session that holds what rings the device.
pub const VOIP: &str = "voip_device_id";
/// The property of a session whose app may not show notifications: `true` or `false`.
pub const NOTIFICATIONS_DISABLED: &str = "device_notification_disabled";
const MOBILE_VERSION: &str = "mobile_version";

/// What the device says of itself; what is absent stays as it was.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Device {
    device_id: String,
    voip_device_id: Option<String>,
    #[serde(alias = "deviceNotificationDisabled")]
    device_notification_disabled: Option<String>,
    #[serde(alias = "mobileVersion")]
    mobile_version: Option<String>,
}

/// # Errors
/// 400 when the id is too long.
pub fn check(device_id: &str) -> Result<()> {
    if device_id.len() > 512 {
        return Err(Error::invalid_body("device_id", "at most 512 characters are wanted"));
    }
    Ok(())
}

/// Three numbers with points between, and what may follow them (`2.31.0-beta`).
fn is_version(text: &str) -> bool {
    let numbers = text.split(['-', '+']).next().unwrap_or_default();
    let mut parts = numbers.split('.');
    let three = parts.by_ref().take(3).filter(|p| !p.is_empty() && p.bytes().all(|b| b.is_ascii_digit())).count() == 3;
    three && parts.next().is_none() && text.len() <= 64
}

impl Device {
    /// # Errors
    /// 400 that names the field.
    fn check(&self) -> Result<()> {
        check(&self.device_id)?;
        if self.voip_device_id.as_ref().is_some_and(|id| id.len() > 512) {
            return Err(Error::invalid_body(VOIP, "at most 512 characters are wanted"));
        }
        let flag = self.device_notification_disabled.as_deref().unwrap_or_default();
        if !["", "true", "false"].contains(&flag) {
            return Err(Error::invalid_body(NOTIFICATIONS_DISABLED, "true or false is wanted, as text"));
        }
        let version = self.mobile_version.as_deref().unwrap_or_default();
        if !version.is_empty() && !is_version(version) {
            return Err(Error::invalid_body(MOBILE_VERSION, "a version such as 2.31.0 is wanted"));
        }
        Ok(())
    }

    /// What it says that is kept with the session, by the names of the properties.
    fn props(self) -> impl Iterator<Item = (&'static str, String)> {
        let all = [
            (VOIP, self.voip_device_id),
            (NOTIFICATIONS_DISABLED, self.device_notification_disabled),
            (MOBILE_VERSION, self.mobile_version),
        ];
        all.into_iter().filter_map(|(name, value)| Some((name, value.filter(|v| !v.is_empty())?)))
    }
}

/// PUT /users/sessions/device
pub async fn attach(State(site): State<Site>, actor: Actor, Json(device): Json<Device>) -> Result<Json<StatusOk>> {
    device.check()?;
    let mut tx = site.db.write().await?;
    let (user, session) = (&actor.user_id, &actor.session_id);
    if !device.device_id.is_empty() {
        end_others(&site, &mut tx, user, session, &device.device_id).await?;
        tx.execute(&SET, params![user, session, &device.device_id]).await?;
    }
    // A personal access token has no session whose properties these could be.
    keep(&mut tx, user, session, device.props().collect()).await?;
    tx.commit().await?;
    Ok(Json(StatusOk::default()))
}

/// Keeps properties with a session, when there is one.
async fn keep(tx: &mut Tx, user: &str, session: &str, told: Vec<(&'static str, String)>) -> Result<()> {
    if told.is_empty() {
        return Ok(());
    }
    if let Some(mut props) = tx.fetch_optional(&PROPS, params![user, session], Row::only::<Value>).await? {
        for (name, value) in told {
            props[name] = value.into();
        }
        tx.execute(&SET_PROPS, params![user, session, props]).await?;
    }
    Ok(())
}

/// Keeps what rings the device of a session; nothing when it is not named.
///
/// # Errors
/// When the database fails.
pub async fn keep_voip(tx: &mut Tx, user_id: &str, session_id: &str, voip_device_id: &str) -> Result<()> {
    let told = Some((VOIP, voip_device_id.to_owned())).filter(|(_, id)| !id.is_empty());
    keep(tx, user_id, session_id, told.into_iter().collect()).await
}

/// Ends the user's other sessions on this device; none when the device is not named.
///
/// # Errors
/// When the database fails.
pub async fn end_others(site: &Site, tx: &mut Tx, user_id: &str, session_id: &str, device_id: &str) -> Result<()> {
    if device_id.is_empty() {
        return Ok(());
    }
    let others: Vec<String> = tx.fetch(&OTHERS, params![user_id, device_id, session_id], Row::only).await?;
    for id in others {
        sessions::end(site, tx, user_id, &id).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_have_three_numbers() {
        for good in ["2.31.0", "2.31.0-beta.1", "10.0.12+77"] {
            assert!(is_version(good), "{good}");
        }
        for bad in ["", "2.31", "2.31.0.1", "two.1.0", "v2.31.0", "2..0"] {
            assert!(!is_version(bad), "{bad}");
        }
    }
}
