//! Every statement on `shared_channels` and `shared_channel_remotes`.

use db::{Conn, Result, Row, Sql, Tx, params};
use wire::{SharedChannel, SharedChannelRemote};

macro_rules! channels {
    ($rest:literal) => {
        Sql::new(concat!(
            "SELECT channel_id, team_id, home, readonly, name, display_name, purpose, header, creator_id, create_at, update_at, ",
            "remote_id FROM shared_channels ",
            $rest
        ))
    };
}
macro_rules! remotes {
    ($rest:literal) => {
        Sql::new(concat!(
            "SELECT s.id, s.channel_id, s.creator_id, s.create_at, s.update_at, s.delete_at, s.accepted, s.confirmed, s.remote_id, ",
            "s.post_at, s.post_id, s.members_at, s.began_at, COALESCE(c.home, FALSE), COALESCE(c.readonly, FALSE) FROM shared_channel_remotes s ",
            "LEFT JOIN shared_channels c ON c.channel_id = s.channel_id ",
            $rest
        ))
    };
}

const BY_ID: Sql = channels!("WHERE channel_id = $1");
const OF_TEAM: Sql = channels!("WHERE team_id = $1 ORDER BY display_name, channel_id LIMIT $2 OFFSET $3");
const INSERT: Sql = Sql::new(
    "INSERT INTO shared_channels (channel_id, team_id, home, readonly, name, display_name, purpose, header, creator_id, create_at, update_at, remote_id)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10, $11)",
);
const DELETE: Sql = Sql::new("DELETE FROM shared_channels WHERE channel_id = $1");
const ONE: Sql = remotes!("WHERE s.channel_id = $1 AND s.remote_id = $2 AND s.delete_at = 0");
const OF_CHANNEL: Sql = remotes!("WHERE s.channel_id = $1 AND s.delete_at = 0 ORDER BY s.create_at, s.id");
const OF_REMOTE: Sql = remotes!("WHERE s.remote_id = $1 AND s.delete_at = 0 ORDER BY s.create_at, s.id");
const LISTED: Sql = remotes!(
    "WHERE s.remote_id = $1 AND ($2 OR s.confirmed) AND NOT ($3 AND s.confirmed) AND NOT ($4 AND COALESCE(c.home, FALSE)) AND NOT ($5 AND NOT COALESCE(c.home, FALSE))
     AND ($6 OR s.delete_at = 0) ORDER BY s.create_at, s.id LIMIT $7 OFFSET $8"
);
const INVITE: Sql = Sql::new(
    "INSERT INTO shared_channel_remotes (id, channel_id, remote_id, creator_id, create_at, update_at, accepted, confirmed, began_at, post_at)
     VALUES ($1, $2, $3, $4, $5, $5, $6, $6, $5, $5)",
);
const CONFIRM: Sql =
    Sql::new("UPDATE shared_channel_remotes SET accepted = TRUE, confirmed = TRUE, update_at = $2 WHERE id = $1");
const REMOVE: Sql = Sql::new("UPDATE shared_channel_remotes SET delete_at = $2, update_at = $2 WHERE id = $1");
const MOVE: Sql = Sql::new("UPDATE shared_channel_remotes SET post_at = $2, post_id = $3 WHERE id = $1");
const MEMBERS_AT: Sql = Sql::new("UPDATE shared_channel_remotes SET members_at = $2 WHERE id = $1");
const FORGET: [Sql; 2] = [
    Sql::new("DELETE FROM shared_channel_users WHERE remote_id = $1 AND channel_id = $2"),
    Sql::new(
        "DELETE FROM shared_channel_marks WHERE remote_id = $1 AND post_id IN (SELECT p.id FROM posts p WHERE p.channel_id = $2)",
    ),
];

fn channel(row: Row) -> Result<SharedChannel> {
    let mut r = row.read();
    Ok(SharedChannel {
        id: r.get()?,
        team_id: r.get()?,
        home: r.get()?,
        readonly: r.get()?,
        name: r.get()?,
        display_name: r.get()?,
        purpose: r.get()?,
        header: r.get()?,
        creator_id: r.get()?,
        create_at: r.get()?,
        update_at: r.get()?,
        remote_id: r.get()?,
    })
}

/// One site in one channel, and what of the channel decides about it.
#[derive(Clone, Debug, Default)]
pub struct Share {
    pub remote: SharedChannelRemote,
    /// Posts from before this time are not told; milliseconds.
    pub began_at: i64,
    pub home: bool,
    pub readonly: bool,
}

fn share(row: Row) -> Result<Share> {
    let mut r = row.read();
    let mut remote = SharedChannelRemote {
        id: r.get()?,
        channel_id: r.get()?,
        creator_id: r.get()?,
        create_at: r.get()?,
        update_at: r.get()?,
        delete_at: r.get()?,
        is_invite_accepted: r.get()?,
        is_invite_confirmed: r.get()?,
        remote_id: r.get()?,
        last_post_update_at: r.get()?,
        last_post_id: r.get()?,
        last_members_sync_at: r.get()?,
        ..SharedChannelRemote::default()
    };
    // One cursor serves for new posts and changed ones.
    remote.last_post_create_at = remote.last_post_update_at;
    remote.last_post_create_id.clone_from(&remote.last_post_id);
    Ok(Share { remote, began_at: r.get()?, home: r.get()?, readonly: r.get()? })
}

pub async fn get(conn: &mut Conn, id: &str) -> Result<Option<SharedChannel>> {
    conn.fetch_optional(&BY_ID, params![id], channel).await
}

pub async fn of_team(conn: &mut Conn, team: &str, limit: i64, offset: i64) -> Result<Vec<SharedChannel>> {
    conn.fetch(&OF_TEAM, params![team, limit, offset], channel).await
}

pub async fn insert(tx: &mut Tx, c: &SharedChannel) -> Result<()> {
    let values = params![
        &c.id,
        &c.team_id,
        c.home,
        c.readonly,
        &c.name,
        &c.display_name,
        &c.purpose,
        &c.header,
        &c.creator_id,
        c.create_at,
        &c.remote_id
    ];
    tx.execute(&INSERT, values).await?;
    Ok(())
}

pub async fn delete(tx: &mut Tx, id: &str) -> Result<()> {
    tx.execute(&DELETE, params![id]).await?;
    Ok(())
}

/// The site in the channel, if it is.
pub async fn share_of(conn: &mut Conn, channel: &str, remote: &str) -> Result<Option<Share>> {
    conn.fetch_optional(&ONE, params![channel, remote], share).await
}

pub async fn of_channel(conn: &mut Conn, channel: &str) -> Result<Vec<Share>> {
    conn.fetch(&OF_CHANNEL, params![channel], share).await
}

pub async fn of_remote(conn: &mut Conn, remote: &str) -> Result<Vec<Share>> {
    conn.fetch(&OF_REMOTE, params![remote], share).await
}

/// Which channels of a site are wanted.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted {
    pub unconfirmed: bool,
    pub without_confirmed: bool,
    /// Those that began here.
    pub without_home: bool,
    /// Those that began there.
    pub without_remote: bool,
    pub deleted: bool,
}

pub async fn listed(
    conn: &mut Conn,
    remote: &str,
    w: Wanted,
    limit: i64,
    offset: i64,
) -> Result<Vec<SharedChannelRemote>> {
    let values =
        params![remote, w.unconfirmed, w.without_confirmed, w.without_home, w.without_remote, w.deleted, limit, offset];
    Ok(conn.fetch(&LISTED, values, share).await?.into_iter().map(|s| s.remote).collect())
}

/// Brings a site into a channel; `accepted`: it came from there. What changes from `now` on is told.
pub async fn invite(tx: &mut Tx, channel: &str, remote: &str, by: &str, accepted: bool, now: i64) -> Result<()> {
    tx.execute(&INVITE, params![kit::id::new(), channel, remote, by, now, accepted]).await?;
    Ok(())
}

pub async fn confirm(tx: &mut Tx, id: &str, now: i64) -> Result<()> {
    tx.execute(&CONFIRM, params![id, now]).await?;
    Ok(())
}

/// Takes a site out of a channel, and forgets what it was told.
pub async fn remove(tx: &mut Tx, share: &SharedChannelRemote, now: i64) -> Result<()> {
    tx.execute(&REMOVE, params![&share.id, now]).await?;
    for sql in &FORGET {
        tx.execute(sql, params![&share.remote_id, &share.channel_id]).await?;
    }
    Ok(())
}

/// Everything up to (`at`, `id`) was told.
pub async fn move_to(tx: &mut Tx, id: &str, at: i64, post: &str) -> Result<()> {
    tx.execute(&MOVE, params![id, at, post]).await?;
    Ok(())
}

pub async fn members_told(tx: &mut Tx, id: &str, at: i64) -> Result<()> {
    tx.execute(&MEMBERS_AT, params![id, at]).await?;
    Ok(())
}
