//! The built-in roles with the default permissions that Mattermost's clients decide their buttons from.

/// Every built-in role of this server.
pub const NAMES: [&str; 9] = [
    "system_admin",
    "system_user",
    "system_guest",
    "team_user",
    "team_admin",
    "team_guest",
    "channel_user",
    "channel_admin",
    "channel_guest",
];

const SYSTEM_USER: &[&str] = &[
    "list_public_teams",
    "join_public_teams",
    "create_direct_channel",
    "create_group_channel",
    "view_members",
    "create_team",
    "create_emojis",
    "delete_emojis",
];
const SYSTEM_GUEST: &[&str] = &["create_direct_channel", "create_group_channel"];
const TEAM_USER: &[&str] = &[
    "list_team_channels",
    "join_public_channels",
    "read_public_channel",
    "view_team",
    "create_public_channel",
    "create_private_channel",
    "invite_user",
    "add_user_to_team",
];
const TEAM_ADMIN: &[&str] = &[
    "remove_user_from_team",
    "manage_team",
    "import_team",
    "manage_team_roles",
    "manage_channel_roles",
    "convert_public_channel_to_private",
    "convert_private_channel_to_public",
    "delete_post",
    "delete_others_posts",
    "read_channel",
    "manage_public_channel_properties",
    "manage_public_channel_members",
    "delete_public_channel",
    "manage_incoming_webhooks",
    "manage_own_incoming_webhooks",
    "manage_others_incoming_webhooks",
    "manage_outgoing_webhooks",
    "manage_own_outgoing_webhooks",
    "manage_others_outgoing_webhooks",
    "manage_slash_commands",
    "manage_own_slash_commands",
    "manage_others_slash_commands",
];
const CHANNEL_USER: &[&str] = &[
    "read_channel",
    "read_channel_content",
    "add_reaction",
    "remove_reaction",
    "manage_public_channel_members",
    "upload_file",
    "get_public_link",
    "create_post",
    "use_channel_mentions",
    "use_slash_commands",
    "manage_public_channel_properties",
    "delete_public_channel",
    "manage_private_channel_properties",
    "delete_private_channel",
    "manage_private_channel_members",
    "delete_post",
    "edit_post",
    "add_bookmark_public_channel",
    "add_bookmark_private_channel",
    "edit_bookmark_public_channel",
    "edit_bookmark_private_channel",
    "delete_bookmark_public_channel",
    "delete_bookmark_private_channel",
    "order_bookmark_public_channel",
    "order_bookmark_private_channel",
];
const CHANNEL_GUEST: &[&str] = &[
    "read_channel",
    "read_channel_content",
    "add_reaction",
    "remove_reaction",
    "upload_file",
    "edit_post",
    "create_post",
    "use_channel_mentions",
    "use_slash_commands",
];
const CHANNEL_ADMIN: &[&str] = &["manage_channel_roles", "use_group_mentions"];
const SYSTEM_ADMIN: &[&str] = &[
    "manage_system",
    "manage_roles",
    "edit_other_users",
    "edit_others_posts",
    "assign_system_admin_role",
    "create_bot",
    "manage_bots",
    "manage_others_bots",
    "read_bots",
    "read_others_bots",
    "create_user_access_token",
    "read_user_access_token",
    "revoke_user_access_token",
    "list_private_teams",
    "join_private_teams",
    "list_users_without_team",
    "delete_others_emojis",
    "remove_others_reactions",
    "view_team",
    "use_slash_commands",
    "manage_oauth",
    "manage_system_wide_oauth",
    "bypass_incoming_webhook_channel_lock",
];

/// What a role may do; an unknown role may nothing.
pub fn permissions(role: &str) -> &'static [&'static str] {
    match role {
        "system_user" => SYSTEM_USER,
        "system_guest" => SYSTEM_GUEST,
        "team_user" => TEAM_USER,
        "team_guest" => &["view_team"],
        "team_admin" => TEAM_ADMIN,
        "channel_user" => CHANNEL_USER,
        "channel_guest" => CHANNEL_GUEST,
        "channel_admin" => CHANNEL_ADMIN,
        "system_admin" => SYSTEM_ADMIN,
        _ => &[],
    }
}

/// The role as clients see it.
pub fn role(name: &str) -> Option<wire::Role> {
    if !NAMES.contains(&name) {
        return None;
    }
    let all: &[&[&str]] = match name {
        "system_admin" => &[SYSTEM_ADMIN, SYSTEM_USER, TEAM_USER, TEAM_ADMIN, CHANNEL_USER, CHANNEL_ADMIN],
        _ => &[permissions(name)],
    };
    let mut permissions: Vec<String> = all.iter().flat_map(|list| list.iter().map(|p| (*p).to_owned())).collect();
    permissions.sort_unstable();
    permissions.dedup();
    Some(wire::Role {
        id: format!("{name:x<26}").replace('_', "x").chars().take(26).collect(),
        name: name.into(),
        display_name: name.replace('_', " "),
        permissions,
        scheme_managed: !name.starts_with("system"),
        built_in: true,
        ..wire::Role::default()
    })
}
