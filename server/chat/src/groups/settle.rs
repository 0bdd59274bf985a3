//! Brings members of linked groups to teams and channels, and takes out of constrained ones who is in none of their groups.

use super::link_store::{self as store, Kind};
use crate::{Error, Result, Site, channels, teams, users};
use db::{Conn, Tx};

/// People moved in one transaction, so that other writers wait a moment at most.
const BATCH: i64 = 100;

/// How many memberships changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settled {
    pub brought: usize,
    pub removed: usize,
}

/// Settles the memberships of one user, or of everybody when `user` is empty. Saying it twice changes nothing more.
///
/// # Errors
/// When the database fails. Somebody whom a place does not admit is left out.
pub async fn settle(site: &Site, user: &str) -> Result<Settled> {
    let mut done = Settled::default();
    for kind in [Kind::Team, Kind::Channel] {
        let mut after = String::new();
        loop {
            let page = store::wanted(&mut site.db.read().await?, kind, user, &after, BATCH).await?;
            let Some((place, last, _)) = page.last() else { break };
            after = format!("{place}{last}");
            let mut tx = site.db.write().await?;
            for (place, user, admin) in &page {
                done.brought += usize::from(bring(site, &mut tx, kind, place, user, *admin).await?);
            }
            tx.commit().await?;
        }
    }
    for kind in [Kind::Channel, Kind::Team] {
        let mut after = String::new();
        loop {
            let page = store::left_over(&mut site.db.read().await?, kind, user, &after, BATCH).await?;
            let Some((place, last)) = page.last() else { break };
            after = format!("{place}{last}");
            let mut tx = site.db.write().await?;
            for (place, user) in &page {
                take_out(site, &mut tx, kind, place, user).await?;
                done.removed += 1;
            }
            tx.commit().await?;
        }
    }
    Ok(done)
}

/// Whether the user is new there.
async fn bring(site: &Site, tx: &mut Tx, kind: Kind, place: &str, user_id: &str, admin: bool) -> Result<bool> {
    let Some(user) = users::get(tx, user_id).await?.filter(|u| u.delete_at == 0) else { return Ok(false) };
    let (team_id, channel) = match kind {
        Kind::Team => (place.to_owned(), None),
        Kind::Channel => match channels::get(tx, place).await?.filter(|c| c.delete_at == 0) {
            Some(channel) => (channel.team_id.clone(), Some(channel)),
            None => return Ok(false),
        },
    };
    let Some(team) = teams::get(tx, &team_id).await?.filter(|t| t.delete_at == 0) else { return Ok(false) };
    let mut new = false;
    if !teams::is_member(tx, &team.id, user_id).await? {
        match teams::join(site, tx, &team, &user, admin && kind == Kind::Team, user_id).await {
            Ok(_) => new = true,
            // Domains that the team does not admit, or groups of the team when only the channel is linked.
            Err(error) if error.kind != crate::error::Kind::Internal => {
                tracing::warn!(team.id = %team.id, user.id = %user_id, %error, "a linked group cannot bring somebody");
                return Ok(false);
            }
            Err(error) => return Err(error),
        }
    }
    if let Some(channel) = channel {
        if channels::member(tx, &channel.id, user_id).await?.is_none() {
            channels::join_as(site, tx, &channel, &user, admin).await?;
            new = true;
        }
    }
    store::brought(tx, place, user_id, site.clock.now_ms()).await?;
    Ok(new)
}

async fn take_out(site: &Site, tx: &mut Tx, kind: Kind, place: &str, user_id: &str) -> Result<()> {
    match kind {
        Kind::Team => teams::leave(site, tx, place, user_id, user_id).await?,
        Kind::Channel => {
            if let Some(channel) = channels::get(tx, place).await? {
                let user = users::get(tx, user_id).await?.ok_or_else(users::missing)?;
                channels::leave_saying(site, tx, &channel, &user, &user).await?;
            }
        }
    }
    Ok(store::forget_one(tx, place, user_id).await?)
}

/// Whether a constrained team or channel takes the user.
///
/// # Errors
/// 400 when the user is in none of the groups that are linked to it.
pub(crate) async fn require_admitted(conn: &mut Conn, kind: Kind, place: &str, user: &str) -> Result<()> {
    if store::admits(conn, place, user).await? {
        return Ok(());
    }
    let what = kind.name();
    let message = format!("Groups say who is in this {what}, and the user is in none of them.");
    Err(Error::invalid(&format!("api.{what}.add_members.user_denied"), message))
}
