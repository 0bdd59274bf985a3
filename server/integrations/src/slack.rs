//! Text as Slack's programs write it, in Markdown as clients show it. No I/O.

use regex::{Captures, Regex};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::LazyLock;

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("the pattern is a constant that a test reads")
}

static ANNOUNCEMENT: LazyLock<Regex> = LazyLock::new(|| pattern(r"<!(channel|here|all|everyone)(?:\|[^>]*)?>"));
static PERSON: LazyLock<Regex> = LazyLock::new(|| pattern(r"<@([a-zA-Z0-9]{26})(?:\|([^>]*))?>"));
static LINK: LazyLock<Regex> = LazyLock::new(|| pattern(r"<([^<|>\s]+)\|([^>]+)>"));

/// Usernames by user id.
pub type People = BTreeMap<String, String>;

/// The ids of users that the texts of a message mention.
pub fn mentioned_ids(text: &str, attachments: &[Value]) -> Vec<String> {
    let all = format!("{text} {}", Value::from(attachments.to_vec()));
    let mut ids: Vec<String> = PERSON.captures_iter(&all).map(|c| c[1].to_owned()).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

/// `<!channel>`, `<@id>` and `<address|text>` as Markdown.
pub fn markdown(text: &str, people: &People) -> String {
    let text = ANNOUNCEMENT.replace_all(text, |c: &Captures<'_>| match &c[1] {
        "everyone" => "@all".to_owned(),
        word => format!("@{word}"),
    });
    let text = PERSON.replace_all(&text, |c: &Captures<'_>| match people.get(&c[1]) {
        Some(name) => format!("@{name}"),
        None => c[0].to_owned(),
    });
    LINK.replace_all(&text, "[$2]($1)").into_owned()
}

/// Attachments as clients expect them: texts in Markdown, values of fields as text, nothing that is no attachment.
pub fn attachments(list: Vec<Value>, people: &People) -> Vec<Value> {
    list.into_iter().filter(Value::is_object).map(|a| attachment(a, people)).collect()
}

fn attachment(mut attachment: Value, people: &People) -> Value {
    for key in ["text", "pretext", "title", "fallback"] {
        if let Some(text) = attachment.get(key).and_then(Value::as_str) {
            attachment[key] = markdown(text, people).into();
        }
    }
    if let Some(fields) = attachment.get_mut("fields").and_then(Value::as_array_mut) {
        fields.retain(Value::is_object);
        for field in fields {
            for key in ["title", "value"] {
                let text = match field.get(key) {
                    Some(Value::String(text)) => markdown(text, people),
                    Some(Value::Null) | None => continue,
                    Some(other) => other.to_string(),
                };
                field[key] = text.into();
            }
        }
    }
    attachment
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn slacks_words_become_markdown() {
        let id = "a".repeat(26);
        let people = People::from([(id.clone(), "ana".into())]);
        for (said, expected) in [
            ("<!here> look".to_owned(), "@here look".to_owned()),
            ("<!everyone>".into(), "@all".into()),
            (format!("ask <@{id}>"), "ask @ana".into()),
            ("see <https://x.example/a|the page> and <b>".into(), "see [the page](https://x.example/a) and <b>".into()),
            ("<mailto:a@b.example|a@b.example>".into(), "[a@b.example](mailto:a@b.example)".into()),
        ] {
            assert_eq!(markdown(&said, &people), expected, "{said}");
        }
        assert_eq!(mentioned_ids("", &[json!({"text": format!("<@{id}>")})]), [id]);
    }

    #[test]
    fn attachments_are_made_whole() {
        let given = vec![
            json!(null),
            json!({"text": "<!channel>", "fields": [{"title": "n", "value": 5, "short": true}, null], "color": "good"}),
        ];
        let made = attachments(given, &People::new());
        assert_eq!(
            made,
            [json!({"text": "@channel", "fields": [{"title": "n", "value": "5", "short": true}], "color": "good"})]
        );
    }
}
