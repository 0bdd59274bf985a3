//! Carrying out a command.

use super::builtin::{help, name_and_rest, split};
use crate::Json;
use crate::{Actor, Error, Result, Site, channels, posts, status, teams, users};
use axum::extract::{Path, State};
use wire::{Channel, ChannelPatch, CommandArgs, CommandResponse, Post, Status};

/// Every command that [`run`] knows, in alphabetical order.
#[cfg(test)]
pub const TRIGGERS: [&str; 18] = [
    "away", "code", "dnd", "header", "help", "invite", "join", "kick", "leave", "me", "msg", "mute", "offline",
    "online", "open", "purpose", "rename", "shrug",
];

/// What a command leads to.
enum Outcome {
    /// A text that only its user sees.
    Said(String),
    /// Another place that the client shows.
    Goto(String),
    /// A post of the user was written; there is nothing more to say.
    Posted,
}

/// Carries out the line; whatever it says to the user alone also goes to the user's other clients.
///
/// # Errors
/// 400 for what is no command or has bad arguments, 404 for a command that does not exist, 403 without the right.
pub async fn run(site: &Site, actor: &Actor, args: CommandArgs) -> Result<CommandResponse> {
    let (trigger, rest) = split(&args.command).ok_or_else(|| Error::invalid_body("command", "it begins with /"))?;
    let channel =
        channels::access(&mut site.db.read().await?, actor, &args.channel_id, crate::roles::Permission::READ_CHANNEL)
            .await?;
    let outcome = match trigger.as_str() {
        "online" | "away" | "dnd" | "offline" => set_status(site, actor, &trigger).await?,
        "me" | "shrug" | "code" => write(site, actor, &args, &trigger, rest).await?,
        "header" | "purpose" | "rename" => change(site, actor, &channel, &trigger, rest).await?,
        "msg" => message(site, actor, &args, rest).await?,
        "join" | "open" => join(site, actor, &args, rest).await?,
        "leave" => leave(site, actor, &args, &channel).await?,
        "invite" => invite(site, actor, &channel, rest).await?,
        "kick" => kick(site, actor, &channel, rest).await?,
        "mute" => mute(site, actor, &channel).await?,
        "help" => Outcome::Said(help()),
        _ => {
            if let Some(keeper) = site.custom_commands() {
                if let Some(response) = keeper.run(site, actor, &args, &trigger, rest).await? {
                    return Ok(response);
                }
            }
            let message = format!("There is no command /{trigger}. To send this as a message, begin with a space.");
            return Err(Error::not_found("api.command.execute_command.not_found.app_error", message));
        }
    };
    let mut response = CommandResponse { response_type: "ephemeral".into(), ..CommandResponse::default() };
    match outcome {
        Outcome::Said(text) => {
            whisper(site, actor, &args, &text);
            response.text = text;
        }
        Outcome::Goto(place) => response.goto_location = place,
        Outcome::Posted => response.response_type = "in_channel".into(),
    }
    Ok(response)
}

/// Shows a text to the asker only; it is not stored.
fn whisper(site: &Site, actor: &Actor, args: &CommandArgs, text: &str) {
    let (channel_id, root_id) = (args.channel_id.clone(), args.root_id.clone());
    posts::whisper(site, &actor.user_id, Post { channel_id, root_id, message: text.into(), ..Post::default() });
}

async fn set_status(site: &Site, actor: &Actor, word: &str) -> Result<Outcome> {
    let status = Status { user_id: actor.user_id.clone(), status: word.into(), ..Status::default() };
    status::store(site, status).await?;
    let shown = if word == "dnd" { "in do-not-disturb mode" } else { word };
    Ok(Outcome::Said(format!("You are now {shown}.")))
}

async fn write(site: &Site, actor: &Actor, args: &CommandArgs, trigger: &str, text: &str) -> Result<Outcome> {
    if text.is_empty() && trigger != "shrug" {
        return Err(Error::invalid_body("command", &format!("/{trigger} wants a text")));
    }
    let mut post = Post { channel_id: args.channel_id.clone(), root_id: args.root_id.clone(), ..Post::default() };
    match trigger {
        "me" => {
            post.kind = "me".into();
            post.message = format!("*{text}*");
            post.props.insert("message".into(), text.into());
        }
        "code" => post.message = text.lines().map(|line| format!("    {line}\n")).collect(),
        _ => post.message = format!("{text} \u{af}\\\\\\_(\u{30c4})\\_/\u{af}").trim().to_owned(),
    }
    posts::create(site, actor, post).await?;
    Ok(Outcome::Posted)
}

async fn change(site: &Site, actor: &Actor, channel: &Channel, trigger: &str, text: &str) -> Result<Outcome> {
    let text = Some(text.to_owned());
    let patch = match trigger {
        "header" => ChannelPatch { header: text, ..ChannelPatch::default() },
        "purpose" => ChannelPatch { purpose: text, ..ChannelPatch::default() },
        _ => ChannelPatch { display_name: text, ..ChannelPatch::default() },
    };
    drop(channels::patch(State(site.clone()), actor.clone(), Path(channel.id.clone()), Json(patch)).await?);
    Ok(Outcome::Posted)
}

/// The user with that name.
async fn named(site: &Site, name: &str) -> Result<wire::User> {
    let found = users::by_usernames(&mut site.db.read().await?, &[name.to_lowercase()]).await?;
    found.into_iter().next().ok_or_else(users::missing)
}

/// Where clients show a place of a team.
async fn place(site: &Site, team_id: &str, rest: &str) -> Result<Outcome> {
    let team = teams::get(&mut site.db.read().await?, team_id).await?.ok_or_else(teams::missing)?;
    Ok(Outcome::Goto(format!("/{}/{rest}", team.name)))
}

async fn message(site: &Site, actor: &Actor, args: &CommandArgs, rest: &str) -> Result<Outcome> {
    let (name, text) = name_and_rest(rest);
    let other = named(site, name).await?;
    let channel = channels::direct(site, &actor.user_id, &other.id).await?;
    if !text.is_empty() {
        let post = Post { channel_id: channel.id, message: text.into(), ..Post::default() };
        posts::create(site, actor, post).await?;
    }
    place(site, &args.team_id, &format!("messages/@{}", other.username)).await
}

async fn channel_named(site: &Site, team_id: &str, name: &str) -> Result<Channel> {
    let found = channels::by_name(&mut site.db.read().await?, team_id, &name.to_lowercase()).await?;
    found.ok_or_else(channels::missing)
}

async fn join(site: &Site, actor: &Actor, args: &CommandArgs, rest: &str) -> Result<Outcome> {
    teams::require_member(&mut site.db.read().await?, actor, &args.team_id).await?;
    let channel = channel_named(site, &args.team_id, name_and_rest(rest).0).await?;
    let member = channels::member(&mut site.db.read().await?, &channel.id, &actor.user_id).await?;
    if member.is_none() {
        channels::add(site, actor, &channel.id, std::slice::from_ref(&actor.user_id)).await?;
    }
    place(site, &args.team_id, &format!("channels/{}", channel.name)).await
}

async fn leave(site: &Site, actor: &Actor, args: &CommandArgs, channel: &Channel) -> Result<Outcome> {
    channels::remove(site, actor, &channel.id, &actor.user_id).await?;
    place(site, &args.team_id, &format!("channels/{}", channels::DEFAULT)).await
}

async fn invite(site: &Site, actor: &Actor, current: &Channel, rest: &str) -> Result<Outcome> {
    let (name, rest) = name_and_rest(rest);
    let user = named(site, name).await?;
    let channel = match name_and_rest(rest).0 {
        "" => current.clone(),
        name => channel_named(site, &current.team_id, name).await?,
    };
    channels::add(site, actor, &channel.id, std::slice::from_ref(&user.id)).await?;
    Ok(Outcome::Said(format!("{} added to {} channel.", user.username, channel.display_name)))
}

async fn kick(site: &Site, actor: &Actor, channel: &Channel, rest: &str) -> Result<Outcome> {
    let user = named(site, name_and_rest(rest).0).await?;
    channels::remove(site, actor, &channel.id, &user.id).await?;
    Ok(Outcome::Posted)
}

async fn mute(site: &Site, actor: &Actor, channel: &Channel) -> Result<Outcome> {
    let mut tx = site.db.write().await?;
    let member = channels::member(&mut tx, &channel.id, &actor.user_id).await?.ok_or_else(channels::missing)?;
    let muted = member.notify_props.get("mark_unread").is_some_and(|v| v == "mention");
    channels::set_muted(site, &mut tx, &channel.id, &actor.user_id, !muted).await?;
    tx.commit().await?;
    let now = if muted { "no longer muted" } else { "muted" };
    Ok(Outcome::Said(format!("{} is {now}.", channel.display_name)))
}
