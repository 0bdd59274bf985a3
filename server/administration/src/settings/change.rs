//! Which settings a document that somebody sends would change, and whether they may be.

use super::document::{self, MASK};
use super::kind::Kind;
use super::table::{Setting, row};
use chat::{Error, Result};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// A setting and its new value.
pub type Change = (&'static Setting, Value);

/// Upstream's unknown settings are sent by tools that know more of them than this server does. Nothing is asked for by a
/// value that says "not set" or "off".
fn asks_for_nothing(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Number(n) => n.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.values().all(asks_for_nothing),
        Value::Bool(true) => false,
    }
}

/// `MinimumLength` as upstream's error ids have it: `minimum_length`.
fn snake(name: &str) -> String {
    let mut out = String::new();
    for (at, c) in name.char_indices() {
        if c.is_ascii_uppercase()
            && at > 0
            && !out.ends_with('_')
            && !name[..at].ends_with(|p: char| p.is_ascii_uppercase())
        {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

fn refused(path: &str, reason: &str) -> Error {
    let name = path.rsplit('.').next().unwrap_or(path);
    Error::invalid(&format!("model.config.is_valid.{}.app_error", snake(name)), format!("{path}: {reason}."))
}

/// Compares `sent` with the document as it is `now`. `origins` says of keys that the file, the environment or a flag sets
/// where that is.
///
/// # Errors
/// 400 that names the first setting which cannot be what is asked for, and why.
pub fn wanted(
    sent: &Map<String, Value>,
    now: &Map<String, Value>,
    origins: &BTreeMap<String, String>,
) -> Result<Vec<Change>> {
    let mut changes = Vec::new();
    for (section, inside) in sent {
        if !inside.is_object() && !inside.is_null() {
            return Err(refused(section, "an object is wanted"));
        }
    }
    for (path, value) in document::leaves(sent) {
        let current = document::get(now, &path);
        if value.is_null() || current == Some(value) {
            continue;
        }
        let Some(row) = row(&path) else {
            match current {
                _ if value.as_str() == Some(MASK) => continue,
                Some(current) => {
                    return Err(refused(&path, &format!("cannot be changed on this server, where it is {current}")));
                }
                None if asks_for_nothing(value) => continue,
                None => return Err(refused(&path, "this server has no such setting")),
            }
        };
        if row.kind.is_secret() && value.as_str() == Some(MASK) {
            continue;
        }
        if let Some(origin) = origins.get(row.key) {
            return Err(Error::invalid(
                "api.config.update_config.set_elsewhere.app_error",
                format!("{path} is set by {origin} ([server] {}) and can only be changed there.", row.key),
            ));
        }
        let value = taken(row.kind, value);
        row.kind.check(&value).map_err(|reason| refused(&path, &reason))?;
        changes.push((row, value));
    }
    Ok(changes)
}

/// Addresses are compared and kept without the slash at their end.
fn taken(kind: Kind, value: &Value) -> Value {
    match (kind, value.as_str()) {
        (Kind::Address, Some(text)) => text.trim().trim_end_matches('/').into(),
        _ => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::document::{Shown, whole};
    use super::*;
    use serde_json::json;

    fn asked(sent: Value) -> std::result::Result<Vec<(&'static str, Value)>, String> {
        let mut config = chat::Config::default();
        config.mail.password = "hush".into();
        let shown = json!({"SqlSettings": {"DriverName": "sqlite", "DataSource": MASK}});
        let now = whole(&config, shown.as_object().unwrap(), Shown::default());
        let origins = BTreeMap::from([("open_signup".to_owned(), "flag --open-signup".to_owned())]);
        let wanted = wanted(sent.as_object().unwrap(), &now, &origins);
        wanted.map(|all| all.into_iter().map(|(row, v)| (row.path, v)).collect()).map_err(|e| e.to_string())
    }

    #[test]
    fn only_what_differs_is_changed() {
        let sent = json!({"TeamSettings": {"SiteName": "Field", "MaxUsersPerTeam": 0, "EnableOpenServer": true},
            "EmailSettings": {"SMTPPassword": MASK}, "SqlSettings": {"DataSource": MASK}, "Unknown": {"X": null, "Y": ""}});
        assert_eq!(asked(sent).unwrap(), [("TeamSettings.SiteName", json!("Field"))]);
    }

    #[test]
    fn what_cannot_be_is_refused_by_name() {
        let said = |sent| asked(sent).unwrap_err();
        let origin = said(json!({"TeamSettings": {"EnableOpenServer": false}}));
        assert!(origin.contains("TeamSettings.EnableOpenServer is set by flag --open-signup"), "{origin}");
        let fixed = said(json!({"LdapSettings": {"Enable": true}}));
        assert!(fixed.contains("LdapSettings.Enable: cannot be changed"), "{fixed}");
        let unknown = said(json!({"ServiceSettings": {"EnableTimeTravel": true}}));
        assert!(unknown.contains("EnableTimeTravel: this server has no such setting"), "{unknown}");
        let range = said(json!({"PasswordSettings": {"MinimumLength": 2}}));
        assert!(range.starts_with("model.config.is_valid.minimum_length.app_error"), "{range}");
        assert!(said(json!({"TeamSettings": 5})).contains("an object is wanted"));
        assert_eq!(snake("SMTPServer"), "smtpserver");
    }
}
