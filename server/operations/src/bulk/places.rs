//! Applies lines of teams, channels and direct channels.

use super::line::{self, DirectChannel, Participant, UserChannel, text};
use super::memberships::{favour, member_of_channel};
use super::names::Names;
use super::people::prefer;
use super::store;
use chat::{Error, Result, Site, schemes};
use db::{Tx, params};
use serde_json::json;
use sha1::{Digest, Sha1};

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
    if let Some(scheme) = names.scheme("team", text(&t.scheme)) {
        schemes::set_of_team(tx, &id, Some(scheme), now).await?;
    }
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
    if let Some(scheme) = names.scheme("channel", text(&c.scheme)) {
        schemes::set_of_channel(tx, &id, Some(scheme), site.clock.now_ms()).await?;
    }
    names.add_channel(&team, text(&c.name), &id);
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
