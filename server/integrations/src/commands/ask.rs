//! Asking the program behind a command.

use super::answer::{self, Given};
use super::store::{self, Place};
use crate::Integrations;
use crate::interactive::trigger;
use chat::commands::Custom;
use chat::error::Kind;
use chat::{Actor, Error, Result, Site, channels, teams, users};
use futures::FutureExt;
use futures::future::BoxFuture;
use outbound::Answer;
use reqwest::Method;
use wire::{Channel, Command, CommandArgs, CommandResponse};

/// Most names of one line that are looked up for the program.
const MAX_NAMES: usize = 50;

/// Keeps the commands for chat.
pub struct Keeper(pub Integrations);

impl Custom for Keeper {
    fn of_team<'a>(&'a self, site: &'a Site, team_id: &'a str) -> BoxFuture<'a, Result<Vec<Command>>> {
        if !site.config().features.custom_commands {
            return async { Ok(Vec::new()) }.boxed();
        }
        async move { store::of_team(&mut site.db.read().await?, &site.keys, team_id).await }.boxed()
    }

    fn run<'a>(
        &'a self,
        site: &'a Site,
        actor: &'a Actor,
        args: &'a CommandArgs,
        trigger: &'a str,
        rest: &'a str,
    ) -> BoxFuture<'a, Result<Option<CommandResponse>>> {
        run(&self.0, site, actor, args, trigger, rest).boxed()
    }
}

async fn run(
    integrations: &Integrations,
    site: &Site,
    actor: &Actor,
    args: &CommandArgs,
    trigger: &str,
    rest: &str,
) -> Result<Option<CommandResponse>> {
    if !site.config().features.custom_commands {
        return Ok(None);
    }
    let mut conn = site.db.read().await?;
    let channel = channels::get(&mut conn, &args.channel_id).await?;
    let Some(channel) = channel else { return Ok(None) };
    // In a direct message the client says which team it shows.
    let team_id = if channel.team_id.is_empty() { &args.team_id } else { &channel.team_id };
    let Some(command) = store::by_trigger(&mut conn, &site.keys, team_id, trigger).await? else { return Ok(None) };
    teams::require_member(&mut conn, actor, team_id).await?;
    drop(conn);
    let now = site.clock.now_ms();
    let made = trigger::make(&integrations.seal, &actor.user_id, now);
    let place = Place {
        command_id: command.id.clone(),
        user_id: actor.user_id.clone(),
        channel_id: channel.id.clone(),
        root_id: args.root_id.clone(),
    };
    let response_url = response_url(integrations, site, &place, now).await?;
    let mut fields = fields(site, actor, &command, &channel, rest).await?;
    fields.push(("trigger_id", made.program));
    fields.push(("response_url", response_url));
    if !args.root_id.is_empty() {
        fields.push(("root_id", args.root_id.clone()));
    }
    let answer = ask(integrations, &command, &fields).await?;
    let given = Given { integrations, site, command: &command, actor, place: &place };
    let mut response = answer::show(&given, read(&command, &answer)?).await?;
    response.trigger_id = made.client;
    Ok(Some(response))
}

async fn response_url(integrations: &Integrations, site: &Site, place: &Place, now: i64) -> Result<String> {
    let id = kit::id::new();
    let oldest = now - integrations.config.response_url_minutes * 60_000;
    let mut tx = site.db.write().await?;
    store::remember(&mut tx, &id, place, now, oldest).await?;
    tx.commit().await?;
    Ok(format!("{}/hooks/commands/{id}", integrations.base_url))
}

type Fields = Vec<(&'static str, String)>;

async fn fields(site: &Site, actor: &Actor, command: &Command, channel: &Channel, text: &str) -> Result<Fields> {
    let mut conn = site.db.read().await?;
    let team = teams::get(&mut conn, &command.team_id).await?.unwrap_or_default();
    let user = users::get(&mut conn, &actor.user_id).await?.unwrap_or_default();
    let mut fields = vec![
        ("token", command.token.clone()),
        ("team_id", command.team_id.clone()),
        ("team_domain", team.name),
        ("channel_id", channel.id.clone()),
        ("channel_name", channel.name.clone()),
        ("user_id", user.id),
        ("user_name", user.username),
        ("command", format!("/{}", command.trigger)),
        ("text", text.to_owned()),
    ];
    for user in users::by_usernames(&mut conn, &names(text, '@')).await? {
        fields.push(("user_mentions", user.username));
        fields.push(("user_mentions_ids", user.id));
    }
    for name in names(text, '~') {
        if let Some(named) = channels::by_name(&mut conn, &command.team_id, &name).await?.filter(|c| c.kind == "O") {
            fields.push(("channel_mentions", named.name));
            fields.push(("channel_mentions_ids", named.id));
        }
    }
    Ok(fields)
}

/// The words after a sign, each once.
fn names(text: &str, sign: char) -> Vec<String> {
    let word = |w: &str| Some(w.strip_prefix(sign)?.trim_end_matches(|c: char| !c.is_alphanumeric()).to_lowercase());
    let mut all: Vec<String> =
        text.split_whitespace().filter_map(word).filter(|w| !w.is_empty()).take(MAX_NAMES).collect();
    all.sort_unstable();
    all.dedup();
    all
}

fn failed(what: &str, message: String) -> Error {
    Error::new(Kind::Unavailable, format!("api.command.execute_command.{what}.app_error"), message)
}

async fn ask(integrations: &Integrations, command: &Command, fields: &Fields) -> Result<Answer> {
    let failure = |error| failed("failed", format!("Command with a trigger of '{}' failed: {error}.", command.trigger));
    let method = if command.method == "G" { Method::GET } else { Method::POST };
    let request = integrations.client.request(method.clone(), &command.url).map_err(failure)?;
    let request = if method == Method::GET { request.query(fields) } else { request.form(fields) };
    let request = request.header("authorization", format!("Token {}", command.token));
    let answer = integrations.client.send(request).await.map_err(failure)?;
    if answer.ok() {
        return Ok(answer);
    }
    let (trigger, status) = (&command.trigger, answer.status);
    Err(failed("failed_resp", format!("Command with a trigger of '{trigger}' returned response {status}.")))
}

fn read(command: &Command, answer: &Answer) -> Result<CommandResponse> {
    let text = String::from_utf8_lossy(&answer.body);
    if text.trim().is_empty() || answer.content_type == "text/plain" {
        return Ok(CommandResponse { text: text.into_owned(), ..CommandResponse::default() });
    }
    crate::incoming::parse(&text).map_err(|error| {
        let trigger = &command.trigger;
        failed("failed", format!("Command with a trigger of '{trigger}' answered what is no JSON: {error}."))
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn names_are_found_once_each() {
        assert_eq!(super::names("ask @Ana, @bruno and @ana.", '@'), ["ana", "bruno"]);
        assert_eq!(super::names("~town-square ~ x", '~'), ["town-square"]);
    }
}
