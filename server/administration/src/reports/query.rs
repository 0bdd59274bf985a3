//! Which accounts a report is about, and in what order.

use chat::{Error, Result};
use serde::Deserialize;

const DAY_MS: i64 = 24 * 3_600_000;
/// Most accounts on a page.
const MOST: i64 = 100;

/// Query of the report routes, as clients send it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    sort_column: String,
    direction: String,
    sort_direction: String,
    page_size: Option<i64>,
    from_column_value: String,
    from_id: String,
    pub date_range: String,
    role_filter: String,
    team_filter: String,
    has_no_team: bool,
    hide_active: bool,
    hide_inactive: bool,
    search_term: String,
}

/// [`Asked`], understood.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// A column of `users`; one of a fixed list.
    pub column: &'static str,
    /// The last of the page before, or the first of the page after: value of the column, and id.
    pub from: Option<(String, String)>,
    /// Towards smaller values.
    pub descending: bool,
    /// The page before `from`, not the one after.
    pub before: bool,
    pub size: i64,
    pub role: String,
    pub team_id: String,
    pub has_no_team: bool,
    pub hide_active: bool,
    pub hide_inactive: bool,
    /// In lower case.
    pub term: String,
}

impl Asked {
    /// # Errors
    /// 400 that names the parameter.
    pub fn understood(self) -> Result<Wanted> {
        let column = match self.sort_column.as_str() {
            "" | "Username" => "username",
            "CreateAt" => "create_at",
            "FirstName" => "first_name",
            "LastName" => "last_name",
            "Nickname" => "nickname",
            "Email" => "email",
            _ => return Err(Error::invalid_param("sort_column")),
        };
        let before = match self.direction.as_str() {
            "" | "next" => false,
            "prev" => true,
            _ => return Err(Error::invalid_param("direction")),
        };
        if self.hide_active && self.hide_inactive {
            return Err(Error::invalid_param("hide_active"));
        }
        let size = self.page_size.unwrap_or(50);
        if !(1..=MOST).contains(&size) {
            return Err(Error::invalid_param("page_size"));
        }
        if column == "create_at" && !self.from_id.is_empty() && self.from_column_value.parse::<i64>().is_err() {
            return Err(Error::invalid_param("from_column_value"));
        }
        if self.role_filter.chars().any(|c| !c.is_ascii_alphanumeric() && c != '_') {
            return Err(Error::invalid_param("role_filter"));
        }
        Ok(Wanted {
            column,
            from: (!self.from_id.is_empty()).then_some((self.from_column_value, self.from_id)),
            descending: self.sort_direction == "desc",
            before,
            size,
            role: self.role_filter,
            team_id: self.team_filter,
            has_no_team: self.has_no_team,
            hide_active: self.hide_active,
            hide_inactive: self.hide_inactive,
            term: self.search_term.trim().to_lowercase(),
        })
    }
}

/// Unix milliseconds from and to which posts are counted.
pub fn range(name: &str, now: i64) -> (i64, i64) {
    let days = |n: i64| now - n * DAY_MS;
    match name {
        "last30days" => (days(30), i64::MAX),
        "last6months" => (days(183), i64::MAX),
        "previousmonth" => previous_month(now).unwrap_or((0, i64::MAX)),
        _ => (0, i64::MAX),
    }
}

fn previous_month(now: i64) -> Option<(i64, i64)> {
    let today = jiff::Timestamp::from_millisecond(now).ok()?.to_zoned(jiff::tz::TimeZone::UTC).date();
    let first = today.first_of_month();
    let before = first.checked_sub(jiff::Span::new().days(1)).ok()?.first_of_month();
    let at = |day: jiff::civil::Date| {
        day.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|zoned| zoned.timestamp().as_millisecond())
    };
    Some((at(before)?, at(first)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_of_dates() {
        let now = 1_705_329_045_123; // 2024-01-15
        assert_eq!(range("previousmonth", now), (1_701_388_800_000, 1_704_067_200_000));
        assert_eq!(range("last30days", now).0, now - 30 * DAY_MS);
        assert_eq!(range("whatever", now), (0, i64::MAX));
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let refused = |asked: Asked| asked.understood().is_err();
        assert!(refused(Asked { sort_column: "Password".into(), ..Asked::default() }));
        assert!(refused(Asked { page_size: Some(1000), ..Asked::default() }));
        assert!(refused(Asked { hide_active: true, hide_inactive: true, ..Asked::default() }));
        assert!(!refused(Asked::default()));
    }
}
