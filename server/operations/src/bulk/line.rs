//! The lines of Mattermost's bulk format: one JSON object a line, `{"type": T, T: {…}}`. Fields that are not known are
//! passed over, as upstream's importer does; newer servers write more of them.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// Texts by name.
pub type Texts = BTreeMap<String, String>;

macro_rules! records {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_meta:meta])* $field:ident: $type:ty),* $(,)? })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
        #[serde(default)]
        pub struct $name {
            $($(#[$field_meta])* #[serde(skip_serializing_if = "Option::is_none")] pub $field: Option<$type>,)*
        }
    )*};
}

records! {
    /// One line.
    Line {
        r#type: String,
        version: u32,
        info: Value,
        role: Role,
        scheme: Scheme,
        emoji: Emoji,
        team: Team,
        channel: Channel,
        user: User,
        bot: Bot,
        post: Post,
        direct_channel: DirectChannel,
        direct_post: Post,
    }
    Role { name: String, display_name: String, description: String, permissions: Vec<String> }
    Scheme {
        name: String,
        display_name: String,
        description: String,
        scope: String,
        default_team_admin_role: Role,
        default_team_user_role: Role,
        default_team_guest_role: Role,
        default_channel_admin_role: Role,
        default_channel_user_role: Role,
        default_channel_guest_role: Role,
    }
    Emoji { name: String, image: String }
    Team {
        name: String,
        display_name: String,
        r#type: String,
        description: String,
        allow_open_invite: bool,
        scheme: String,
    }
    Channel {
        team: String,
        name: String,
        display_name: String,
        r#type: String,
        header: String,
        purpose: String,
        scheme: String,
        deleted_at: i64,
    }
    User {
        username: String,
        email: String,
        auth_service: String,
        auth_data: String,
        password: String,
        nickname: String,
        first_name: String,
        last_name: String,
        position: String,
        roles: String,
        locale: String,
        delete_at: i64,
        profile_image: String,
        theme: String,
        military_time: String,
        link_previews: String,
        message_display: String,
        collapse_consecutive_messages: String,
        colorize_usernames: String,
        channel_display_mode: String,
        tutorial_step: String,
        email_interval: String,
        formatting: String,
        show_unread_section: String,
        feature_enabled_markdown_preview: String,
        custom_status: Value,
        notify_props: Texts,
        teams: Vec<UserTeam>,
    }
    UserTeam { name: String, roles: String, theme: String, channels: Vec<UserChannel> }
    UserChannel {
        name: String,
        roles: String,
        notify_props: Texts,
        favorite: bool,
        mention_count: i64,
        mention_count_root: i64,
        #[serde(rename = "urgend_mention_count")]
        urgent_mention_count: i64,
        msg_count: i64,
        msg_count_root: i64,
        last_viewed_at: i64,
    }
    Bot {
        username: String,
        display_name: String,
        description: String,
        owner: String,
        delete_at: i64,
        profile_image: String,
    }
    /// A post, a reply or a direct post: they differ in what says where it belongs.
    Post {
        team: String,
        channel: String,
        channel_members: Vec<String>,
        user: String,
        message: String,
        create_at: i64,
        edit_at: i64,
        r#type: String,
        props: Value,
        is_pinned: bool,
        flagged_by: Vec<String>,
        reactions: Vec<Reaction>,
        replies: Vec<Post>,
        attachments: Vec<Attachment>,
        thread_followers: Vec<Follower>,
    }
    Reaction { user: String, emoji_name: String, create_at: i64 }
    Attachment { path: String }
    Follower { user: String, last_viewed: i64, unread_mentions: i64 }
    DirectChannel {
        members: Vec<String>,
        participants: Vec<Participant>,
        favorited_by: Vec<String>,
        shown_by: Vec<String>,
        header: String,
    }
    Participant {
        username: String,
        last_viewed_at: i64,
        msg_count: i64,
        msg_count_root: i64,
        mention_count: i64,
        mention_count_root: i64,
        notify_props: Texts,
    }
}

impl Line {
    /// The type, empty when there is none.
    pub fn kind(&self) -> &str {
        self.r#type.as_deref().unwrap_or_default()
    }
}

impl DirectChannel {
    /// Everybody in it, however the line says it.
    pub fn usernames(&self) -> Vec<String> {
        match (&self.members, &self.participants) {
            (Some(members), _) => members.clone(),
            (None, Some(list)) => list.iter().filter_map(|p| p.username.clone()).collect(),
            (None, None) => Vec::new(),
        }
    }
}

/// The text of an optional field; empty when it is absent.
pub fn text(field: &Option<String>) -> &str {
    field.as_deref().unwrap_or_default()
}
