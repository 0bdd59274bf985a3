//! People of a partner: each gets an account here that nobody logs in with.

use super::foreign;
use crate::{Federation, names};
use chat::{Error, Result, Site, channels, teams, users};
use db::{Conn, Row, Sql, Tx, params};
use wire::{Channel, RemoteCluster, User};

const COUNT: Sql = Sql::new("SELECT COUNT(*) FROM users WHERE remote_id = $1");
/// Characters of a name, a position and the like.
const MOST: usize = 128;

fn cut(text: &str) -> String {
    text.chars().take(MOST).collect()
}

/// What of somebody the own site decides.
fn described(known: User, new: &User) -> User {
    let kept = names::kept_of(new);
    let mut props = known.props.clone().unwrap_or_default();
    props.extend(kept);
    User {
        nickname: cut(&new.nickname),
        first_name: cut(&new.first_name),
        last_name: cut(&new.last_name),
        position: cut(&new.position),
        locale: if new.locale.len() > 16 { "en".into() } else { new.locale.clone() },
        timezone: new.timezone.clone().or(known.timezone.clone()),
        props: Some(props),
        ..known
    }
}

/// A name that nobody has, from the one that somebody has at the own site.
async fn free_name(conn: &mut Conn, name: &str, site: &str, own_id: &str) -> Result<String> {
    for again in 1..100 {
        let wanted = names::here(name, site, again);
        let taken = users::by_usernames(conn, std::slice::from_ref(&wanted)).await?;
        if taken.iter().all(|u| u.id == own_id) {
            return Ok(wanted);
        }
    }
    Err(Error::invalid_body("username", "a hundred others have it"))
}

/// Takes somebody of a partner, new or changed, into the channel and its team.
///
/// # Errors
/// 400 for somebody who is not of that site.
pub async fn arrive(
    site: &Site,
    f: &Federation,
    from: &RemoteCluster,
    channel: Option<&Channel>,
    new: User,
) -> Result<()> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':');
    let named = (1..=64).contains(&new.username.len()) && new.username.chars().all(plain);
    if !kit::id::is_valid(&new.id) || !named {
        return Err(Error::invalid_body("user", "an id and a username are wanted"));
    }
    let mut tx = site.db.write().await?;
    let user = match users::get(&mut tx, &new.id).await? {
        Some(known) if known.remote_id.as_deref() != Some(from.remote_id.as_str()) => return Err(foreign("user")),
        Some(known) => changed(site, &mut tx, from, known, &new).await?,
        None => admitted(site, f, &mut tx, from, &new).await?,
    };
    if let Some(channel) = channel.filter(|_| new.delete_at == 0) {
        enter(site, &mut tx, channel, &user).await?;
    }
    Ok(tx.commit().await?)
}

async fn changed(site: &Site, tx: &mut Tx, from: &RemoteCluster, known: User, new: &User) -> Result<User> {
    let mut user = described(known.clone(), new);
    if names::at_home(&known) != new.username {
        user.username = free_name(tx, &new.username, &from.name, &known.id).await?;
    }
    if user != known {
        users::update_remote(site, tx, user.clone()).await?;
    }
    Ok(user)
}

async fn admitted(site: &Site, f: &Federation, tx: &mut Tx, from: &RemoteCluster, new: &User) -> Result<User> {
    let count: i64 = tx.fetch_optional(&COUNT, params![&from.remote_id], Row::only).await?.unwrap_or(0);
    if count >= f.config.max_people {
        return Err(Error::invalid_body("user", "more people of that site than [server.federation] max_people allows"));
    }
    let blank = User {
        id: new.id.clone(),
        username: free_name(tx, &new.username, &from.name, &new.id).await?,
        // An address that leads nowhere; the real one is among the props, for administrators.
        email: format!("{}@{}", kit::id::new(), from.name),
        remote_id: Some(from.remote_id.clone()),
        is_bot: false,
        ..User::default()
    };
    users::admit_remote(site, tx, described(blank, new)).await
}

/// Puts somebody into a channel and its team, and into nothing else.
///
/// # Errors
/// When the database fails.
pub async fn enter(site: &Site, tx: &mut Tx, channel: &Channel, user: &User) -> Result<()> {
    if let Some(team) = teams::get(tx, &channel.team_id).await? {
        let known = teams::member(tx, &team.id, &user.id).await?;
        if known.is_none_or(|m| m.delete_at != 0) {
            teams::enter(site, tx, &team, user, false).await?;
        }
    }
    channels::join(site, tx, channel, &user.id, false).await?;
    Ok(())
}
