//! Every statement of bulk export, in pages.

use db::{Conn, Result, Row, Sql, params};
use serde_json::Value as Json;

/// Rows of a page.
pub const PAGE: i64 = 500;

macro_rules! rows {
    ($($(#[$doc:meta])* $name:ident { $($field:ident: $type:ty),* $(,)? })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub struct $name { $(pub $field: $type,)* }
        impl $name {
            fn of(row: Row) -> Result<Self> {
                let mut r = row.read();
                Ok(Self { $($field: r.get()?,)* })
            }
        }
    )*};
}

rows! {
    Team { name: String, display_name: String, kind: String, description: String, open: bool, scheme: Option<String> }
    Channel {
        id: String, team: String, name: String, display_name: String, kind: String, header: String, purpose: String,
        delete_at: i64, scheme: Option<String>,
    }
    User {
        id: String, username: String, email: String, auth_service: String, auth_data: String, nickname: String,
        first_name: String, last_name: String, position: String, roles: String, locale: String, delete_at: i64,
        props: Json, notify_props: Json, picture: i64,
    }
    Bot { username: String, description: String, owner: Option<String> }
    Membership { team: String, roles: String, guest: bool, user: bool, admin: bool }
    ChannelMembership {
        team: String, channel_id: String, channel: String, roles: String, guest: bool, user: bool, admin: bool,
        notify_props: Json, last_viewed_at: i64, unread: i64, unread_root: i64, mention_count: i64,
        mention_count_root: i64, urgent: i64,
    }
    Member { username: String, id: String, last_viewed_at: i64, unread: i64, unread_root: i64, mentions: i64, mentions_root: i64 }
    Post {
        id: String, create_at: i64, edit_at: i64, pinned: bool, user: String, root_id: String, message: String,
        kind: String, props: Json,
    }
    Reaction { post_id: String, user: String, emoji_name: String, create_at: i64 }
    Named { of: String, name: String }
    Follower { post_id: String, user: String, last_viewed: i64 }
    File { post_id: String, id: String, name: String, path: String }
    Preference { category: String, name: String, value: String }
    Emoji { id: String, name: String, mime_type: String }
}

const TEAMS: Sql = Sql::new(
    "SELECT t.name, t.display_name, t.type, t.description, t.allow_open_invite, s.name FROM teams t
     LEFT JOIN schemes s ON s.id = t.scheme_id AND s.delete_at = 0 WHERE t.delete_at = 0 ORDER BY t.name",
);
const CHANNELS: Sql = Sql::new(
    "SELECT c.id, t.name, c.name, c.display_name, c.type, c.header, c.purpose, c.delete_at, s.name
     FROM channels c JOIN teams t ON t.id = c.team_id LEFT JOIN schemes s ON s.id = c.scheme_id AND s.delete_at = 0
     WHERE t.delete_at = 0 AND ($1 OR c.delete_at = 0) ORDER BY t.name, c.name",
);
const DIRECT: Sql = Sql::new(
    "SELECT c.id, c.team_id, c.name, c.display_name, c.type, c.header, c.purpose, c.delete_at, CAST(NULL AS TEXT) FROM channels c
     WHERE c.type IN ('D', 'G') AND c.delete_at = 0 AND c.id > $1 ORDER BY c.id LIMIT $2",
);
const USERS: Sql = Sql::new(
    "SELECT id, username, email, auth_service, auth_data, nickname, first_name, last_name, position, roles, locale, delete_at,
     props, notify_props, last_picture_update FROM users WHERE is_bot = FALSE AND username > $1 ORDER BY username LIMIT $2",
);
const BOT_USERS: Sql = Sql::new(
    "SELECT id, username, email, auth_service, auth_data, nickname, first_name, last_name, position, roles, locale, delete_at,
     props, notify_props, last_picture_update FROM users WHERE is_bot = TRUE ORDER BY username",
);
const BOTS: Sql = Sql::new(
    "SELECT u.username, b.description, o.username FROM bots b JOIN users u ON u.id = b.user_id LEFT JOIN users o ON o.id = b.owner_id",
);
const MEMBERSHIPS: Sql = Sql::new(
    "SELECT t.name, m.roles, m.scheme_guest, m.scheme_user, m.scheme_admin FROM team_members m JOIN teams t ON t.id = m.team_id
     WHERE m.user_id = $1 AND m.delete_at = 0 AND t.delete_at = 0 ORDER BY t.name",
);
// What was deleted is not exported, so what a member has read is told as the live posts less the unread ones.
const CHANNEL_MEMBERSHIPS: Sql = Sql::new(
    "SELECT t.name, c.id, c.name, m.roles, m.scheme_guest, m.scheme_user, m.scheme_admin, m.notify_props, m.last_viewed_at,
     c.total_msg_count - m.msg_count, c.total_msg_count_root - m.msg_count_root, m.mention_count, m.mention_count_root,
     m.urgent_mention_count
     FROM channel_members m JOIN channels c ON c.id = m.channel_id JOIN teams t ON t.id = c.team_id
     WHERE m.user_id = $1 AND t.delete_at = 0 AND ($2 OR c.delete_at = 0) ORDER BY t.name, c.name",
);
const MEMBERS: Sql = Sql::new(
    "SELECT u.username, u.id, m.last_viewed_at, c.total_msg_count - m.msg_count, c.total_msg_count_root - m.msg_count_root,
     m.mention_count, m.mention_count_root FROM channel_members m JOIN users u ON u.id = m.user_id
     JOIN channels c ON c.id = m.channel_id WHERE m.channel_id = $1 ORDER BY u.username",
);
const LIVE: Sql = Sql::new(
    "SELECT COUNT(*), CAST(COALESCE(SUM(CASE WHEN root_id = '' THEN 1 ELSE 0 END), 0) AS BIGINT) FROM posts
     WHERE channel_id = $1 AND delete_at = 0 AND type NOT IN LIST($2)",
);
macro_rules! posts {
    ($rest:literal) => {
        Sql::new(concat!(
            "SELECT p.id, p.create_at, p.edit_at, p.is_pinned, u.username, p.root_id, p.message, p.type, p.props
             FROM posts p JOIN users u ON u.id = p.user_id ",
            $rest
        ))
    };
}
const ROOTS: Sql = posts!(
    "WHERE p.channel_id = $1 AND p.delete_at = 0 AND p.root_id = '' AND (p.create_at > $2 OR p.create_at = $2 AND p.id > $3)
     ORDER BY p.create_at, p.id LIMIT $4"
);
const REPLIES: Sql = posts!("WHERE p.root_id IN LIST($1) AND p.delete_at = 0 ORDER BY p.create_at, p.id");
const REACTIONS: Sql = Sql::new(
    "SELECT r.post_id, u.username, r.emoji_name, r.create_at FROM reactions r JOIN users u ON u.id = r.user_id
     WHERE r.post_id IN LIST($1) ORDER BY r.create_at, u.username",
);
const FLAGS: Sql = Sql::new(
    "SELECT f.name, u.username FROM preferences f JOIN users u ON u.id = f.user_id
     WHERE f.category = 'flagged_post' AND f.value = 'true' AND f.name IN LIST($1) ORDER BY u.username",
);
const FOLLOWERS: Sql = Sql::new(
    "SELECT m.post_id, u.username, m.last_viewed_at FROM thread_memberships m JOIN users u ON u.id = m.user_id
     WHERE m.following = TRUE AND m.post_id IN LIST($1) ORDER BY u.username",
);
const FILES: Sql = Sql::new(
    "SELECT post_id, id, name, path FROM file_infos WHERE post_id IN LIST($1) AND delete_at = 0 ORDER BY create_at, id",
);
const PREFERENCES: Sql =
    Sql::new("SELECT category, name, value FROM preferences WHERE user_id = $1 AND category NOT IN ('flagged_post')");
const SHOWN_BY: Sql = Sql::new(
    "SELECT f.name, u.username FROM preferences f JOIN users u ON u.id = f.user_id
     WHERE f.category = $1 AND f.name IN LIST($2) AND f.value = 'true' AND u.username IN LIST($3) ORDER BY u.username",
);
const EMOJI: Sql = Sql::new("SELECT id, name, mime_type FROM emoji WHERE delete_at = 0 ORDER BY name");
pub async fn teams(c: &mut Conn) -> Result<Vec<Team>> {
    c.fetch(&TEAMS, vec![], Team::of).await
}

pub async fn channels(c: &mut Conn, archived: bool) -> Result<Vec<Channel>> {
    c.fetch(&CHANNELS, params![archived], Channel::of).await
}

pub async fn direct(c: &mut Conn, after: &str) -> Result<Vec<Channel>> {
    c.fetch(&DIRECT, params![after, PAGE], Channel::of).await
}

pub async fn users(c: &mut Conn, after: &str) -> Result<Vec<User>> {
    c.fetch(&USERS, params![after, PAGE], User::of).await
}

pub async fn bots(c: &mut Conn) -> Result<(Vec<User>, Vec<Bot>)> {
    Ok((c.fetch(&BOT_USERS, vec![], User::of).await?, c.fetch(&BOTS, vec![], Bot::of).await?))
}

pub async fn memberships(c: &mut Conn, user: &str) -> Result<Vec<Membership>> {
    c.fetch(&MEMBERSHIPS, params![user], Membership::of).await
}

pub async fn channel_memberships(c: &mut Conn, user: &str, archived: bool) -> Result<Vec<ChannelMembership>> {
    c.fetch(&CHANNEL_MEMBERSHIPS, params![user, archived], ChannelMembership::of).await
}

pub async fn members(c: &mut Conn, channel: &str) -> Result<Vec<Member>> {
    c.fetch(&MEMBERS, params![channel], Member::of).await
}

/// Live posts that count, and how many of them are roots.
pub async fn live(c: &mut Conn, channel: &str, uncounted: &[String]) -> Result<(i64, i64)> {
    let decode = |row: Row| {
        let mut r = row.read();
        Ok((r.get()?, r.get()?))
    };
    Ok(c.fetch_optional(&LIVE, params![channel, uncounted], decode).await?.unwrap_or_default())
}

pub async fn roots(c: &mut Conn, channel: &str, at: i64, id: &str) -> Result<Vec<Post>> {
    c.fetch(&ROOTS, params![channel, at, id, PAGE], Post::of).await
}

pub async fn replies(c: &mut Conn, roots: &[String]) -> Result<Vec<Post>> {
    c.fetch(&REPLIES, params![roots], Post::of).await
}

pub async fn reactions(c: &mut Conn, posts: &[String]) -> Result<Vec<Reaction>> {
    c.fetch(&REACTIONS, params![posts], Reaction::of).await
}

pub async fn flags(c: &mut Conn, posts: &[String]) -> Result<Vec<Named>> {
    c.fetch(&FLAGS, params![posts], Named::of).await
}

pub async fn followers(c: &mut Conn, posts: &[String]) -> Result<Vec<Follower>> {
    c.fetch(&FOLLOWERS, params![posts], Follower::of).await
}

pub async fn files(c: &mut Conn, posts: &[String]) -> Result<Vec<File>> {
    c.fetch(&FILES, params![posts], File::of).await
}

pub async fn preferences(c: &mut Conn, user: &str) -> Result<Vec<Preference>> {
    c.fetch(&PREFERENCES, params![user], Preference::of).await
}

/// Which of `users` have a preference of this category and one of these names set.
pub async fn preferring(c: &mut Conn, category: &str, names: &[String], users: &[String]) -> Result<Vec<Named>> {
    c.fetch(&SHOWN_BY, params![category, names, users], Named::of).await
}

pub async fn emoji(c: &mut Conn) -> Result<Vec<Emoji>> {
    c.fetch(&EMOJI, vec![], Emoji::of).await
}
