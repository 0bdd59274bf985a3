//! Accounts of people at partner sites: they write here through their own site, and nobody logs in as them.

use super::{admin, default_notify_props, default_timezone, store};
use crate::{Result, Site, portraits};
use db::Tx;
use std::collections::BTreeSet;
use wire::{Event, StringMap, User};

/// Makes the account of `user`, whose id, name and `remote_id` the caller has chosen.
///
/// # Errors
/// When the database fails; 409 is not among it: the caller has seen that id and name are free.
pub async fn admit_remote(site: &Site, tx: &mut Tx, user: User) -> Result<User> {
    let now = site.clock.now_ms();
    let user = User {
        create_at: now,
        update_at: now,
        roles: "system_user".into(),
        notify_props: Some(default_notify_props(StringMap::new())),
        timezone: Some(user.timezone.unwrap_or_else(default_timezone)),
        ..user
    };
    store::insert(tx, &user, "").await?;
    site.emit(tx, Event::new("new_user").with("user_id", user.id.as_str()).seen_by(BTreeSet::new()));
    Ok(user)
}

/// Puts the names of `user` in place of those that the account has.
///
/// # Errors
/// When the database fails.
pub async fn update_remote(site: &Site, tx: &mut Tx, user: User) -> Result<()> {
    let user = User { update_at: site.clock.now_ms(), ..user };
    store::update(tx, &user).await?;
    admin::announce(site, tx, user).await
}

/// The picture that a user has uploaded, as PNG; `None` for one who has none.
///
/// # Errors
/// When the storage fails.
pub async fn portrait(site: &Site, user: &User) -> Result<Option<bytes::Bytes>> {
    match user.last_picture_update {
        at if at > 0 => portraits::read(site, &user.id, at).await.map(Some),
        _ => Ok(None),
    }
}
