//! What a setting may be set to.

use serde_json::Value;

/// The values that a setting takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    Flag,
    /// A whole number within these bounds.
    Number {
        min: i64,
        max: i64,
    },
    /// At most so many characters.
    Text {
        max: usize,
    },
    /// At most so many characters, never shown.
    Secret {
        max: usize,
    },
    /// An address of the site: `http(s)://host`, or empty.
    Address,
    Choice(&'static [&'static str]),
    /// A whole number written as text, as upstream has some ports.
    Port,
    /// `hh:mm`.
    TimeOfDay,
}

impl Kind {
    /// # Errors
    /// What is wrong with the value, in words that follow the name of the setting.
    pub fn check(self, value: &Value) -> Result<(), String> {
        let wanted = |what: String| Err(format!("{what} is wanted"));
        match self {
            Self::Flag if value.is_boolean() => Ok(()),
            Self::Flag => wanted("true or false".into()),
            Self::Number { min, max } => match value.as_i64() {
                Some(n) if (min..=max).contains(&n) => Ok(()),
                _ => wanted(format!("a whole number from {min} to {max}")),
            },
            Self::Text { max } | Self::Secret { max } => match value.as_str() {
                Some(text) if text.chars().count() <= max && !text.contains(['\n', '\r', '\0']) => Ok(()),
                _ => wanted(format!("a text of one line and at most {max} characters")),
            },
            Self::Address => match value.as_str() {
                Some(text) if text.is_empty() || is_address(text) => Ok(()),
                _ => wanted("an address like https://chat.example, or nothing,".into()),
            },
            Self::Choice(all) => match value.as_str() {
                Some(text) if all.contains(&text) => Ok(()),
                _ => wanted(format!("one of {}", all.join(", "))),
            },
            Self::Port => match value.as_str().map(str::parse::<u16>) {
                Some(Ok(port)) if port > 0 => Ok(()),
                _ => wanted("a number from 1 to 65535 as text".into()),
            },
            Self::TimeOfDay => match value.as_str().and_then(chat::erasing::time_of_day) {
                Some(_) => Ok(()),
                None => wanted("a time of day such as 02:00".into()),
            },
        }
    }

    /// Whether the value is never shown.
    pub fn is_secret(self) -> bool {
        matches!(self, Self::Secret { .. })
    }
}

fn is_address(text: &str) -> bool {
    let parsed = url::Url::parse(text);
    parsed.is_ok_and(|u| matches!(u.scheme(), "http" | "https") && u.host().is_some() && u.query().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_outside_are_refused_with_what_is_wanted() {
        let days = Kind::Number { min: 0, max: 10 };
        assert_eq!(days.check(&json!(10)), Ok(()));
        assert_eq!(days.check(&json!(11)), Err("a whole number from 0 to 10 is wanted".into()));
        assert!(days.check(&json!("3")).is_err() && days.check(&json!(1.5)).is_err());
        assert!(Kind::Text { max: 3 }.check(&json!("äöü")).is_ok());
        assert!(Kind::Text { max: 30 }.check(&json!("a\nb")).is_err(), "a header could be smuggled in");
        assert!(Kind::Address.check(&json!("https://chat.example/sub")).is_ok());
        assert!(Kind::Address.check(&json!("chat.example")).is_err());
        assert!(Kind::Address.check(&json!("javascript:alert(1)")).is_err());
        assert!(Kind::Port.check(&json!("587")).is_ok() && Kind::Port.check(&json!("0")).is_err());
    }
}
