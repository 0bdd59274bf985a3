//! Applies the lines that come before posts: teams, channels, users with their memberships, bots, direct channels.

use super::line::{self, DirectChannel, Participant, Texts, UserChannel, text};
use super::names::Names;
use super::store;
use chat::{Error, Result, Site, preferences, sidebar, users};
use db::{Tx, params};
use serde_json::{Value, json};
use sha1::{Digest, Sha1};
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

/// Which parts of the built-in roles a member has, and what is left of the text.
struct Roles {
    guest: bool,
    user: bool,
    admin: bool,
    explicit: String,
}

fn roles(scope: &str, given: &Option<String>, is_guest: bool) -> Roles {
    let named = |name: &str| format!("{scope}_{name}");
    let words: Vec<&str> = text(given).split_whitespace().collect();
    let has = |name: &str| words.contains(&named(name).as_str());
    let (guest, admin) = (has("guest") || words.is_empty() && is_guest, has("admin"));
    let built_in = ["guest", "user", "admin"].map(named);
    let explicit: Vec<&str> = words.iter().copied().filter(|w| !built_in.iter().any(|b| b == w)).collect();
    Roles { guest, user: !guest, admin, explicit: explicit.join(" ") }
}

pub async fn team(site: &Site, tx: &mut Tx, names: &mut Names, t: &line::Team) -> Result<()> {
    let (name, now) = (text(&t.name), site.clock.now_ms());
    let values = params![
        kit::id::new(),
        now,
        text(&t.display_name),
        name,
        text(&t.r#type),
        t.description.clone(),
        t.allow_open_invite,
        kit::id::new()
    ];
    let is_new = names.team(name).is_none();
    let id = store::put_team(tx, values).await?;
    names.add_team(name, &id);
    if is_new {
        for (channel, display_name) in [("town-square", "Town Square"), ("off-topic", "Off-Topic")] {
            let values = params![
                kit::id::new(),
                now,
                None::<i64>,
                &id,
                "O",
                display_name,
                channel,
                None::<String>,
                None::<String>,
                json!({})
            ];
            names.add_channel(&id, channel, &store::put_channel(tx, values).await?);
        }
    }
    Ok(())
}

pub async fn channel(site: &Site, tx: &mut Tx, names: &mut Names, c: &line::Channel) -> Result<()> {
    let Some(team) = names.team(text(&c.team)).map(str::to_owned) else { return Ok(()) };
    let values = params![
        kit::id::new(),
        site.clock.now_ms(),
        c.deleted_at,
        &team,
        text(&c.r#type),
        text(&c.display_name),
        text(&c.name),
        c.header.clone(),
        c.purpose.clone(),
        json!({})
    ];
    let id = store::put_channel(tx, values).await?;
    names.add_channel(&team, text(&c.name), &id);
    Ok(())
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

async fn prefer(tx: &mut Tx, user: &str, category: &str, name: &str, value: &str) -> Result<()> {
    let preference =
        Preference { user_id: user.into(), category: category.into(), name: name.into(), value: value.into() };
    preferences::set(tx, &preference).await
}

async fn member_of_team(
    site: &Site,
    tx: &mut Tx,
    names: &Names,
    user: &str,
    team: &line::UserTeam,
    guest: bool,
) -> Result<()> {
    let team_name = text(&team.name);
    let Some(id) = names.team(team_name).map(str::to_owned) else { return Ok(()) };
    let r = roles("team", &team.roles, guest);
    let values = params![&id, user, r.explicit, r.guest, r.user, r.admin, site.clock.now_ms()];
    store::put_team_member(tx, values).await?;
    let (hub, team_id, user_id) = (site.hub.clone(), id.clone(), user.to_owned());
    tx.after_commit(move || hub.joined_team(&team_id, &user_id));
    if let Some(theme) = &team.theme {
        prefer(tx, user, "theme", &id, theme).await?;
    }
    let listed = |name: &str| team.channels.iter().flatten().any(|c| text(&c.name) == name);
    if !guest && !listed(chat::channels::DEFAULT) {
        if let Some(channel) = names.channel(team_name, chat::channels::DEFAULT) {
            member_of_channel(site, tx, user, channel, &UserChannel::default(), guest).await?;
        }
    }
    for c in team.channels.iter().flatten() {
        if let Some(channel) = names.channel(team_name, text(&c.name)) {
            member_of_channel(site, tx, user, channel, c, guest).await?;
        }
    }
    Ok(())
}

fn notify_props(given: &Option<Texts>) -> Value {
    let mut props: StringMap = [
        ("desktop", "default"),
        ("email", "default"),
        ("push", "default"),
        ("mark_unread", "all"),
        ("ignore_channel_mentions", "default"),
    ]
    .map(|(k, v)| (k.into(), v.into()))
    .into();
    for (key, value) in given.iter().flatten() {
        props.insert(if key == "mobile" { "push".into() } else { key.clone() }, value.clone());
    }
    json!(props)
}

async fn member_of_channel(
    site: &Site,
    tx: &mut Tx,
    user: &str,
    channel: &str,
    c: &UserChannel,
    guest: bool,
) -> Result<()> {
    let r = roles("channel", &c.roles, guest);
    let values = params![
        channel,
        user,
        r.explicit,
        r.guest,
        r.user,
        r.admin,
        notify_props(&c.notify_props),
        site.clock.now_ms(),
        c.last_viewed_at,
        c.msg_count,
        // Files of servers before threads have one count.
        c.msg_count_root.or(c.msg_count),
        c.mention_count,
        c.mention_count_root.or(c.mention_count),
        c.notify_props.is_some(),
        c.urgent_mention_count
    ];
    store::put_channel_member(tx, values).await?;
    let (hub, channel_id, user_id) = (site.hub.clone(), channel.to_owned(), user.to_owned());
    tx.after_commit(move || hub.joined_channel(&channel_id, &user_id));
    if c.favorite == Some(true) {
        favour(tx, user, channel).await?;
    }
    Ok(())
}

async fn favour(tx: &mut Tx, user: &str, channel: &str) -> Result<()> {
    prefer(tx, user, sidebar::FAVOURITE, channel, "true").await?;
    sidebar::follow_preference(tx, user, channel, true).await
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

/// The direct or group channel of these users, made when there is none; its id.
pub async fn direct(site: &Site, tx: &mut Tx, names: &mut Names, members: &[String]) -> Result<String> {
    if let Some(id) = names.direct(members) {
        return Ok(id.to_owned());
    }
    let mut people: Vec<(String, String)> = members
        .iter()
        .map(|name| names.user(name).map(|id| (id.to_owned(), name.clone())))
        .collect::<Option<_>>()
        .ok_or_else(|| Error::invalid_body("members", "there is no such user"))?;
    people.sort();
    people.dedup();
    let ids: Vec<&str> = people.iter().map(|(id, _)| id.as_str()).collect();
    let (kind, name, display_name) = if let [one] = ids[..] {
        ("D", format!("{one}__{one}"), String::new())
    } else if ids.len() == 2 {
        ("D", ids.join("__"), String::new())
    } else {
        let mut usernames: Vec<&str> = people.iter().map(|(_, name)| name.as_str()).collect();
        usernames.sort_unstable();
        let name = data_encoding::HEXLOWER.encode(&Sha1::digest(ids.concat().as_bytes()));
        ("G", name, usernames.join(", "))
    };
    let values = params![
        kit::id::new(),
        site.clock.now_ms(),
        None::<i64>,
        "",
        kind,
        display_name,
        name,
        None::<String>,
        None::<String>,
        json!({})
    ];
    let channel = store::put_channel(tx, values).await?;
    for (id, _) in &people {
        member_of_channel(site, tx, id, &channel, &UserChannel::default(), false).await?;
    }
    names.add_direct(members, &channel);
    Ok(channel)
}

pub async fn direct_channel(site: &Site, tx: &mut Tx, names: &mut Names, d: &DirectChannel) -> Result<()> {
    let members = d.usernames();
    let channel = direct(site, tx, names, &members).await?;
    if let Some(header) = &d.header {
        if let Some(mut known) = chat::channels::get(tx, &channel).await? {
            known.header.clone_from(header);
            let (id, now) = (known.id, site.clock.now_ms());
            let values = params![
                id,
                now,
                None::<i64>,
                "",
                known.kind,
                known.display_name,
                known.name,
                Some(known.header),
                None::<String>,
                json!({})
            ];
            store::put_channel(tx, values).await?;
        }
    }
    for p in d.participants.iter().flatten() {
        participant(site, tx, names, &channel, p).await?;
    }
    for user in d.favorited_by.iter().flatten() {
        if let Some(id) = names.user(user) {
            favour(tx, id, &channel).await?;
        }
    }
    let ids: Vec<&str> = members.iter().filter_map(|m| names.user(m)).collect();
    for user in d.shown_by.iter().flatten() {
        let Some(id) = names.user(user) else { continue };
        let (category, name) = if ids.len() > 2 {
            ("group_channel_show", channel.as_str())
        } else {
            ("direct_channel_show", ids.iter().copied().find(|other| *other != id).unwrap_or(id))
        };
        prefer(tx, id, category, name, "true").await?;
    }
    Ok(())
}

async fn participant(site: &Site, tx: &mut Tx, names: &Names, channel: &str, p: &Participant) -> Result<()> {
    let Some(user) = names.user(text(&p.username)) else { return Ok(()) };
    let member = UserChannel {
        notify_props: p.notify_props.clone(),
        last_viewed_at: p.last_viewed_at,
        msg_count: p.msg_count,
        msg_count_root: p.msg_count_root,
        mention_count: p.mention_count,
        mention_count_root: p.mention_count_root,
        ..UserChannel::default()
    };
    member_of_channel(site, tx, user, channel, &member, false).await
}
