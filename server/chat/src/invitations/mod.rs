//! Invitations: links with an end, for members and for guests, handed over as text or as a QR code. A site without mail
//! brings people in with them.

mod email;
mod routes;
mod store;

pub use routes::router;
pub(crate) use store::forget_before;

use crate::actor::hash_token;
use crate::auth::Address;
use crate::{Error, Result, Site, channels, teams, users};
use db::{Conn, Tx};
use wire::{Invitation, TeamMember, User};

/// A secret of 64 characters for a link.
pub(crate) fn secret() -> String {
    data_encoding::BASE32_NOPAD.encode(&rand::random::<[u8; 40]>()).to_lowercase()
}

/// Where the web client takes invitations.
fn path(token: &str) -> String {
    format!("/signup_user_complete/?t={token}")
}

fn unknown() -> Error {
    Error::invalid("api.user.create_user.signup_link_invalid.app_error", "The invitation is not valid.")
}

/// The invitation behind the token of a link, which may still be used.
///
/// # Errors
/// 400 when it may not; whoever guesses has to wait.
pub async fn open(site: &Site, conn: &mut Conn, token: &str, address: Address) -> Result<Invitation> {
    let now = site.clock.now_ms();
    site.throttle().check(address, now)?;
    let Some(found) = store::by_token(conn, &hash_token(token)).await? else {
        site.throttle().failed(address, now);
        return Err(unknown());
    };
    if found.expires_at <= now {
        let message = "The invitation has expired.";
        return Err(Error::invalid("api.user.create_user.signup_link_expired.app_error", message));
    }
    let used_up = found.max_uses > 0 && found.uses >= found.max_uses;
    let maker = users::get(conn, &found.creator_id).await?;
    if used_up || found.revoked_at != 0 || maker.is_none_or(|u| u.delete_at != 0) {
        return Err(unknown());
    }
    Ok(found)
}

/// [`open`] for an invitation whose link logs a guest in; `None` when the token is of none.
///
/// # Errors
/// 400 when it was used, revoked, or has expired.
pub async fn open_magic(site: &Site, conn: &mut Conn, token: &str, address: Address) -> Result<Option<Invitation>> {
    if store::by_token(conn, &hash_token(token)).await?.is_none_or(|i| !i.magic) {
        return Ok(None);
    }
    open(site, conn, token, address).await.map(Some)
}

/// Lets `user` in by `invitation`: into the team and its channels. A guest comes into no other channel.
///
/// # Errors
/// 400 when another was faster, or when a guest's invitation is used by a member or the other way round.
pub async fn admit(site: &Site, tx: &mut Tx, invitation: &Invitation, user: &User) -> Result<TeamMember> {
    let is_guest = user.roles.split_whitespace().any(|role| role == "system_guest");
    if is_guest != invitation.guest {
        let message = "This invitation is for another kind of account.";
        return Err(Error::invalid("api.user.create_user.invalid_invitation_type.app_error", message));
    }
    let now = site.clock.now_ms();
    if !store::take(tx, &invitation.id, now).await? {
        return Err(unknown());
    }
    store::used(tx, &invitation.id, &user.id, now).await?;
    let team = teams::get(tx, &invitation.team_id).await?.filter(|t| t.delete_at == 0).ok_or_else(teams::missing)?;
    let maker = users::get(tx, &invitation.creator_id).await?.ok_or_else(users::missing)?;
    let member = teams::join(site, tx, &team, user, false, &maker.id).await?;
    for id in &invitation.channel_ids {
        // A channel that was archived in the meantime is left out.
        if let Some(channel) = channels::get(tx, id).await?.filter(|c| c.delete_at == 0) {
            channels::join_saying(site, tx, &channel, user, &maker).await?;
        }
    }
    Ok(member)
}
