//! The server's last log lines, kept in memory up to `[server.limits] log_lines`; standard error has them all.

mod filter;
mod routes;

pub use routes::router;

use chat::Site;
use kit::telemetry::{Entry, Ring};
use serde_json::{Map, Value, json};

/// Most lines in one answer.
const MOST: usize = 10_000;

/// The lines of this process, the oldest first; none when the server was started without keeping any.
pub fn kept(site: &Site) -> Vec<Entry> {
    site.kept::<Ring>().map(|ring| ring.entries()).unwrap_or_default()
}

/// `2024-01-15 14:30:45.123 Z`, as upstream writes times in its log.
pub fn time(ms: i64) -> String {
    let time = jiff::Timestamp::from_millisecond(ms).unwrap_or_default();
    time.strftime("%Y-%m-%d %H:%M:%S.%3f Z").to_string()
}

/// A line as upstream's log has it: one object.
pub fn object(entry: &Entry) -> Value {
    let mut line = Map::new();
    line.insert("timestamp".into(), time(entry.at).into());
    line.insert("level".into(), entry.level.to_lowercase().into());
    line.insert("msg".into(), entry.message.as_str().into());
    line.insert("caller".into(), entry.target.into());
    for (name, value) in &entry.fields {
        line.entry(name.to_string()).or_insert_with(|| json!(value));
    }
    Value::Object(line)
}

/// The lines of a page, counted from the newest, the oldest of them first.
fn page<T>(mut all: Vec<T>, page: usize, size: usize) -> Vec<T> {
    let size = size.clamp(1, MOST);
    let end = all.len().saturating_sub(page.saturating_mul(size));
    let begin = end.saturating_sub(size);
    all.truncate(end);
    all.split_off(begin)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_page_has_the_newest_lines() {
        let all = || (1..=5).collect::<Vec<i32>>();
        assert_eq!(page(all(), 0, 2), [4, 5]);
        assert_eq!(page(all(), 1, 2), [2, 3]);
        assert_eq!(page(all(), 2, 2), [1]);
        assert!(page(all(), 3, 2).is_empty() && page(all(), usize::MAX, usize::MAX).is_empty());
    }

    #[test]
    fn a_line_has_upstreams_names() {
        let fields = vec![("user.id", "abc".to_owned())];
        let entry =
            Entry { at: 1_705_329_045_123, level: "INFO", target: "chat::auth", message: "hello".into(), fields };
        let line = object(&entry);
        assert_eq!(line["timestamp"], "2024-01-15 14:30:45.123 Z");
        assert_eq!((&line["level"], &line["msg"], &line["user.id"]), (&json!("info"), &json!("hello"), &json!("abc")));
    }
}
