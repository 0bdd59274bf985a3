//! Permissions as data: the built-in roles and what each may do. One place answers "may this actor do that here?".

mod builtin;

use crate::{Actor, Result, Site};
use axum::extract::{Path, State};
use axum::routing::{get, post};
use axum::{Json, Router};

/// The id of a permission, as clients know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permission(pub &'static str);

impl Permission {
    pub const READ_CHANNEL: Self = Self("read_channel");
    pub const CREATE_POST: Self = Self("create_post");
    pub const EDIT_POST: Self = Self("edit_post");
    pub const DELETE_POST: Self = Self("delete_post");
    pub const DELETE_OTHERS_POSTS: Self = Self("delete_others_posts");
    pub const ADD_REACTION: Self = Self("add_reaction");
    pub const UPLOAD_FILE: Self = Self("upload_file");
    pub const MANAGE_CHANNEL: Self = Self("manage_public_channel_properties");
    pub const MANAGE_CHANNEL_MEMBERS: Self = Self("manage_public_channel_members");
    pub const DELETE_CHANNEL: Self = Self("delete_public_channel");
    pub const MANAGE_CHANNEL_ROLES: Self = Self("manage_channel_roles");
    pub const JOIN_PUBLIC_CHANNELS: Self = Self("join_public_channels");
    pub const CREATE_PUBLIC_CHANNEL: Self = Self("create_public_channel");
    pub const CREATE_PRIVATE_CHANNEL: Self = Self("create_private_channel");
    pub const LIST_TEAM_CHANNELS: Self = Self("list_team_channels");
    pub const VIEW_TEAM: Self = Self("view_team");
    pub const MANAGE_TEAM: Self = Self("manage_team");
    pub const INVITE_USER: Self = Self("invite_user");
    pub const ADD_USER_TO_TEAM: Self = Self("add_user_to_team");
    pub const REMOVE_USER_FROM_TEAM: Self = Self("remove_user_from_team");
    pub const CREATE_TEAM: Self = Self("create_team");
    pub const CREATE_DIRECT_CHANNEL: Self = Self("create_direct_channel");
    pub const CREATE_GROUP_CHANNEL: Self = Self("create_group_channel");
    pub const MANAGE_SLASH_COMMANDS: Self = Self("manage_own_slash_commands");
}

/// Whether any of `roles` (role names) grants `permission`.
pub fn grant<'a>(roles: impl IntoIterator<Item = &'a str>, permission: Permission) -> bool {
    roles.into_iter().any(|role| role == "system_admin" || builtin::permissions(role).contains(&permission.0))
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
    grant(actor.roles.iter().map(String::as_str), permission)
}

/// Routes of this domain.
pub fn router() -> Router<Site> {
    Router::new()
        .route("/roles/names", post(by_names))
        .route("/roles/name/{name}", get(by_name))
        .route("/roles", get(all))
}

async fn by_names(_: Actor, Json(names): Json<Vec<String>>) -> Json<Vec<wire::Role>> {
    Json(names.iter().filter_map(|n| builtin::role(n)).collect())
}

async fn by_name(_: Actor, Path(name): Path<String>) -> Result<Json<wire::Role>> {
    let missing = || crate::Error::not_found("app.role.get_by_name.app_error", "There is no such role.");
    builtin::role(&name).map(Json).ok_or_else(missing)
}

async fn all(_: Actor, State(_): State<Site>) -> Json<Vec<wire::Role>> {
    Json(builtin::NAMES.iter().filter_map(|n| builtin::role(n)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guests_do_less_than_members_and_admins_everything() {
        assert!(grant(["channel_user"], Permission::MANAGE_CHANNEL));
        assert!(!grant(["channel_guest"], Permission::MANAGE_CHANNEL));
        assert!(grant(["channel_guest"], Permission::CREATE_POST));
        assert!(!grant(["team_guest"], Permission::JOIN_PUBLIC_CHANNELS));
        assert!(grant(["system_user", "system_admin"], Permission::MANAGE_TEAM));
        assert!(!grant(["system_user"], Permission::MANAGE_TEAM));
    }
}
