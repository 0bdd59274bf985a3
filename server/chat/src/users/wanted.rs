//! Lists of users, narrowed by where they are and what they are there.

use super::store::{SELECT, user};
use db::{Conn, Result, Row, Sql, Value};
use wire::User;

/// Which users a list is about; an empty field asks for nothing.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    pub in_team: String,
    pub not_in_team: String,
    pub in_channel: String,
    pub not_in_channel: String,
    pub in_group: String,
    pub not_in_group: String,
    pub without_team: bool,
    pub active: bool,
    pub inactive: bool,
    pub without_bots: bool,
    /// Has this role in the whole site, whatever else.
    pub role: String,
    /// Is any of these: roles in the whole site, in the team `in_team`, in the channel `in_channel`.
    pub roles: Vec<String>,
    pub team_roles: Vec<String>,
    pub channel_roles: Vec<String>,
    /// `create_at`, `last_activity_at`; by username otherwise.
    pub sort: String,
    /// Only those who share a channel with this user.
    pub seen_by: String,
}

/// A condition under construction.
#[derive(Default)]
struct Condition {
    parts: Vec<String>,
    values: Vec<Value>,
}

impl Condition {
    fn bind(&mut self, value: impl Into<Value>) -> String {
        self.values.push(value.into());
        format!("${}", self.values.len())
    }

    /// `text` holds with the value in place of `{}`; an empty value asks for nothing.
    fn when(&mut self, value: &str, text: &str) {
        if !value.is_empty() {
            let n = self.bind(value.to_owned());
            self.parts.push(text.replace("{}", &n));
        }
    }

    fn only(&mut self, wanted: bool, text: &str) {
        if wanted {
            self.parts.push(text.to_owned());
        }
    }

    fn text(&self) -> String {
        if self.parts.is_empty() { String::new() } else { format!("WHERE {} ", self.parts.join(" AND ")) }
    }
}

const IS_ADMIN: &str = "(' ' || u.roles || ' ') LIKE '% system_admin %'";

/// What the flags of a membership are for a role of that place; `system` administrators count as nothing less there.
fn flags(role: &str) -> Option<String> {
    match role.rsplit_once('_')?.1 {
        "admin" => Some(format!("m.scheme_admin = TRUE AND NOT {IS_ADMIN}")),
        "user" => Some(format!("m.scheme_user = TRUE AND m.scheme_admin = FALSE AND NOT {IS_ADMIN}")),
        "guest" => Some("m.scheme_guest = TRUE".to_owned()),
        _ => None,
    }
}

impl Wanted {
    /// Whether anything at all is asked for.
    pub fn is_filter(&self) -> bool {
        !self.condition().parts.is_empty()
    }

    fn condition(&self) -> Condition {
        let mut all = Condition::default();
        let in_team = "(SELECT m.user_id FROM team_members m WHERE m.team_id = {} AND m.delete_at = 0)";
        let in_channel = "(SELECT m.user_id FROM channel_members m WHERE m.channel_id = {})";
        let in_group = "(SELECT m.user_id FROM group_members m WHERE m.group_id = {})";
        for (inside, outside, members) in [
            (&self.in_team, &self.not_in_team, in_team),
            (&self.in_channel, &self.not_in_channel, in_channel),
            (&self.in_group, &self.not_in_group, in_group),
        ] {
            all.when(inside, &format!("u.id IN {members}"));
            all.when(outside, &format!("u.id NOT IN {members}"));
        }
        all.only(self.without_team, "u.id NOT IN (SELECT m.user_id FROM team_members m WHERE m.delete_at = 0)");
        all.only(self.active, "u.delete_at = 0");
        all.only(self.inactive, "u.delete_at > 0");
        all.only(self.without_bots, "u.is_bot = FALSE");
        let role = if self.role.is_empty() { String::new() } else { format!("% {} %", self.role) };
        all.when(&role, "(' ' || u.roles || ' ') LIKE {}");
        all.when(
            &self.seen_by,
            "(u.id = {} OR u.id IN (SELECT o.user_id FROM channel_members o
              WHERE o.channel_id IN (SELECT m.channel_id FROM channel_members m WHERE m.user_id = {})))",
        );
        self.any_role(&mut all);
        all
    }

    /// One of the roles is enough, wherever it is one.
    fn any_role(&self, all: &mut Condition) {
        let mut any = Vec::new();
        for role in self.roles.iter().filter(|r| !r.is_empty()) {
            // Who administers the site too is no mere user of it.
            let (pattern, and_not) = (format!("% {role} %"), role == "system_user");
            let n = all.bind(pattern);
            let mere = if and_not { format!(" AND NOT {IS_ADMIN}") } else { String::new() };
            any.push(format!("((' ' || u.roles || ' ') LIKE {n}{mere})"));
        }
        for (roles, place, table, id) in [
            (&self.team_roles, &self.in_team, "team_members", "team_id"),
            (&self.channel_roles, &self.in_channel, "channel_members", "channel_id"),
        ] {
            for flags in roles.iter().filter_map(|r| flags(r)) {
                let n = all.bind(place.clone());
                any.push(format!(
                    "EXISTS (SELECT 1 FROM {table} m WHERE m.{id} = {n} AND m.user_id = u.id AND {flags})"
                ));
            }
        }
        if !any.is_empty() {
            all.parts.push(format!("({})", any.join(" OR ")));
        }
    }
}

/// A page of the users.
pub async fn filtered(conn: &mut Conn, wanted: &Wanted, limit: i64, offset: i64) -> Result<Vec<User>> {
    let mut condition = wanted.condition();
    let text = condition.text();
    let order = match wanted.sort.as_str() {
        "create_at" => "u.create_at DESC, u.username",
        "last_activity_at" => {
            "(SELECT COALESCE(MAX(s.last_activity_at), 0) FROM statuses s WHERE s.user_id = u.id) DESC, u.username"
        }
        _ => "u.username",
    };
    let (limit, offset) = (condition.bind(limit), condition.bind(offset));
    let sql = Sql::built(format!("{SELECT}{text}ORDER BY {order} LIMIT {limit} OFFSET {offset}"));
    conn.fetch(&sql, condition.values, user).await
}

/// How many there are.
pub async fn count_filtered(conn: &mut Conn, wanted: &Wanted) -> Result<i64> {
    let condition = wanted.condition();
    let sql = Sql::built(format!("SELECT COUNT(*) FROM users u {}", condition.text()));
    Ok(conn.fetch_optional(&sql, condition.values, Row::only).await?.unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_bound_and_never_written_into_the_text() {
        let evil = "x' OR '1'='1".to_owned();
        let wanted = Wanted {
            in_team: evil.clone(),
            role: evil.clone(),
            roles: vec![evil.clone()],
            team_roles: vec!["team_user".into(), evil.clone()],
            seen_by: evil,
            ..Wanted::default()
        };
        let condition = wanted.condition();
        assert!(!condition.text().contains("'1'"), "{}", condition.text());
        assert_eq!(condition.values.len(), 5, "{}", condition.text());
        assert!(!Wanted::default().is_filter());
    }
}
