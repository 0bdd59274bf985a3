//! Permissions as data: roles, and what each may do, in the database and in memory.
//!
//! [`Actor`](crate::Actor) answers "may this actor do that?" for the whole site, [`teams::require`](crate::teams::require)
//! for a team and [`channels::access`](crate::channels::access) for a channel; all three ask [`Roles::grant`].

mod book;
pub mod membership;
pub mod moderated;
mod routes;
mod store;

pub use book::{Book, Roles};
pub use routes::router;
pub use store::{all, by_name, end, insert, update};

use crate::Actor;

/// The role that may do everything.
pub const SYSTEM_ADMIN: &str = "system_admin";
/// The role of accounts that see only where they were brought.
pub const SYSTEM_GUEST: &str = "system_guest";

/// The id of a permission, as clients know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permission(pub &'static str);

impl Permission {
    pub const MANAGE_SYSTEM: Self = Self("manage_system");
    pub const VIEW_MEMBERS: Self = Self("view_members");
    pub const LIST_PUBLIC_TEAMS: Self = Self("list_public_teams");
    pub const LIST_PRIVATE_TEAMS: Self = Self("list_private_teams");
    pub const JOIN_PUBLIC_TEAMS: Self = Self("join_public_teams");
    pub const JOIN_PRIVATE_TEAMS: Self = Self("join_private_teams");
    pub const DEMOTE_TO_GUEST: Self = Self("demote_to_guest");
    pub const PROMOTE_GUEST: Self = Self("promote_guest");
    pub const MANAGE_ROLES: Self = Self("manage_roles");
    pub const READ_CHANNEL: Self = Self("read_channel");
    pub const READ_PUBLIC_CHANNEL: Self = Self("read_public_channel");
    pub const CREATE_POST: Self = Self("create_post");
    pub const EDIT_POST: Self = Self("edit_post");
    pub const DELETE_POST: Self = Self("delete_post");
    pub const DELETE_OTHERS_POSTS: Self = Self("delete_others_posts");
    pub const ADD_REACTION: Self = Self("add_reaction");
    pub const UPLOAD_FILE: Self = Self("upload_file");
    /// Of the channel's kind: `channels::access` asks for the permission on private channels in a private one.
    pub const MANAGE_CHANNEL: Self = Self("manage_public_channel_properties");
    /// Of the channel's kind.
    pub const MANAGE_CHANNEL_MEMBERS: Self = Self("manage_public_channel_members");
    /// Of the channel's kind.
    pub const DELETE_CHANNEL: Self = Self("delete_public_channel");
    pub const MANAGE_CHANNEL_ROLES: Self = Self("manage_channel_roles");
    pub const JOIN_PUBLIC_CHANNELS: Self = Self("join_public_channels");
    pub const CREATE_PUBLIC_CHANNEL: Self = Self("create_public_channel");
    pub const CREATE_PRIVATE_CHANNEL: Self = Self("create_private_channel");
    pub const LIST_TEAM_CHANNELS: Self = Self("list_team_channels");
    pub const VIEW_TEAM: Self = Self("view_team");
    pub const MANAGE_TEAM: Self = Self("manage_team");
    pub const MANAGE_TEAM_ROLES: Self = Self("manage_team_roles");
    pub const INVITE_USER: Self = Self("invite_user");
    pub const ADD_USER_TO_TEAM: Self = Self("add_user_to_team");
    pub const REMOVE_USER_FROM_TEAM: Self = Self("remove_user_from_team");
    pub const CREATE_TEAM: Self = Self("create_team");
    pub const CREATE_DIRECT_CHANNEL: Self = Self("create_direct_channel");
    pub const CREATE_GROUP_CHANNEL: Self = Self("create_group_channel");
    pub const MANAGE_SLASH_COMMANDS: Self = Self("manage_own_slash_commands");

    /// The permission that a channel of `kind` asks for. The heading of a direct or group message belongs to those in it.
    pub(crate) fn in_kind(self, kind: &str) -> Self {
        match (kind, self) {
            ("O", any) => any,
            ("D" | "G", Self::MANAGE_CHANNEL) => Self::READ_CHANNEL,
            (_, Self::MANAGE_CHANNEL) => Self("manage_private_channel_properties"),
            (_, Self::MANAGE_CHANNEL_MEMBERS) => Self("manage_private_channel_members"),
            (_, Self::DELETE_CHANNEL) => Self("delete_private_channel"),
            (_, any) => any,
        }
    }
}

/// The permission to do `verb` (add, edit, delete, order) with the bookmarks of a channel of this kind.
pub fn bookmark(verb: &str, channel_kind: &str) -> Permission {
    let public = channel_kind == "O";
    Permission(match (verb, public) {
        ("add", true) => "add_bookmark_public_channel",
        ("edit", true) => "edit_bookmark_public_channel",
        ("delete", true) => "delete_bookmark_public_channel",
        (_, true) => "order_bookmark_public_channel",
        ("add", false) => "add_bookmark_private_channel",
        ("edit", false) => "edit_bookmark_private_channel",
        ("delete", false) => "delete_bookmark_private_channel",
        (_, false) => "order_bookmark_private_channel",
    })
}

/// Whether the actor's system roles grant `permission`.
pub fn system_can(actor: &Actor, permission: Permission) -> bool {
    actor.may(permission)
}

/// Whether the role string of an account names a guest.
pub fn is_guest(roles: &str) -> bool {
    roles.split_whitespace().any(|r| r == SYSTEM_GUEST)
}

/// SQL: whether the account with the id `$2` is a guest. Memberships are entered with it, so that they cannot differ.
macro_rules! account_is_guest {
    () => {
        "COALESCE((SELECT ' ' || u.roles || ' ' LIKE '% system_guest %' FROM users u WHERE u.id = $2), FALSE)"
    };
}
pub(crate) use account_is_guest;

/// Role names that follow from the flags of a membership and the scheme of its place, then those given one by one.
pub fn effective(names: [&str; 3], guest: bool, user: bool, admin: bool, explicit: &str) -> String {
    let [guest_role, user_role, admin_role] = names;
    let flags = [(guest, guest_role), (user && !guest, user_role), (admin, admin_role)];
    let from_flags = flags.iter().filter(|(on, _)| *on).map(|(_, name)| *name);
    from_flags.chain(explicit.split_whitespace()).collect::<Vec<_>>().join(" ")
}
