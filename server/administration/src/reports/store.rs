//! The statements behind the reports. The filters are put together of constant parts; values are parameters.

use super::query::Wanted;
use db::{Conn, Result, Row, Sql, Value, params};
use serde::Serialize;
use std::collections::HashMap;

/// An account, and what it wrote within the range of dates that was asked for.
#[derive(Clone, Debug, Default, Serialize)]
pub struct UserReport {
    pub id: String,
    pub create_at: i64,
    pub update_at: i64,
    pub delete_at: i64,
    pub username: String,
    pub auth_data: Option<String>,
    pub auth_service: String,
    pub email: String,
    pub nickname: String,
    pub first_name: String,
    pub last_name: String,
    pub position: String,
    pub roles: String,
    pub locale: String,
    pub disable_welcome_email: bool,
    pub last_login: i64,
    pub last_status_at: Option<i64>,
    pub last_post_date: Option<i64>,
    pub days_active: Option<i64>,
    pub total_posts: Option<i64>,
}

const COLUMNS: &str =
    "SELECT u.id, u.create_at, u.update_at, u.delete_at, u.username, u.auth_service, u.email, u.nickname,
    u.first_name, u.last_name, u.position, u.roles, u.locale, u.last_login, s.last_activity_at
    FROM users u LEFT JOIN statuses s ON s.user_id = u.id";
/// $1 role, $2 team, $3 beginning or part of a name.
const FILTER: &str = " WHERE u.is_bot = FALSE AND ($1 = '' OR ' ' || u.roles || ' ' LIKE '% ' || $1 || ' %')
    AND ($2 = '' OR EXISTS (SELECT 1 FROM team_members m WHERE m.user_id = u.id AND m.team_id = $2 AND m.delete_at = 0))
    AND ($3 = '' OR LOWER(u.username) LIKE $3 ESCAPE '\\' OR LOWER(u.first_name) LIKE $3 ESCAPE '\\'
         OR LOWER(u.last_name) LIKE $3 ESCAPE '\\' OR LOWER(u.nickname) LIKE $3 ESCAPE '\\'
         OR LOWER(u.email) LIKE $3 ESCAPE '\\')";
const NO_TEAM: &str = " AND NOT EXISTS (SELECT 1 FROM team_members m WHERE m.user_id = u.id AND m.delete_at = 0)";
const POSTS: Sql = Sql::new(
    "SELECT user_id, MAX(create_at), COUNT(DISTINCT create_at / 86400000), COUNT(*) FROM posts
     WHERE user_id IN LIST($1) AND create_at >= $2 AND create_at < $3 AND delete_at = 0
     AND type NOT LIKE 'system\\_%' ESCAPE '\\' GROUP BY user_id",
);

fn filter(w: &Wanted) -> (String, Vec<Value>) {
    let mut text = FILTER.to_owned();
    if w.has_no_team {
        text.push_str(NO_TEAM);
    }
    if w.hide_active {
        text.push_str(" AND u.delete_at > 0");
    }
    if w.hide_inactive {
        text.push_str(" AND u.delete_at = 0");
    }
    let escaped = w.term.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    let term = if escaped.is_empty() { String::new() } else { format!("%{escaped}%") };
    let team = if w.has_no_team { "" } else { &w.team_id };
    (text, params![&w.role, team, term])
}

fn report(row: Row) -> Result<UserReport> {
    let mut r = row.read();
    Ok(UserReport {
        id: r.get()?,
        create_at: r.get()?,
        update_at: r.get()?,
        delete_at: r.get()?,
        username: r.get()?,
        auth_service: r.get()?,
        email: r.get()?,
        nickname: r.get()?,
        first_name: r.get()?,
        last_name: r.get()?,
        position: r.get()?,
        roles: r.get()?,
        locale: r.get()?,
        last_login: r.get()?,
        last_status_at: r.get()?,
        ..UserReport::default()
    })
}

/// A page, with what its accounts wrote from `range.0` to before `range.1` (Unix milliseconds).
pub async fn page(conn: &mut Conn, w: &Wanted, range: (i64, i64)) -> Result<Vec<UserReport>> {
    let (mut text, mut values) = filter(w);
    // The page before is read away from `from` and turned round.
    let down = w.descending != w.before;
    let (sign, order) = if down { ("<", "DESC") } else { (">", "ASC") };
    let column = w.column;
    if let Some((value, id)) = &w.from {
        let n = values.len();
        text.push_str(&format!(" AND (u.{column}, u.id) {sign} (${}, ${})", n + 1, n + 2));
        let at = if column == "create_at" { value.parse::<i64>().unwrap_or(0).into() } else { value.as_str().into() };
        values.push(at);
        values.push(id.as_str().into());
    }
    text.push_str(&format!(" ORDER BY u.{column} {order}, u.id {order} LIMIT ${}", values.len() + 1));
    values.push(w.size.into());
    let mut found = conn.fetch(&Sql::built(format!("{COLUMNS}{text}")), values, report).await?;
    if w.before {
        found.reverse();
    }
    wrote(conn, &mut found, range).await?;
    Ok(found)
}

async fn wrote(conn: &mut Conn, of: &mut [UserReport], range: (i64, i64)) -> Result<()> {
    let ids: Vec<String> = of.iter().map(|u| u.id.clone()).collect();
    let row = |row: Row| {
        let mut r = row.read();
        Ok((r.get::<String>()?, (r.get::<i64>()?, r.get::<i64>()?, r.get::<i64>()?)))
    };
    let rows: HashMap<_, _> = conn.fetch(&POSTS, params![ids, range.0, range.1], row).await?.into_iter().collect();
    for user in of {
        if let Some((last, days, total)) = rows.get(&user.id) {
            user.last_post_date = Some(*last);
            user.days_active = Some(*days);
            user.total_posts = Some(*total);
        }
    }
    Ok(())
}

/// How many accounts the filters let through.
pub async fn count(conn: &mut Conn, w: &Wanted) -> Result<i64> {
    let (text, values) = filter(w);
    let sql = Sql::built(format!("SELECT COUNT(*) FROM users u{text}"));
    Ok(conn.fetch_optional(&sql, values, Row::only).await?.unwrap_or(0))
}
