//! Teams, channels and users by the names that the lines use. What grows with the number of posts is never kept here.

use std::collections::HashMap;

/// Ids by name.
#[derive(Debug, Default)]
pub struct Names {
    teams: HashMap<String, String>,
    /// By team id and name.
    channels: HashMap<(String, String), String>,
    users: HashMap<String, String>,
    /// By scope and name.
    schemes: HashMap<(String, String), String>,
    /// Direct and group channels by their sorted usernames.
    direct: HashMap<Vec<String>, String>,
}

impl Names {
    pub fn team(&self, name: &str) -> Option<&str> {
        self.teams.get(name).map(String::as_str)
    }

    pub fn channel(&self, team: &str, name: &str) -> Option<&str> {
        let team = self.teams.get(team)?;
        self.channels.get(&(team.clone(), name.to_owned())).map(String::as_str)
    }

    pub fn user(&self, name: &str) -> Option<&str> {
        self.users.get(name).map(String::as_str)
    }

    /// The scheme of this scope (`team` or `channel`).
    pub fn scheme(&self, scope: &str, name: &str) -> Option<&str> {
        self.schemes.get(&(scope.to_owned(), name.to_owned())).map(String::as_str)
    }

    /// The direct channel of these users, if this import has met it.
    pub fn direct(&self, members: &[String]) -> Option<&str> {
        self.direct.get(&sorted(members)).map(String::as_str)
    }

    pub fn add_team(&mut self, name: &str, id: &str) {
        self.teams.insert(name.into(), id.into());
    }

    pub fn add_channel(&mut self, team_id: &str, name: &str, id: &str) {
        self.channels.insert((team_id.into(), name.into()), id.into());
    }

    pub fn add_user(&mut self, name: &str, id: &str) {
        self.users.insert(name.into(), id.into());
    }

    pub fn add_scheme(&mut self, scope: &str, name: &str, id: &str) {
        self.schemes.insert((scope.into(), name.into()), id.into());
    }

    pub fn add_direct(&mut self, members: &[String], id: &str) {
        self.direct.insert(sorted(members), id.into());
    }

    /// The users that a message mentions by name.
    pub fn mentioned<'a>(&'a self, message: &str, author: &str) -> Vec<&'a str> {
        let mut found: Vec<&str> = message
            .split('@')
            .skip(1)
            .filter_map(|rest| {
                let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_')));
                let name = rest[..end.unwrap_or(rest.len())].to_lowercase();
                self.user(&name).or_else(|| self.user(name.trim_end_matches(['.', '-', '_'])))
            })
            .filter(|id| *id != author)
            .collect();
        found.sort_unstable();
        found.dedup();
        found
    }
}

fn sorted(members: &[String]) -> Vec<String> {
    let mut members = members.to_vec();
    members.sort_unstable();
    members.dedup();
    members
}
