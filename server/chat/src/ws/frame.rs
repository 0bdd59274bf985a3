//! The text of an event for each of its receivers, written once for all who get the same.

use std::collections::BTreeSet;
use std::sync::Arc;
use wire::{Event, Props};

/// Lists of users in a `posted` event of which a receiver sees only the own id.
const OWN: [&str; 2] = ["mentions", "followers"];

/// An event ready to be sent; without the sequence number, which every connection counts for itself.
pub struct Frame<'a> {
    event: &'a Event,
    plain: Text,
    special: Option<Text>,
    own: Vec<(&'static str, BTreeSet<String>)>,
}

/// A frame, and where the object `data` ends in it.
struct Text {
    text: Arc<str>,
    data_end: usize,
}

impl Text {
    fn of(event: &Event, data: &Props) -> Self {
        let name = serde_json::Value::from(event.event.as_str());
        let data = serde_json::to_string(data).unwrap_or_else(|_| "{}".into());
        let broadcast = serde_json::to_string(&event.broadcast).unwrap_or_else(|_| "{}".into());
        let start = format!("{{\"event\":{name},\"data\":{data}");
        Self { data_end: start.len() - 1, text: format!("{start},\"broadcast\":{broadcast}").into() }
    }

    /// With more members at the end of `data`.
    fn with(&self, members: &str) -> Arc<str> {
        let (start, end) = self.text.split_at(self.data_end);
        let members = if start.ends_with('{') { members.trim_start_matches(',') } else { members };
        format!("{start}{members}{end}").into()
    }
}

impl<'a> Frame<'a> {
    pub fn of(event: &'a Event) -> Self {
        let mut data = event.data.clone();
        let mut own = Vec::new();
        for key in OWN.into_iter().filter(|_| event.event == "posted") {
            let list = data.shift_remove(key);
            let list = list.and_then(|v| serde_json::from_str(v.as_str()?).ok());
            own.extend(list.map(|list| (key, list)));
        }
        let plain = Text::of(event, &data);
        let special = event.special.as_deref().map(|s| {
            data.insert(s.key.clone(), s.value.clone());
            Text::of(event, &data)
        });
        Self { event, plain, special, own }
    }

    /// What this user gets.
    pub fn to(&self, user: &str) -> Arc<str> {
        let chosen = self.event.special.as_deref().is_some_and(|s| s.users.contains(user));
        let text = self.special.as_ref().filter(|_| chosen).unwrap_or(&self.plain);
        let mine = self.own.iter().filter(|(_, list)| list.contains(user));
        let members: String = mine.map(|(key, _)| format!(",\"{key}\":\"[\\\"{user}\\\"]\"")).collect();
        if members.is_empty() { text.text.clone() } else { text.with(&members) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn data(frame: &str) -> Value {
        serde_json::from_str::<Value>(&format!("{frame}}}")).unwrap()["data"].clone()
    }

    #[test]
    fn a_receiver_finds_nobody_but_themselves_among_the_mentioned() {
        let event = Event::new("posted").with_encoded("mentions", &["a", "z"]).with_encoded("followers", &["a", "b"]);
        let event = event.with_encoded_for(BTreeSet::from(["b".into()]), "post", &"other").with_encoded("post", &"all");
        let frame = Frame::of(&event);
        assert_eq!(data(&frame.to("a")), json!({"post": "\"all\"", "mentions": "[\"a\"]", "followers": "[\"a\"]"}));
        assert_eq!(data(&frame.to("b")), json!({"post": "\"other\"", "followers": "[\"b\"]"}));
        assert_eq!(data(&frame.to("c")), json!({"post": "\"all\""}));
        assert!(Arc::ptr_eq(&frame.to("c"), &frame.to("d")), "one text for everybody else");
    }

    #[test]
    fn an_event_of_nothing_but_lists_is_json_too() {
        let event = Event::new("posted").with_encoded("mentions", &["a"]);
        assert_eq!(data(&Frame::of(&event).to("a")), json!({"mentions": "[\"a\"]"}));
        assert_eq!(data(&Frame::of(&event).to("b")), json!({}));
        let other = Event::new("custom").with_encoded("mentions", &["a"]);
        assert_eq!(data(&Frame::of(&other).to("b")), json!({"mentions": "[\"a\"]"}), "a list of another event");
    }
}
