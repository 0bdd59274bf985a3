//! Every statement on `remote_clusters`. Tokens are sealed here on their way in, and opened on their way out.

use chat::keys::{Keys, REMOTE_TOKENS};
use chat::{Error, Result};
use db::{Conn, Row, Sql, Tx, params};
use wire::RemoteCluster;

/// What the address begins with until the other site has answered.
pub const PENDING: &str = "pending_";

/// A connection, with its tokens and what only this site knows of it.
#[derive(Clone, Debug, Default)]
pub struct Connection {
    pub remote: RemoteCluster,
    /// When the present code was made.
    pub invite_at: i64,
    /// Why the last call did not come through; empty when it did.
    pub failure: String,
}

impl Connection {
    /// Whether the other site has answered.
    pub fn confirmed(&self) -> bool {
        !self.remote.site_url.starts_with(PENDING)
    }

    /// As clients may see it.
    pub fn shown(self) -> RemoteCluster {
        RemoteCluster { token: String::new(), remote_token: String::new(), ..self.remote }
    }
}

macro_rules! select {
    ($rest:literal) => {
        Sql::new(concat!(
            "SELECT id, name, display_name, site_url, default_team_id, create_at, delete_at, last_ping_at, token, remote_token, ",
            "creator_id, options, invite_at, failure FROM remote_clusters r ",
            $rest
        ))
    };
}

const BY_ID: Sql = select!("WHERE id = $1");
const LIVE: Sql = select!("WHERE delete_at = 0 AND site_url NOT LIKE 'pending%' ORDER BY id");
const LISTED: Sql = select!(
    "WHERE ($1 OR delete_at = 0) AND last_ping_at >= $2 AND (NOT $3 OR site_url NOT LIKE 'pending%')
     AND ($4 = '' OR EXISTS (SELECT 1 FROM shared_channel_remotes s WHERE s.remote_id = r.id AND s.channel_id = $4 AND s.delete_at = 0))
     AND ($5 = '' OR NOT EXISTS (SELECT 1 FROM shared_channel_remotes s WHERE s.remote_id = r.id AND s.channel_id = $5 AND s.delete_at = 0))
     ORDER BY name, id LIMIT $6 OFFSET $7"
);
const OF_CHANNEL: Sql = select!(
    "WHERE delete_at = 0 AND id IN (SELECT s.remote_id FROM shared_channel_remotes s WHERE s.channel_id = $1 AND s.delete_at = 0)
     ORDER BY name"
);
const COUNT: Sql = Sql::new("SELECT COUNT(*) FROM remote_clusters WHERE delete_at = 0");
const INSERT: Sql = Sql::new(
    "INSERT INTO remote_clusters (id, name, display_name, site_url, default_team_id, create_at, token, remote_token, creator_id, invite_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $6)",
);
const CONFIRM: Sql = Sql::new(
    "UPDATE remote_clusters SET site_url = $2, remote_token = $3, token = $4 WHERE id = $1 AND site_url LIKE 'pending%' AND delete_at = 0",
);
const RENEW: Sql =
    Sql::new("UPDATE remote_clusters SET token = $2, invite_at = $3 WHERE id = $1 AND site_url LIKE 'pending%'");
const PATCH: Sql = Sql::new("UPDATE remote_clusters SET display_name = $2, default_team_id = $3 WHERE id = $1");
/// The tokens open nothing any more.
const DELETE: Sql = Sql::new(
    "UPDATE remote_clusters SET delete_at = $2, token = '', remote_token = '' WHERE id = $1 AND delete_at = 0",
);
const FORGET: Sql = Sql::new("DELETE FROM remote_clusters WHERE id = $1");
const HEARD: Sql = Sql::new("UPDATE remote_clusters SET last_ping_at = $2, failure = '' WHERE id = $1");
const FAILED: Sql = Sql::new("UPDATE remote_clusters SET failure = $2 WHERE id = $1");
const FIRST_TEAM: Sql = Sql::new("SELECT id FROM teams WHERE delete_at = 0 ORDER BY create_at, id LIMIT 1");

fn row(row: Row) -> db::Result<Connection> {
    let mut r = row.read();
    let remote = RemoteCluster {
        remote_id: r.get()?,
        name: r.get()?,
        display_name: r.get()?,
        site_url: r.get()?,
        default_team_id: r.get()?,
        create_at: r.get()?,
        delete_at: r.get()?,
        last_ping_at: r.get()?,
        token: r.get()?,
        remote_token: r.get()?,
        creator_id: r.get()?,
        options: r.get()?,
        ..RemoteCluster::default()
    };
    Ok(Connection { remote, invite_at: r.get()?, failure: r.get()? })
}

fn opened(keys: &Keys, mut c: Connection) -> Result<Connection> {
    let [token, remote_token] = &REMOTE_TOKENS;
    c.remote.token = keys.open(token, &c.remote.remote_id, &c.remote.token)?;
    c.remote.remote_token = keys.open(remote_token, &c.remote.remote_id, &c.remote.remote_token)?;
    Ok(c)
}

/// One connection, a deleted one too.
pub async fn get(conn: &mut Conn, keys: &Keys, id: &str) -> Result<Option<Connection>> {
    conn.fetch_optional(&BY_ID, params![id], row).await?.map(|c| opened(keys, c)).transpose()
}

/// Those that the other site has answered, by id.
pub async fn live(conn: &mut Conn, keys: &Keys) -> Result<Vec<Connection>> {
    conn.fetch(&LIVE, vec![], row).await?.into_iter().map(|c| opened(keys, c)).collect()
}

/// Which connections are wanted.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    pub deleted: bool,
    /// Heard at this time or later; 0: all.
    pub heard_after: i64,
    pub confirmed: bool,
    /// Ids of channels; empty: any.
    pub in_channel: String,
    pub not_in_channel: String,
}

/// By name, tokens sealed.
pub async fn listed(conn: &mut Conn, w: &Wanted, limit: i64, offset: i64) -> Result<Vec<Connection>> {
    let values = params![w.deleted, w.heard_after, w.confirmed, &w.in_channel, &w.not_in_channel, limit, offset];
    Ok(conn.fetch(&LISTED, values, row).await?)
}

/// The sites in a channel, tokens sealed.
pub async fn of_channel(conn: &mut Conn, channel: &str) -> Result<Vec<Connection>> {
    Ok(conn.fetch(&OF_CHANNEL, params![channel], row).await?)
}

pub async fn count(conn: &mut Conn) -> Result<i64> {
    Ok(conn.fetch_optional(&COUNT, vec![], Row::only).await?.unwrap_or(0))
}

pub async fn insert(tx: &mut Tx, keys: &Keys, r: &RemoteCluster) -> Result<()> {
    let [token, remote_token] = &REMOTE_TOKENS;
    let values = params![
        &r.remote_id,
        &r.name,
        &r.display_name,
        &r.site_url,
        &r.default_team_id,
        r.create_at,
        keys.close(token, &r.remote_id, &r.token)?,
        keys.close(remote_token, &r.remote_id, &r.remote_token)?,
        &r.creator_id
    ];
    tx.execute(&INSERT, values).await.map_err(|e| {
        if e.is_unique_violation() {
            return Error::invalid(
                "api.remote_cluster.save_not_unique.app_error",
                "There is such a connection already.",
            );
        }
        e.into()
    })?;
    Ok(())
}

/// Notes the answer of the other site; false when there was one before.
pub async fn confirm(tx: &mut Tx, keys: &Keys, r: &RemoteCluster) -> Result<bool> {
    let [token, remote_token] = &REMOTE_TOKENS;
    let (ours, theirs) =
        (keys.close(token, &r.remote_id, &r.token)?, keys.close(remote_token, &r.remote_id, &r.remote_token)?);
    Ok(tx.execute(&CONFIRM, params![&r.remote_id, &r.site_url, theirs, ours]).await? > 0)
}

/// A new token for a connection that was not accepted yet.
pub async fn renew(tx: &mut Tx, keys: &Keys, id: &str, token: &str, now: i64) -> Result<bool> {
    Ok(tx.execute(&RENEW, params![id, keys.close(&REMOTE_TOKENS[0], id, token)?, now]).await? > 0)
}

pub async fn patch(tx: &mut Tx, id: &str, display_name: &str, team: &str) -> Result<()> {
    tx.execute(&PATCH, params![id, display_name, team]).await?;
    Ok(())
}

pub async fn delete(tx: &mut Tx, id: &str, now: i64) -> Result<bool> {
    Ok(tx.execute(&DELETE, params![id, now]).await? > 0)
}

/// Removes a connection that never came about, or one that was deleted and comes again.
pub async fn forget(tx: &mut Tx, id: &str) -> Result<()> {
    tx.execute(&FORGET, params![id]).await?;
    Ok(())
}

/// The other site was heard.
pub async fn heard(tx: &mut Tx, id: &str, now: i64) -> Result<()> {
    tx.execute(&HEARD, params![id, now]).await?;
    Ok(())
}

pub async fn failed(tx: &mut Tx, id: &str, why: &str) -> Result<()> {
    tx.execute(&FAILED, params![id, why]).await?;
    Ok(())
}

/// The oldest team of the site.
pub async fn first_team(conn: &mut Conn) -> Result<Option<String>> {
    Ok(conn.fetch_optional(&FIRST_TEAM, vec![], Row::only).await?)
}
