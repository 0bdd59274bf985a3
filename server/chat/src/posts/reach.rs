//! How far the mentions of a post reach: `@channel` and its relatives, and groups, are for those who may use them in the
//! channel. From others they are words; the post says so, so that clients do not light them up.

use super::rules;
use crate::roles::Permission;
use crate::{Result, Site, channels, groups, teams, users};
use db::Conn;
use wire::{Channel, Post};

const NO_CHANNEL: &str = "mentionHighlightDisabled";
const NO_GROUPS: &str = "disable_group_highlight";

/// What the author of a post may mention beside single people.
#[derive(Clone, Copy, Debug, Default)]
pub struct Reach {
    /// Everybody in the channel.
    pub channel: bool,
    pub groups: bool,
}

/// Finds it out, and says in the post what it may not.
///
/// # Errors
/// When the database fails.
pub async fn of(site: &Site, conn: &mut Conn, channel: &Channel, post: &mut Post) -> Result<Reach> {
    post.props.shift_remove(NO_CHANNEL);
    post.props.shift_remove(NO_GROUPS);
    let mut reach = Reach::default();
    if post.kind.starts_with("system_") || !post.message.contains('@') {
        return Ok(reach);
    }
    let (names, everybody) = rules::names(&post.message);
    if everybody {
        reach.channel = may(site, conn, channel, &post.user_id, Permission("use_channel_mentions")).await?;
        if !reach.channel {
            post.props.insert(NO_CHANNEL.into(), true.into());
        }
    }
    if !groups::mentioned(conn, &names, "").await?.is_empty() {
        reach.groups = may(site, conn, channel, &post.user_id, Permission("use_group_mentions")).await?;
        if !reach.groups {
            post.props.insert(NO_GROUPS.into(), true.into());
        }
    }
    Ok(reach)
}

/// Whether the author's roles grant it: in the whole site, in the channel, or in its team.
async fn may(site: &Site, conn: &mut Conn, channel: &Channel, author: &str, permission: Permission) -> Result<bool> {
    site.roles.refresh(conn, site.clock.now_ms()).await?;
    let mut names = users::get(conn, author).await?.unwrap_or_default().roles;
    if let Some(member) = channels::member(conn, &channel.id, author).await? {
        names = format!("{names} {}", member.roles);
    }
    if !channel.team_id.is_empty()
        && let Some(member) = teams::member(conn, &channel.team_id, author).await?.filter(|m| m.delete_at == 0)
    {
        names = format!("{names} {}", member.roles);
    }
    Ok(site.roles.roles().grant(names.split_whitespace(), permission))
}
