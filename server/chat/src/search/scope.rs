//! What the names in a search mean for the asker: which channels, which authors.

use super::condition::Scope;
use super::grammar::Query;
use crate::{Actor, Result, channels, users};
use db::Conn;
use serde::Deserialize;
use wire::{Channel, User};

/// Body of every search.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Terms {
    pub terms: String,
    pub is_or_search: bool,
    /// Seconds.
    pub time_zone_offset: i64,
    pub include_deleted_channels: bool,
    pub page: i64,
    pub per_page: Option<i64>,
}

/// Resolves the names. Without a `team` every team of the asker is searched; direct messages always are.
pub async fn resolve(
    conn: &mut Conn,
    actor: &Actor,
    team: Option<&str>,
    terms: &Terms,
    query: &Query,
) -> Result<Scope> {
    let named: Vec<String> = [&query.from, &query.not_from, &query.within, &query.not_within]
        .into_iter()
        .flatten()
        .map(|n| n.trim_start_matches('@').to_owned())
        .collect();
    let people = if named.is_empty() { Vec::new() } else { users::by_usernames(conn, &named).await? };
    let mut readable = channels::of_user(conn, &actor.user_id).await?;
    readable.retain(|c| {
        (c.delete_at == 0 || terms.include_deleted_channels)
            && (c.team_id.is_empty() || team.is_none_or(|t| c.team_id == t))
    });
    let is_any = |c: &Channel, names: &[String]| names.iter().any(|n| is_called(c, n, &people));
    if !query.within.is_empty() {
        readable.retain(|c| is_any(c, &query.within));
    }
    readable.retain(|c| !is_any(c, &query.not_within));
    let ids = |names: &[String]| -> Vec<String> {
        people.iter().filter(|u| names.contains(&u.username)).map(|u| u.id.clone()).collect()
    };
    Ok(Scope {
        channels: readable.into_iter().map(|c| c.id).collect(),
        authors: (!query.from.is_empty()).then(|| ids(&query.from)),
        not_authors: ids(&query.not_from),
        any: terms.is_or_search,
        offset: terms.time_zone_offset,
    })
}

/// By its name; a direct channel by the other's username, a group channel by all of them.
fn is_called(channel: &Channel, name: &str, people: &[User]) -> bool {
    let plain = name.trim_start_matches('@');
    match channel.kind.as_str() {
        "D" => people.iter().any(|u| u.username == plain && channel.name.split("__").any(|id| id == u.id)),
        "G" => channel.name == plain || channel.display_name.replace(", ", ",") == plain,
        _ => channel.name == name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_are_called_by_name_or_by_who_is_in_them() {
        let ana = User { id: "1".into(), username: "ana".into(), ..User::default() };
        let channel = |kind: &str, name: &str, display: &str| Channel {
            kind: kind.into(),
            name: name.into(),
            display_name: display.into(),
            ..Channel::default()
        };
        let people = [ana];
        assert!(is_called(&channel("O", "town-square", ""), "town-square", &people));
        assert!(!is_called(&channel("O", "ana", ""), "@ana", &people), "@ means a person");
        assert!(is_called(&channel("D", "1__2", ""), "@ana", &people));
        assert!(!is_called(&channel("D", "2__3", ""), "ana", &people));
        assert!(is_called(&channel("G", "hash", "ana, bo, cy"), "ana,bo,cy", &people));
    }
}
