//! Custom emoji: pictures with a name that everybody on the site can use.

mod picture;
mod routes;
mod store;

pub use routes::{add, router};

use crate::Result;
use db::Conn;
use regex::Regex;
use std::collections::BTreeSet;
use std::sync::LazyLock;
use wire::{Emoji, Post};

/// Where the picture of an emoji is kept.
fn path(id: &str) -> String {
    format!("emoji/{id}")
}

/// Names between colons in a text.
fn names(message: &str) -> impl Iterator<Item = &str> {
    static NAME: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(":([a-zA-Z0-9_+-]{1,64}):").expect("the pattern is constant and valid"));
    NAME.captures_iter(message).filter_map(|c| c.get(1)).map(|m| m.as_str())
}

/// The custom emoji that each post uses, in its text or among its reactions; one query for all posts.
///
/// # Errors
/// When the database fails.
pub async fn of_posts(conn: &mut Conn, posts: &[Post]) -> Result<Vec<Emoji>> {
    let used: BTreeSet<&str> = posts.iter().flat_map(used_names).collect();
    if used.is_empty() {
        return Ok(Vec::new());
    }
    let used: Vec<String> = used.into_iter().map(str::to_owned).collect();
    Ok(store::by_names(conn, &used).await?)
}

/// Those of `emoji` that a post uses.
pub fn used_in(post: &Post, emoji: &[Emoji]) -> Vec<Emoji> {
    if emoji.is_empty() {
        return Vec::new();
    }
    let names: BTreeSet<&str> = used_names(post).collect();
    emoji.iter().filter(|e| names.contains(e.name.as_str())).cloned().collect()
}

fn used_names(post: &Post) -> impl Iterator<Item = &str> {
    let reactions = post.metadata.iter().flat_map(|m| m.reactions.iter().map(|r| r.emoji_name.as_str()));
    names(&post.message).chain(reactions)
}

#[cfg(test)]
mod tests {
    #[test]
    fn names_stand_between_colons() {
        let found: Vec<&str> = super::names("at 10:30:00 :party_parrot: and :+1:!").collect();
        assert_eq!(found, ["30", "party_parrot", "+1"]);
    }
}
