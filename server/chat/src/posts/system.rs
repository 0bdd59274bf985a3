//! What the server itself writes into a channel: who came and went, what was renamed. Clients draw these from their type
//! and props in the reader's language; the message is for those that do not.

use super::create::write;
use crate::{Result, Site};
use db::Tx;
use serde_json::json;
use wire::{Channel, Post, Props, User};

/// Something that happened in a channel.
#[derive(Clone, Copy, Debug)]
pub enum Happened<'a> {
    /// Somebody came on their own.
    Joined(&'a User),
    /// Somebody was brought by another.
    Added(&'a User, &'a User),
    Left(&'a User),
    /// Somebody was removed by another.
    Removed(&'a User, &'a User),
    /// Into or out of the team; said in its default channel.
    JoinedTeam(&'a User),
    AddedToTeam(&'a User, &'a User),
    LeftTeam(&'a User),
    RemovedFromTeam(&'a User),
    /// By whom, from, to.
    Header(&'a User, &'a str, &'a str),
    DisplayName(&'a User, &'a str, &'a str),
    Purpose(&'a User, &'a str, &'a str),
    Archived(&'a User),
    Restored(&'a User),
    /// Messages are translated from now on, or no longer.
    Translated(&'a User, bool),
    /// A group message became a private channel: by whom, and who was in it.
    BecameChannel(&'a User, &'a [String]),
}

fn is_guest(user: &User) -> bool {
    user.roles.split_whitespace().any(|r| r == "system_guest")
}

impl Happened<'_> {
    /// Who writes the message.
    fn author(&self) -> &User {
        match self {
            Self::Joined(u) | Self::Left(u) | Self::JoinedTeam(u) | Self::LeftTeam(u) | Self::RemovedFromTeam(u) => u,
            Self::Archived(u) | Self::Restored(u) | Self::Translated(u, _) => u,
            Self::Added(_, by) | Self::Removed(_, by) | Self::AddedToTeam(_, by) => by,
            Self::Header(u, ..) | Self::DisplayName(u, ..) | Self::Purpose(u, ..) | Self::BecameChannel(u, _) => u,
        }
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::Joined(u) if is_guest(u) => "system_guest_join_channel",
            Self::Joined(_) => "system_join_channel",
            Self::Added(u, _) if is_guest(u) => "system_add_guest_to_chan",
            Self::Added(..) => "system_add_to_channel",
            Self::Left(_) => "system_leave_channel",
            Self::Removed(..) => "system_remove_from_channel",
            Self::JoinedTeam(_) => "system_join_team",
            Self::AddedToTeam(..) => "system_add_to_team",
            Self::LeftTeam(_) => "system_leave_team",
            Self::RemovedFromTeam(_) => "system_remove_from_team",
            Self::Header(..) => "system_header_change",
            Self::DisplayName(..) => "system_displayname_change",
            Self::Purpose(..) => "system_purpose_change",
            Self::Archived(_) => "system_channel_deleted",
            Self::Restored(_) => "system_channel_restored",
            Self::Translated(..) => "system_autotranslation",
            Self::BecameChannel(..) => "system_gm_to_channel",
        }
    }

    fn message(&self) -> String {
        match self {
            Self::Joined(u) => format!("{} joined the channel.", u.username),
            Self::Added(u, by) => format!("{} added to the channel by {}.", u.username, by.username),
            Self::Left(u) => format!("{} has left the channel.", u.username),
            Self::Removed(u, _) => format!("{} was removed from the channel.", u.username),
            Self::JoinedTeam(u) => format!("{} joined the team.", u.username),
            Self::AddedToTeam(u, by) => format!("{} added to the team by {}.", u.username, by.username),
            Self::LeftTeam(u) => format!("{} left the team.", u.username),
            Self::RemovedFromTeam(u) => format!("{} was removed from the team.", u.username),
            Self::Header(u, from, to) => changed("header", u, from, to),
            Self::DisplayName(u, from, to) => changed("display name", u, from, to),
            Self::Purpose(u, from, to) => changed("purpose", u, from, to),
            Self::Archived(u) => format!("{} archived the channel.", u.username),
            Self::Restored(u) => format!("{} unarchived the channel.", u.username),
            Self::Translated(u, true) => format!("{} enabled automatic translation in this channel.", u.username),
            Self::Translated(u, false) => format!("{} disabled automatic translation in this channel.", u.username),
            Self::BecameChannel(u, _) => format!("{} made this group message a private channel.", u.username),
        }
    }

    fn props(&self) -> Props {
        let value = match self {
            Self::Joined(u) | Self::Left(u) | Self::JoinedTeam(u) | Self::LeftTeam(u) | Self::Archived(u) => {
                json!({"username": u.username})
            }
            Self::Restored(u) | Self::RemovedFromTeam(u) => json!({"username": u.username}),
            Self::Added(u, by) | Self::AddedToTeam(u, by) => json!({
                "userId": by.id, "username": by.username, "addedUserId": u.id, "addedUsername": u.username
            }),
            Self::Translated(u, on) => json!({"username": u.username, "enabled": on}),
            Self::Removed(u, _) => json!({"removedUserId": u.id, "removedUsername": u.username}),
            Self::Header(u, from, to) => json!({"username": u.username, "old_header": from, "new_header": to}),
            Self::DisplayName(u, from, to) => {
                json!({"username": u.username, "old_displayname": from, "new_displayname": to})
            }
            Self::BecameChannel(u, members) => json!({
                "convertedByUserId": u.id, "gmMembersDuringConversionIDs": members
            }),
            Self::Purpose(u, from, to) => json!({"username": u.username, "old_purpose": from, "new_purpose": to}),
        };
        value.as_object().cloned().unwrap_or_default()
    }
}

fn changed(what: &str, by: &User, from: &str, to: &str) -> String {
    match (from, to) {
        ("", to) => format!("{} updated the channel {what} to: {to}", by.username),
        (from, "") => format!("{} removed the channel {what} (was: {from})", by.username),
        (from, to) => format!("{} updated the channel {what} from: {from} to: {to}", by.username),
    }
}

/// Writes what happened into the channel, in the transaction in which it happens.
///
/// # Errors
/// When the database fails.
pub async fn say(site: &Site, tx: &mut Tx, channel: &Channel, happened: Happened<'_>) -> Result<()> {
    let post = Post {
        id: kit::id::new(),
        user_id: happened.author().id.clone(),
        channel_id: channel.id.clone(),
        message: happened.message(),
        kind: happened.kind().into(),
        props: happened.props(),
        ..Post::default()
    };
    write(site, tx, channel, post).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_find_the_names_in_the_props() {
        let user = |id: &str, name: &str, roles: &str| User {
            id: id.into(),
            username: name.into(),
            roles: roles.into(),
            ..User::default()
        };
        let (ana, guest) = (user("1", "ana", "system_user"), user("2", "gus", "system_guest"));
        let added = Happened::Added(&guest, &ana);
        assert_eq!((added.kind(), added.author().id.as_str()), ("system_add_guest_to_chan", "1"));
        assert_eq!(added.props()["addedUsername"], "gus");
        let header = Happened::Header(&ana, "", "new");
        assert_eq!(header.message(), "ana updated the channel header to: new");
        assert_eq!(header.props()["old_header"], "");
    }
}
