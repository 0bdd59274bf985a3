//! Which rows go with a post, a channel, a team or a user. The tables of the whole server are here, because they are one
//! schema: a table that names one of these belongs into these lists, which a test holds against the schema.

use db::{Conn, Result, Row, Sql, Tx, Value, params};

/// Some posts: a condition on `posts` with the parameter `$1`.
#[derive(Clone, Copy)]
pub struct Posts(&'static str);

impl Posts {
    /// A post and, when it begins a thread, the replies.
    pub const THREAD: Self = Self("id = $1 OR root_id = $1");
    /// Those of a list.
    pub const THESE: Self = Self("id IN LIST($1)");
    pub const OF_CHANNEL: Self = Self("channel_id = $1");
    /// What a user wrote, and the answers to it, which would hang in the air.
    pub const OF_USER: Self =
        Self("user_id = $1 OR root_id IN (SELECT r.id FROM posts r WHERE r.user_id = $1 AND r.root_id = '')");
}

/// What names a post by its id.
const ABOUT_POSTS: [(&str, &str); 23] = [
    ("calls_sessions", "call_id IN (SELECT c.id FROM calls c WHERE c.post_id IN {})"),
    ("calls_jobs", "call_id IN (SELECT c.id FROM calls c WHERE c.post_id IN {})"),
    ("calls", "post_id IN {}"),
    ("agent_runs", "post_id IN {}"),
    ("translation_queue", "post_id IN {}"),
    ("file_infos", "post_id IN {}"),
    ("reactions", "post_id IN {}"),
    ("thread_memberships", "post_id IN {}"),
    ("threads", "post_id IN {}"),
    ("post_mentions", "post_id IN {}"),
    ("post_priority", "post_id IN {}"),
    ("post_acknowledgements", "post_id IN {}"),
    ("post_reminders", "post_id IN {}"),
    ("post_versions", "post_id IN {}"),
    ("persistent_notifications", "post_id IN {}"),
    ("pending_posts", "post_id IN {}"),
    ("drafts", "root_id IN {}"),
    ("scheduled_posts", "root_id IN {}"),
    ("preferences", "category = 'flagged_post' AND name IN {}"),
    ("post_links", "post_id IN {}"),
    ("push_posts", "post_id IN {}"),
    ("push_queue", "post_id IN {}"),
    ("push_shown", "root_id IN {}"),
];

/// What people have begun to write is theirs, however old the thread is.
const BEGUN: [&str; 2] = ["drafts", "scheduled_posts"];
/// What a first post keeps that is there only for its answers.
const OF_THREADS: [&str; 5] = ["drafts", "scheduled_posts", "threads", "thread_memberships", "push_shown"];

/// What belongs to a channel, when its posts are gone.
const OF_CHANNEL: [(&str, &str); 19] = [
    ("group_links", "place_id = $1"),
    ("group_brought", "place_id = $1"),
    ("channel_members", "channel_id = $1"),
    ("sidebar_channels", "channel_id = $1"),
    ("drafts", "channel_id = $1"),
    ("scheduled_posts", "channel_id = $1"),
    ("file_infos", "channel_id = $1"),
    ("channel_bookmarks", "channel_id = $1"),
    ("calls_channels", "channel_id = $1"),
    ("calls", "channel_id = $1"),
    ("incoming_webhooks", "channel_id = $1"),
    ("outgoing_webhooks", "channel_id = $1"),
    ("command_responses", "channel_id = $1"),
    ("preferences", "name = $1"),
    ("retention_channels", "channel_id = $1"),
    ("push_queue", "channel_id = $1"),
    ("push_shown", "channel_id = $1"),
    ("threads", "channel_id = $1"),
    ("channels", "id = $1"),
];

/// What belongs to a team, when its channels are gone.
const OF_TEAM: [(&str, &str); 14] = [
    ("group_links", "place_id = $1"),
    ("group_brought", "place_id = $1"),
    ("team_members", "team_id = $1"),
    ("retention_teams", "team_id = $1"),
    ("sidebar_channels", "team_id = $1"),
    ("sidebar_categories", "team_id = $1"),
    ("incoming_webhooks", "team_id = $1"),
    ("outgoing_webhooks", "team_id = $1"),
    ("command_responses", "command_id IN (SELECT c.id FROM commands c WHERE c.team_id = $1)"),
    ("commands", "team_id = $1"),
    ("invitation_uses", "invitation_id IN (SELECT i.id FROM invitations i WHERE i.team_id = $1)"),
    ("invitations", "team_id = $1"),
    ("preferences", "name = $1"),
    ("teams", "id = $1"),
];

/// What belongs to a user, when what they wrote is gone.
const OF_USER: [(&str, &str); 43] = [
    ("group_brought", "user_id = $1"),
    ("directory_people", "user_id = $1"),
    ("sessions", "user_id = $1"),
    ("push_queue", "user_id = $1"),
    ("push_shown", "user_id = $1"),
    ("user_access_tokens", "user_id = $1"),
    ("account_codes", "user_id = $1"),
    ("statuses", "user_id = $1"),
    ("preferences", "user_id = $1 OR name = $1"),
    ("profile_images", "user_id = $1"),
    ("profile_values", "user_id = $1"),
    ("team_members", "user_id = $1"),
    ("channel_members", "user_id = $1"),
    ("group_members", "user_id = $1"),
    ("sidebar_channels", "user_id = $1"),
    ("sidebar_categories", "user_id = $1"),
    ("drafts", "user_id = $1"),
    ("scheduled_posts", "user_id = $1"),
    ("file_infos", "user_id = $1"),
    ("reactions", "user_id = $1"),
    ("thread_memberships", "user_id = $1"),
    ("post_mentions", "user_id = $1"),
    ("post_acknowledgements", "user_id = $1"),
    ("post_reminders", "user_id = $1"),
    ("pending_posts", "user_id = $1"),
    ("agent_runs", "user_id = $1 OR bot_id = $1"),
    ("calls_sessions", "user_id = $1"),
    ("incoming_webhooks", "user_id = $1"),
    ("outgoing_webhooks", "creator_id = $1"),
    ("command_responses", "user_id = $1 OR command_id IN (SELECT c.id FROM commands c WHERE c.creator_id = $1)"),
    ("commands", "creator_id = $1"),
    ("invitation_uses", "user_id = $1 OR invitation_id IN (SELECT i.id FROM invitations i WHERE i.creator_id = $1)"),
    ("invitations", "creator_id = $1"),
    ("invitations", "email <> '' AND email = (SELECT u.email FROM users u WHERE u.id = $1)"),
    (
        "sessions",
        "id IN (SELECT g.session_id FROM oauth_grants g JOIN oauth_apps a ON a.id = g.app_id WHERE a.creator_id = $1)",
    ),
    ("oauth_authorizations", "user_id = $1 OR app_id IN (SELECT a.id FROM oauth_apps a WHERE a.creator_id = $1)"),
    ("oauth_codes", "user_id = $1 OR app_id IN (SELECT a.id FROM oauth_apps a WHERE a.creator_id = $1)"),
    ("oauth_grants", "user_id = $1 OR app_id IN (SELECT a.id FROM oauth_apps a WHERE a.creator_id = $1)"),
    ("oauth_apps", "creator_id = $1"),
    ("audits", "user_id = $1"),
    ("bots", "user_id = $1"),
    ("calls_jobs", "creator_id = $1"),
    ("users", "id = $1"),
];

/// What stays and no longer says whose it was.
const SIGNED: [(&str, &str); 6] = [
    ("account_codes", "creator_id"),
    ("channels", "creator_id"),
    ("emoji", "creator_id"),
    ("channel_bookmarks", "owner_id"),
    ("bots", "owner_id"),
    ("calls", "owner_id"),
];

const THREADS_ANSWERED: Sql = Sql::new(
    "SELECT DISTINCT p.root_id FROM posts p JOIN posts r ON r.id = p.root_id WHERE p.user_id = $1 AND r.user_id <> $1",
);
const UNREACT: Sql = Sql::new(
    "UPDATE posts SET has_reactions = FALSE WHERE id IN (SELECT r.post_id FROM reactions r WHERE r.user_id = $1)
     AND NOT EXISTS (SELECT 1 FROM reactions o WHERE o.post_id = posts.id AND o.user_id <> $1)",
);
/// The next sweep of uploads takes them: their bytes are no rows.
const AGE_UPLOADS: Sql = Sql::new("UPDATE upload_sessions SET create_at = 0 WHERE user_id = $1 OR channel_id = $1");
const CHANNELS_OF_TEAM: Sql = Sql::new("SELECT id FROM channels WHERE team_id = $1 ORDER BY id");

async fn delete(tx: &mut Tx, table: &str, condition: &str, id: impl Into<Value>) -> Result<()> {
    tx.execute(&Sql::built(format!("DELETE FROM {table} WHERE {condition}")), vec![id.into()]).await?;
    Ok(())
}

/// Whom these posts mention, in which channel: (channel, user).
pub async fn mentioned(conn: &mut Conn, posts: Posts, id: impl Into<Value>) -> Result<Vec<(String, String)>> {
    let sql = format!(
        "SELECT DISTINCT channel_id, user_id FROM post_mentions WHERE post_id IN (SELECT id FROM posts WHERE {})
         ORDER BY channel_id, user_id",
        posts.0
    );
    let pair = |row: Row| {
        let mut r = row.read();
        Ok((r.get()?, r.get()?))
    };
    conn.fetch(&Sql::built(sql), vec![id.into()], pair).await
}

/// Deletes these posts and what is about them.
pub async fn posts(tx: &mut Tx, posts: Posts, id: &str) -> Result<()> {
    let which = format!("(SELECT id FROM posts WHERE {})", posts.0);
    for (table, condition) in ABOUT_POSTS {
        delete(tx, table, &condition.replace("{}", &which), id).await?;
    }
    delete(tx, "posts", posts.0, id).await
}

async fn around(tx: &mut Tx, ids: &[String], kept: &[&str]) -> Result<()> {
    for (table, condition) in ABOUT_POSTS.iter().filter(|(table, _)| !kept.contains(table)) {
        delete(tx, table, &condition.replace("{}", "LIST($1)"), ids).await?;
    }
    Ok(())
}

/// Deletes posts that have become too old, and what is about them, but for what somebody has begun to write.
pub async fn aged_posts(tx: &mut Tx, ids: &[String]) -> Result<()> {
    around(tx, ids, &BEGUN).await?;
    delete(tx, "posts", Posts::THESE.0, ids).await
}

/// Deletes what is about these posts; they themselves stand, with their threads.
pub async fn around_posts(tx: &mut Tx, ids: &[String]) -> Result<()> {
    around(tx, ids, &OF_THREADS).await
}

pub async fn channel(tx: &mut Tx, id: &str) -> Result<()> {
    tx.execute(&AGE_UPLOADS, params![id]).await?;
    for (table, condition) in OF_CHANNEL {
        delete(tx, table, condition, id).await?;
    }
    Ok(())
}

pub async fn team(tx: &mut Tx, id: &str) -> Result<()> {
    for (table, condition) in OF_TEAM {
        delete(tx, table, condition, id).await?;
    }
    Ok(())
}

pub async fn user(tx: &mut Tx, id: &str) -> Result<()> {
    tx.execute(&AGE_UPLOADS, params![id]).await?;
    tx.execute(&UNREACT, params![id]).await?;
    for (table, column) in SIGNED {
        let sql = Sql::built(format!("UPDATE {table} SET {column} = '' WHERE {column} = $1"));
        tx.execute(&sql, params![id]).await?;
    }
    for (table, condition) in OF_USER {
        delete(tx, table, condition, id).await?;
    }
    Ok(())
}

/// Threads of others in which the user answered.
pub async fn threads_answered(conn: &mut Conn, user: &str) -> Result<Vec<String>> {
    conn.fetch(&THREADS_ANSWERED, params![user], Row::only).await
}

pub async fn channels_of_team(conn: &mut Conn, team: &str) -> Result<Vec<String>> {
    conn.fetch(&CHANNELS_OF_TEAM, params![team], Row::only).await
}
