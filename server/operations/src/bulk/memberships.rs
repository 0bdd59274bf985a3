//! Who is in which team and channel, as the lines of users and direct channels say it.

use super::line::{self, Texts, UserChannel, text};
use super::names::Names;
use super::people::prefer;
use super::store;
use chat::{Result, Site, sidebar};
use db::{Tx, params};
use serde_json::{Value, json};
use wire::StringMap;

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

/// Puts a user into a team and the channels that the line names.
pub async fn member_of_team(
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

/// Puts a user into a channel.
pub async fn member_of_channel(
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

/// Puts a channel among the favourites of a user.
pub async fn favour(tx: &mut Tx, user: &str, channel: &str) -> Result<()> {
    prefer(tx, user, sidebar::FAVOURITE, channel, "true").await?;
    sidebar::follow_preference(tx, user, channel, true).await
}
