//! The configuration as one object of sections, as upstream's clients read and write it.

use super::table::TABLE;
use chat::Config;
use serde_json::{Map, Value};
use std::sync::LazyLock;

/// What stands in place of a secret that is set.
pub const MASK: &str = "********************************";

/// Settings of upstream that are the same on every server of this program, with what is true here.
static FIXED: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("fixed.json")).unwrap_or_else(|_| Value::Object(Map::new())));

/// How the document is wanted.
#[derive(Clone, Copy, Debug, Default)]
pub struct Shown {
    /// Secrets are left out, not masked.
    pub without_masked: bool,
    /// Only what differs from the defaults.
    pub without_defaults: bool,
}

/// Writes `value` at `Section.Name`.
pub fn set(document: &mut Map<String, Value>, path: &str, value: Value) {
    let (section, name) = path.split_once('.').unwrap_or((path, ""));
    let section = document.entry(section.to_owned()).or_insert_with(|| Value::Object(Map::new()));
    if let Value::Object(section) = section {
        section.insert(name.to_owned(), value);
    }
}

/// What stands at `Section.Name`.
pub fn get<'a>(document: &'a Map<String, Value>, path: &str) -> Option<&'a Value> {
    let (section, name) = path.split_once('.')?;
    document.get(section)?.get(name)
}

/// Every `Section.Name` with its value.
pub fn leaves(document: &Map<String, Value>) -> impl Iterator<Item = (String, &Value)> {
    document.iter().flat_map(|(section, inside)| {
        let names = inside.as_object().into_iter().flatten();
        names.map(move |(name, value)| (format!("{section}.{name}"), value))
    })
}

/// The whole document: what never changes, what the file alone sets (`shown`), and the settings of `config`.
pub fn whole(config: &Config, shown: &Map<String, Value>, how: Shown) -> Map<String, Value> {
    let defaults = Config::default();
    let mut document = Map::new();
    if !how.without_defaults {
        for (path, value) in FIXED.as_object().into_iter().flat_map(leaves).chain(leaves(shown)) {
            let masked = value.as_str() == Some(MASK);
            if !(masked && how.without_masked) {
                set(&mut document, &path, value.clone());
            }
        }
    }
    for row in TABLE {
        let value = (row.read)(config);
        if how.without_defaults && value == (row.read)(&defaults) || how.without_masked && row.kind.is_secret() {
            continue;
        }
        let hidden = row.kind.is_secret() && value != "";
        set(&mut document, row.path, if hidden { MASK.into() } else { value });
    }
    document
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_fixed_is_no_setting() {
        let fixed = FIXED.as_object().unwrap();
        assert!(fixed.len() > 40, "fixed.json was not read");
        for (path, _) in leaves(fixed) {
            assert!(super::super::table::row(&path).is_none(), "{path} is fixed and can be set");
        }
    }

    #[test]
    fn secrets_are_masked_or_left_out() {
        let mut config = Config::default();
        let shown = json!({"SqlSettings": {"DataSource": MASK, "DriverName": "sqlite"}});
        let shown = shown.as_object().unwrap();
        let path = "EmailSettings.SMTPPassword";
        assert_eq!(get(&whole(&config, shown, Shown::default()), path), Some(&json!("")), "nothing is there to hide");
        config.mail.password = "hush".into();
        let document = whole(&config, shown, Shown::default());
        assert_eq!(get(&document, path), Some(&json!(MASK)));
        assert_eq!(get(&document, "SqlSettings.DataSource"), Some(&json!(MASK)));
        let without = whole(&config, shown, Shown { without_masked: true, ..Shown::default() });
        assert_eq!((get(&without, path), get(&without, "SqlSettings.DataSource")), (None, None));
        let only = whole(&config, shown, Shown { without_defaults: true, without_masked: true });
        assert!(leaves(&only).next().is_none(), "{only:?}");
    }
}
