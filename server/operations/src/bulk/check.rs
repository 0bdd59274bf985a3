//! What makes a line acceptable: the order of the types, required fields, and that what it refers to is there. Pure.

use super::line::{Line, Post, text};
use super::names::Names;
use std::fmt;

/// Why a line was refused.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Problem {
    /// Counted from 1.
    pub line: u64,
    #[serde(rename = "type")]
    pub kind: String,
    pub field: String,
    pub reason: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, kind, field, reason } = self;
        write!(f, "line {line}, {}, {field}: {reason}", if kind.is_empty() { "no type" } else { kind })
    }
}

/// A field and what is wrong with it.
pub type Fault = (String, String);

const ORDER: [&str; 11] =
    ["version", "role", "scheme", "emoji", "team", "channel", "user", "bot", "post", "direct_channel", "direct_post"];

/// Where a type stands in the order of a file; `None` for a type that is not known.
pub fn place(kind: &str) -> Option<usize> {
    ORDER.iter().position(|k| *k == kind)
}

fn fault(field: &str, reason: impl Into<String>) -> Fault {
    (field.to_owned(), reason.into())
}

fn required<'a>(field: &str, value: &'a Option<String>) -> Result<&'a str, Fault> {
    value.as_deref().filter(|v| !v.is_empty()).ok_or_else(|| fault(field, "it is required"))
}

fn record<'a, T>(kind: &str, value: &'a Option<T>) -> Result<&'a T, Fault> {
    value.as_ref().ok_or_else(|| fault(kind, format!("a line of this type needs the object {kind:?}")))
}

fn one_of(field: &str, value: &str, allowed: &[&str]) -> Result<(), Fault> {
    if allowed.contains(&value) { Ok(()) } else { Err(fault(field, format!("{value:?} is none of {allowed:?}"))) }
}

fn known_user(field: &str, name: &str, names: &Names) -> Result<(), Fault> {
    if names.user(name).is_some() { Ok(()) } else { Err(fault(field, format!("there is no user {name:?}"))) }
}

/// An empty name is no scheme.
fn known_scheme(scope: &str, name: &str, names: &Names) -> Result<(), Fault> {
    if name.is_empty() || names.scheme(scope, name).is_some() {
        return Ok(());
    }
    Err(fault("scheme", format!("there is no scheme {name:?} for a {scope}")))
}

/// Checks a line against what the file and the site have so far. Longest message: `max_runes` characters.
///
/// # Errors
/// The first field that is wrong.
pub fn line(line: &Line, names: &Names, max_runes: usize) -> Result<(), Fault> {
    match line.kind() {
        "version" => match line.version {
            Some(1) => Ok(()),
            other => Err(fault("version", format!("{other:?} is not the version 1 that this server reads"))),
        },
        "role" => required("name", &record("role", &line.role)?.name).map(|_| ()),
        "scheme" => {
            let s = record("scheme", &line.scheme)?;
            required("name", &s.name)?;
            required("display_name", &s.display_name)?;
            one_of("scope", required("scope", &s.scope)?, &["team", "channel"])
        }
        "emoji" => {
            let e = record("emoji", &line.emoji)?;
            required("name", &e.name)?;
            required("image", &e.image).map(|_| ())
        }
        "team" => {
            let t = record("team", &line.team)?;
            handle("name", required("name", &t.name)?)?;
            required("display_name", &t.display_name)?;
            one_of("type", required("type", &t.r#type)?, &["O", "I"])?;
            known_scheme("team", text(&t.scheme), names)
        }
        "channel" => {
            let c = record("channel", &line.channel)?;
            let team = required("team", &c.team)?;
            handle("name", required("name", &c.name)?)?;
            required("display_name", &c.display_name)?;
            one_of("type", required("type", &c.r#type)?, &["O", "P"])?;
            names.team(team).ok_or_else(|| fault("team", format!("there is no team {team:?}")))?;
            known_scheme("channel", text(&c.scheme), names)
        }
        "user" => user(record("user", &line.user)?, names),
        "bot" => required("username", &record("bot", &line.bot)?.username).map(|_| ()),
        "post" => {
            let p = record("post", &line.post)?;
            let (team, channel) = (required("team", &p.team)?, required("channel", &p.channel)?);
            names
                .channel(team, channel)
                .ok_or_else(|| fault("channel", format!("there is no channel {channel:?} in the team {team:?}")))?;
            post(p, names, max_runes, "")
        }
        "direct_channel" => {
            let d = record("direct_channel", &line.direct_channel)?;
            members("members", &d.usernames(), names)
        }
        "direct_post" => {
            let p = record("direct_post", &line.direct_post)?;
            members("channel_members", p.channel_members.as_deref().unwrap_or_default(), names)?;
            post(p, names, max_runes, "")
        }
        other => Err(fault("type", format!("{other:?} is no type of this format"))),
    }
}

/// Names in addresses: lower case letters, digits and a few signs.
fn handle(field: &str, name: &str) -> Result<(), Fault> {
    let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_' | '.');
    if name.len() <= 64 && name.chars().all(good) {
        return Ok(());
    }
    Err(fault(field, format!("{name:?} has other signs than a-z, 0-9, '-', '_' and '.', or more than 64")))
}

fn user(u: &super::line::User, names: &Names) -> Result<(), Fault> {
    let name = required("username", &u.username)?;
    if name != name.to_lowercase() || name.len() > 64 || name.contains(char::is_whitespace) {
        return Err(fault("username", format!("{name:?} must be lower case, without spaces, of at most 64 signs")));
    }
    let email = required("email", &u.email)?;
    if !email.contains('@') || email.len() > 128 {
        return Err(fault("email", format!("{email:?} is no e-mail address")));
    }
    for (i, team) in u.teams.iter().flatten().enumerate() {
        let name = required(&format!("teams[{i}].name"), &team.name)?;
        names.team(name).ok_or_else(|| fault(&format!("teams[{i}].name"), format!("there is no team {name:?}")))?;
        for (j, channel) in team.channels.iter().flatten().enumerate() {
            let field = format!("teams[{i}].channels[{j}].name");
            let channel = required(&field, &channel.name)?;
            let missing = || fault(&field, format!("there is no channel {channel:?} in the team {name:?}"));
            names.channel(name, channel).ok_or_else(missing)?;
        }
    }
    Ok(())
}

fn members(field: &str, list: &[String], names: &Names) -> Result<(), Fault> {
    if !(1..=8).contains(&list.len()) {
        return Err(fault(field, format!("1 to 8 usernames are wanted, there are {}", list.len())));
    }
    list.iter().try_for_each(|name| known_user(field, name, names))
}

fn post(p: &Post, names: &Names, max_runes: usize, at: &str) -> Result<(), Fault> {
    let field = |name: &str| format!("{at}{name}");
    known_user(&field("user"), required(&field("user"), &p.user)?, names)?;
    let message = p.message.as_deref().ok_or_else(|| fault(&field("message"), "it is required"))?;
    if message.chars().count() > max_runes {
        return Err(fault(&field("message"), format!("it is longer than {max_runes} characters")));
    }
    if p.create_at.is_none_or(|t| t <= 0) {
        return Err(fault(&field("create_at"), "a time in milliseconds since 1970 is required"));
    }
    for name in p.flagged_by.iter().flatten() {
        known_user(&field("flagged_by"), name, names)?;
    }
    for (i, r) in p.reactions.iter().flatten().enumerate() {
        let f = field(&format!("reactions[{i}]"));
        known_user(&format!("{f}.user"), text(&r.user), names)?;
        required(&format!("{f}.emoji_name"), &r.emoji_name)?;
    }
    for (i, a) in p.attachments.iter().flatten().enumerate() {
        required(&field(&format!("attachments[{i}].path")), &a.path)?;
    }
    for f in p.thread_followers.iter().flatten() {
        known_user(&field("thread_followers"), text(&f.user), names)?;
    }
    for (i, reply) in p.replies.iter().flatten().enumerate() {
        post(reply, names, max_runes, &format!("{at}replies[{i}]."))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, names: &Names) -> Result<(), String> {
        let parsed: Line = serde_json::from_str(text).unwrap();
        line(&parsed, names, 100).map_err(|(field, reason)| format!("{field}: {reason}"))
    }

    #[test]
    fn refusals_name_the_field() {
        let mut names = Names::default();
        names.add_team("field", "t1");
        names.add_channel("t1", "ward", "c1");
        names.add_user("ana", "u1");
        let refused = [
            (r#"{"type":"version","version":2}"#, "version"),
            (r#"{"type":"team"}"#, "team"),
            (r#"{"type":"team","team":{"name":"A b","display_name":"x","type":"O"}}"#, "name"),
            (r#"{"type":"channel","channel":{"team":"no","name":"a","display_name":"x","type":"O"}}"#, "team"),
            (
                r#"{"type":"post","post":{"team":"field","channel":"ward","user":"bo","message":"","create_at":1}}"#,
                "user",
            ),
            (
                r#"{"type":"post","post":{"team":"field","channel":"ward","user":"ana","message":"","create_at":1,
                   "replies":[{"user":"ana","message":"x"}]}}"#,
                "replies[0].create_at",
            ),
            (r#"{"type":"team","team":{"name":"a","display_name":"x","type":"O","scheme":"strict"}}"#, "scheme"),
            (r#"{"type":"scheme","scheme":{"name":"strict","display_name":"x","scope":"site"}}"#, "scope"),
            (r#"{"type":"wiki"}"#, "type"),
        ];
        for (text, field) in refused {
            let error = check(text, &names).unwrap_err();
            assert!(error.starts_with(&format!("{field}: ")), "{text}: {error}");
        }
        let good = r#"{"type":"post","post":{"team":"field","channel":"ward","user":"ana","message":"hi","create_at":1,"new_field":3}}"#;
        assert_eq!(check(good, &names), Ok(()));
    }
}
