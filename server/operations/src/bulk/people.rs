//! Applies lines of users, with what they chose, and of bots.

use super::line::{self, text};
use super::memberships::member_of_team;
use super::names::Names;
use super::store;
use chat::{Result, Site, preferences, users};
use db::{Tx, params};
use serde_json::json;
use wire::{Preference, StringMap};

/// Preferences that a user line has fields for: field, category, name.
type Setting = (fn(&line::User) -> &Option<String>, &'static str, &'static str);

const SETTINGS: [Setting; 11] = [
    (|u| &u.theme, "theme", ""),
    (|u| &u.military_time, "display_settings", "use_military_time"),
    (|u| &u.link_previews, "display_settings", "collapse_previews"),
    (|u| &u.message_display, "display_settings", "message_display"),
    (|u| &u.collapse_consecutive_messages, "display_settings", "collapse_consecutive_messages"),
    (|u| &u.colorize_usernames, "display_settings", "colorize_usernames"),
    (|u| &u.channel_display_mode, "display_settings", "channel_display_mode"),
    (|u| &u.email_interval, "notifications", "email_interval"),
    (|u| &u.formatting, "advanced_settings", "formatting"),
    (|u| &u.show_unread_section, "sidebar_settings", "show_unread_section"),
    (|u| &u.feature_enabled_markdown_preview, "advanced_settings", "feature_enabled_markdown_preview"),
];

/// The stored preferences that are written into a user line.
pub fn settings_of(user: &mut line::User, find: impl Fn(&str, &str) -> Option<String>) {
    let get = |category: &str, name: &str| find(category, name);
    user.theme = get("theme", "");
    user.military_time = get("display_settings", "use_military_time");
    user.link_previews = get("display_settings", "collapse_previews");
    user.message_display = get("display_settings", "message_display");
    user.collapse_consecutive_messages = get("display_settings", "collapse_consecutive_messages");
    user.colorize_usernames = get("display_settings", "colorize_usernames");
    user.channel_display_mode = get("display_settings", "channel_display_mode");
    user.email_interval = get("notifications", "email_interval");
    user.formatting = get("advanced_settings", "formatting");
    user.show_unread_section = get("sidebar_settings", "show_unread_section");
    user.feature_enabled_markdown_preview = get("advanced_settings", "feature_enabled_markdown_preview");
}

/// `password` is the hash of what the line gives, if it gives one.
pub async fn user(site: &Site, tx: &mut Tx, names: &mut Names, u: &line::User, password: Option<String>) -> Result<()> {
    let (name, email, now) = (text(&u.username), text(&u.email).to_lowercase(), site.clock.now_ms());
    let id = match names.user(name) {
        Some(id) => id.to_owned(),
        None => {
            let id = kit::id::new();
            let notify = json!(users::default_notify_props(StringMap::new()));
            let timezone = json!(users::default_timezone());
            let values = params![&id, now, name, &email, "system_user", json!({}), notify, timezone, false];
            store::insert_user(tx, values).await?;
            names.add_user(name, &id);
            id
        }
    };
    let values = params![
        &id,
        &email,
        now,
        u.nickname.clone(),
        u.first_name.clone(),
        u.last_name.clone(),
        u.position.clone(),
        u.roles.clone().filter(|r| !r.is_empty()),
        u.locale.clone().filter(|l| !l.is_empty()),
        u.delete_at,
        password,
        u.auth_service.clone(),
        u.auth_data.clone()
    ];
    store::update_user(tx, values).await?;
    if u.custom_status.is_some() || u.notify_props.is_some() {
        let (mut props, mut notify) = store::user_json(tx, &id).await?;
        if let Some(status) = &u.custom_status {
            props["customStatus"] = status.to_string().into();
        }
        for (key, value) in u.notify_props.iter().flatten() {
            // The format has a name of its own for this one.
            let key = if key == "mobile" {
                "push"
            } else if key == "mobile_push_status" {
                "push_status"
            } else {
                key
            };
            notify[key] = value.as_str().into();
        }
        store::set_user_json(tx, &id, props, notify).await?;
    }
    for (field, category, name) in SETTINGS {
        if let Some(value) = field(u) {
            prefer(tx, &id, category, name, value).await?;
        }
    }
    if let Some(step) = &u.tutorial_step {
        prefer(tx, &id, "tutorial_step", &id, step).await?;
    }
    let guest = text(&u.roles).split_whitespace().any(|r| r == "system_guest");
    for team in u.teams.iter().flatten() {
        member_of_team(site, tx, names, &id, team, guest).await?;
    }
    Ok(())
}

/// Sets a preference of a user.
pub async fn prefer(tx: &mut Tx, user: &str, category: &str, name: &str, value: &str) -> Result<()> {
    let preference =
        Preference { user_id: user.into(), category: category.into(), name: name.into(), value: value.into() };
    preferences::set(tx, &preference).await
}

pub async fn bot(site: &Site, tx: &mut Tx, names: &mut Names, b: &line::Bot) -> Result<()> {
    let (name, now) = (text(&b.username), site.clock.now_ms());
    let owner = match names.user(text(&b.owner)) {
        Some(id) => id.to_owned(),
        None => store::first_admin(tx).await?.unwrap_or_default(),
    };
    let id = match names.user(name) {
        Some(id) => id.to_owned(),
        None => {
            let id = kit::id::new();
            let notify = json!(users::default_notify_props(StringMap::new()));
            let (timezone, email) = (json!(users::default_timezone()), format!("{name}@localhost"));
            let values = params![&id, now, name, email, "system_user", json!({}), notify, timezone, true];
            store::insert_user(tx, values).await?;
            names.add_user(name, &id);
            id
        }
    };
    let none = None::<String>;
    let email = format!("{name}@localhost");
    let values = params![
        &id,
        email,
        now,
        none.clone(),
        b.display_name.clone(),
        none.clone(),
        none.clone(),
        none.clone(),
        none.clone(),
        b.delete_at,
        none.clone(),
        none.clone(),
        none
    ];
    store::update_user(tx, values).await?;
    store::put_bot(tx, params![&id, b.description.clone(), owner, now, b.delete_at]).await?;
    Ok(())
}
