//! Every statement on `group_links` and `group_brought`.

use db::{Conn, Result, Row, Sql, Tx, params};
use std::collections::HashMap;

macro_rules! select {
    ($rest:literal) => {
        Sql::new(concat!(
            "SELECT l.group_id, l.place_id, l.kind, l.auto_add, l.scheme_admin, l.create_at, l.update_at, l.delete_at ",
            "FROM group_links l ",
            $rest
        ))
    };
}

const GET: Sql = select!("WHERE l.group_id = $1 AND l.place_id = $2 AND l.kind = $3");
const OF_GROUP: Sql =
    select!("WHERE l.group_id = $1 AND l.kind = $2 AND l.delete_at = 0 ORDER BY l.create_at, l.place_id");
const PUT: Sql = Sql::new(
    "INSERT INTO group_links (group_id, place_id, kind, auto_add, scheme_admin, create_at, update_at, delete_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (group_id, place_id) DO UPDATE SET auto_add = excluded.auto_add,
     scheme_admin = excluded.scheme_admin, update_at = excluded.update_at, delete_at = excluded.delete_at",
);
const CUT_CHANNELS: Sql = Sql::new(
    "UPDATE group_links SET delete_at = $3, update_at = $3 WHERE group_id = $1 AND delete_at = 0
     AND place_id IN (SELECT id FROM channels WHERE team_id = $2)",
);
const BY_CHANNEL: Sql = Sql::new(
    "SELECT l.place_id, l.group_id, l.scheme_admin FROM group_links l JOIN channels c ON c.id = l.place_id
     WHERE c.team_id = $1 AND c.delete_at = 0 AND l.delete_at = 0 ORDER BY l.place_id, l.group_id LIMIT $2",
);
/// Bots are no people of a directory.
const ADMITS: Sql = Sql::new(
    "SELECT 1 FROM users u WHERE u.id = $2 AND (u.is_bot = TRUE OR EXISTS (SELECT 1 FROM group_links l
       JOIN user_groups g ON g.id = l.group_id AND g.delete_at = 0
       JOIN group_members m ON m.group_id = l.group_id AND m.user_id = u.id
       WHERE l.place_id = $1 AND l.delete_at = 0))",
);
const BROUGHT: Sql = Sql::new(
    "INSERT INTO group_brought (place_id, user_id, create_at) VALUES ($1, $2, $3) ON CONFLICT (place_id, user_id) DO NOTHING",
);
const FORGET_PLACE: Sql = Sql::new("DELETE FROM group_brought WHERE place_id = $1");
const FORGET_ONE: Sql = Sql::new("DELETE FROM group_brought WHERE place_id = $1 AND user_id = $2");
const FORGET_LEAVER: Sql = Sql::new(
    "DELETE FROM group_brought WHERE user_id = $2 AND place_id IN (SELECT place_id FROM group_links WHERE group_id = $1)",
);
macro_rules! wanted {
    ($kind:literal, $place:literal) => {
        Sql::new(concat!(
            "SELECT l.place_id, m.user_id, MAX(CASE WHEN l.scheme_admin = TRUE THEN 1 ELSE 0 END) FROM group_links l
             JOIN user_groups g ON g.id = l.group_id AND g.delete_at = 0
             JOIN group_members m ON m.group_id = l.group_id JOIN users u ON u.id = m.user_id AND u.delete_at = 0
             JOIN ",
            $place,
            " p ON p.id = l.place_id AND p.delete_at = 0 WHERE l.kind = '",
            $kind,
            "' AND l.delete_at = 0 AND l.auto_add = TRUE AND ($1 = '' OR m.user_id = $1)
             AND NOT EXISTS (SELECT 1 FROM group_brought b WHERE b.place_id = l.place_id AND b.user_id = m.user_id)
             AND l.place_id || m.user_id > $2 GROUP BY l.place_id, m.user_id ORDER BY l.place_id || m.user_id LIMIT $3"
        ))
    };
}
const WANTED_IN_TEAMS: Sql = wanted!("team", "teams");
const WANTED_IN_CHANNELS: Sql = wanted!("channel", "channels");
macro_rules! left_over {
    ($members:literal, $live:literal) => {
        Sql::new(concat!(
            "SELECT p.id, m.user_id FROM ",
            $members,
            " m JOIN users u ON u.id = m.user_id AND u.is_bot = FALSE AND u.delete_at = 0 JOIN ",
            $live,
            " AND p.group_constrained = TRUE AND p.delete_at = 0 WHERE ($1 = '' OR m.user_id = $1)
             AND NOT EXISTS (SELECT 1 FROM group_links l JOIN user_groups g ON g.id = l.group_id AND g.delete_at = 0
               JOIN group_members o ON o.group_id = l.group_id AND o.user_id = m.user_id
               WHERE l.place_id = p.id AND l.delete_at = 0)
             AND p.id || m.user_id > $2 ORDER BY p.id || m.user_id LIMIT $3"
        ))
    };
}
const LEFT_OVER_IN_TEAMS: Sql = left_over!("team_members", "teams p ON p.id = m.team_id AND m.delete_at = 0");
const LEFT_OVER_IN_CHANNELS: Sql = left_over!("channel_members", "channels p ON p.id = m.channel_id");

/// A place that groups are linked to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Team,
    Channel,
}

impl Kind {
    /// The word of the protocol's paths and events.
    pub fn name(self) -> &'static str {
        match self {
            Self::Team => "team",
            Self::Channel => "channel",
        }
    }
}

/// A group's link to a place.
#[derive(Clone, Debug, Default)]
pub struct Link {
    pub group_id: String,
    pub place_id: String,
    pub kind: String,
    /// Members of the group are brought to the place.
    pub auto_add: bool,
    /// Those who are brought administer it.
    pub scheme_admin: bool,
    pub create_at: i64,
    pub update_at: i64,
    pub delete_at: i64,
}

fn link(row: Row) -> Result<Link> {
    let mut r = row.read();
    Ok(Link {
        group_id: r.get()?,
        place_id: r.get()?,
        kind: r.get()?,
        auto_add: r.get()?,
        scheme_admin: r.get()?,
        create_at: r.get()?,
        update_at: r.get()?,
        delete_at: r.get()?,
    })
}

/// The link, cut or not.
pub async fn get(conn: &mut Conn, group: &str, place: &str, kind: Kind) -> Result<Option<Link>> {
    conn.fetch_optional(&GET, params![group, place, kind.name()], link).await
}

pub async fn of_group(conn: &mut Conn, group: &str, kind: Kind) -> Result<Vec<Link>> {
    conn.fetch(&OF_GROUP, params![group, kind.name()], link).await
}

/// Writes a link, new or known.
pub async fn put(tx: &mut Tx, l: &Link) -> Result<()> {
    let values =
        params![&l.group_id, &l.place_id, &l.kind, l.auto_add, l.scheme_admin, l.create_at, l.update_at, l.delete_at];
    tx.execute(&PUT, values).await?;
    Ok(())
}

/// Cuts the group's links to all channels of a team.
pub async fn cut_channels(tx: &mut Tx, group: &str, team: &str, now: i64) -> Result<()> {
    tx.execute(&CUT_CHANNELS, params![group, team, now]).await?;
    Ok(())
}

/// Of all channels of a team: the group ids, and whether those they bring administer, by channel id.
pub async fn by_channel(conn: &mut Conn, team: &str, limit: i64) -> Result<HashMap<String, Vec<(String, bool)>>> {
    let decode = |row: Row| {
        let mut r = row.read();
        Ok((r.get::<String>()?, r.get::<String>()?, r.get::<bool>()?))
    };
    let mut out: HashMap<String, Vec<(String, bool)>> = HashMap::new();
    for (channel, group, admin) in conn.fetch(&BY_CHANNEL, params![team, limit], decode).await? {
        out.entry(channel).or_default().push((group, admin));
    }
    Ok(out)
}

/// Whether the user is in a group that is linked to the place, or a bot.
pub async fn admits(conn: &mut Conn, place: &str, user: &str) -> Result<bool> {
    Ok(conn.fetch_optional(&ADMITS, params![place, user], Row::only::<i64>).await?.is_some())
}

pub async fn brought(tx: &mut Tx, place: &str, user: &str, now: i64) -> Result<()> {
    tx.execute(&BROUGHT, params![place, user, now]).await?;
    Ok(())
}

/// Everybody may be brought to the place again.
pub async fn forget_place(tx: &mut Tx, place: &str) -> Result<()> {
    tx.execute(&FORGET_PLACE, params![place]).await?;
    Ok(())
}

/// The user may be brought to the place again.
pub async fn forget_one(tx: &mut Tx, place: &str, user: &str) -> Result<()> {
    tx.execute(&FORGET_ONE, params![place, user]).await?;
    Ok(())
}

/// Whoever leaves a group and comes back is brought to its places again.
pub async fn forget_leaver(tx: &mut Tx, group: &str, user: &str) -> Result<()> {
    tx.execute(&FORGET_LEAVER, params![group, user]).await?;
    Ok(())
}

/// A place, somebody, and whether they administer it.
pub type Wanted = (String, String, bool);

/// Whom links want in places and have not brought yet; a page after `after` (place and user id in one). An empty `user`
/// means everybody.
pub async fn wanted(conn: &mut Conn, kind: Kind, user: &str, after: &str, limit: i64) -> Result<Vec<Wanted>> {
    let sql = match kind {
        Kind::Team => &WANTED_IN_TEAMS,
        Kind::Channel => &WANTED_IN_CHANNELS,
    };
    let decode = |row: Row| {
        let mut r = row.read();
        Ok((r.get()?, r.get()?, r.get::<i64>()? != 0))
    };
    conn.fetch(sql, params![user, after, limit], decode).await
}

/// As [`wanted`]: who is in a constrained place and in none of its groups.
pub async fn left_over(
    conn: &mut Conn,
    kind: Kind,
    user: &str,
    after: &str,
    limit: i64,
) -> Result<Vec<(String, String)>> {
    let sql = match kind {
        Kind::Team => &LEFT_OVER_IN_TEAMS,
        Kind::Channel => &LEFT_OVER_IN_CHANNELS,
    };
    let decode = |row: Row| {
        let mut r = row.read();
        Ok((r.get()?, r.get()?))
    };
    conn.fetch(sql, params![user, after, limit], decode).await
}
