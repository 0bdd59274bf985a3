//! Whether a channel is translated, and who of its members reads it as it was written. The switch is a property of the
//! channel; the product that translates hears of it through [`Translation`].

use super::changing::{save_and_tell, who};
use super::{access, member_store, missing};
use crate::error::Kind;
use crate::posts::{self, Happened};
use crate::roles::Permission;
use crate::users::me_or;
use crate::{Actor, Error, Json, Result, Site};
use axum::Router;
use axum::extract::{Path, State};
use axum::routing::put;
use db::Tx;
use serde::Deserialize;
use wire::{Channel, Event, StatusOk};

/// A product that translates channels.
pub trait Translation: Send + Sync {
    /// A channel is translated from now on, or no longer. Called after the change is stored; it waits for nothing.
    fn turned(&self, channel_id: &str, on: bool);

    /// Codes of the languages that it knows to offer at the moment.
    fn languages(&self) -> Vec<String>;

    /// A member reads the channel translated again, or as it was written.
    fn reader_changed(&self, channel_id: &str);
}

/// Routes of this file.
pub fn router() -> Router<Site> {
    Router::new().route("/channels/{channel_id}/members/{user_id}/autotranslation", put(opt_out))
}

/// The permission to turn the translation of a channel of this kind on or off; in a direct or group message everybody may.
pub fn permission(kind: &str) -> Permission {
    match kind {
        "O" => Permission("manage_public_channel_auto_translation"),
        "P" => Permission("manage_private_channel_auto_translation"),
        _ => Permission::READ_CHANNEL,
    }
}

/// # Errors
/// 501 when nothing here translates.
pub fn require_offered(site: &Site) -> Result<()> {
    let off = || {
        let message = "Channels are not translated on this server.";
        Error::new(Kind::NotImplemented, "api.channel.patch_update_channel.feature_not_available.app_error", message)
    };
    site.translation().map(|_| ()).ok_or_else(off)
}

/// What follows when `channel`, as it is stored now, was turned on or off: it is said there, and the product hears of it.
pub(super) async fn follow(site: &Site, tx: &mut Tx, channel: &Channel, by: &wire::User) -> Result<()> {
    posts::say(site, tx, channel, Happened::Translated(by, channel.autotranslation)).await?;
    if let Some(product) = site.translation() {
        let (id, on) = (channel.id.clone(), channel.autotranslation);
        tx.after_commit(move || product.turned(&id, on));
    }
    Ok(())
}

/// Turns the translation of a channel on or off, for the product's own route: there, as in upstream's plugin, whoever may
/// change the channel may.
///
/// # Errors
/// 404 when there is no such channel, 403 without the permission.
pub async fn translate(site: &Site, actor: &Actor, channel_id: &str, on: bool) -> Result<()> {
    let mut tx = site.db.write().await?;
    let mut channel = access(&mut tx, actor, channel_id, Permission::MANAGE_CHANNEL).await?;
    if channel.autotranslation != on {
        channel.autotranslation = on;
        let channel = save_and_tell(site, &mut tx, channel).await?;
        let by = who(&mut tx, actor).await?;
        follow(site, &mut tx, &channel, &by).await?;
    }
    Ok(tx.commit().await?)
}

/// Body of PUT /channels/{id}/members/{user}/autotranslation.
#[derive(Debug, Deserialize)]
struct OptOut {
    autotranslation_disabled: Option<bool>,
}

/// PUT /channels/{id}/members/{user}/autotranslation: whether the member reads the channel as it was written.
async fn opt_out(
    State(site): State<Site>,
    actor: Actor,
    Path((id, user)): Path<(String, String)>,
    Json(body): Json<OptOut>,
) -> Result<Json<StatusOk>> {
    let user = me_or(&actor, &user)?;
    let disabled = body
        .autotranslation_disabled
        .ok_or_else(|| Error::invalid_body("autotranslation_disabled", "true or false is wanted"))?;
    let mut tx = site.db.write().await?;
    let mut member = member_store::member(&mut tx, &id, &user).await?.ok_or_else(missing)?;
    if member.autotranslation_disabled != disabled {
        member.autotranslation_disabled = disabled;
        member.last_update_at = site.clock.now_ms();
        member_store::set_opt_out(&mut tx, &member).await?;
        let event = Event::new("channel_member_updated").with_encoded("channelMember", &member);
        site.emit(&mut tx, event.to_user(&user));
        if let Some(product) = site.translation() {
            tx.after_commit(move || product.reader_changed(&id));
        }
    }
    tx.commit().await?;
    Ok(Json(StatusOk::default()))
}
