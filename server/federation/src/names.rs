//! Names of people of other sites, and what stands behind an `@` on its way. No I/O.

use std::collections::BTreeMap;
use wire::{Props, User};

/// Where the name is kept that somebody has at the own site.
pub const REMOTE_USERNAME: &str = "RemoteUsername";
/// And the address.
pub const REMOTE_EMAIL: &str = "RemoteEmail";
const MOST: usize = 64;

fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    format!("{}...", text.chars().take(most.saturating_sub(3)).collect::<String>())
}

/// `name:site`, the `again`th try from 1 on; a number behind it when somebody else has it.
pub fn here(name: &str, site: &str, again: usize) -> String {
    let number = if again > 1 { format!("-{again}") } else { String::new() };
    let room = MOST - 1 - number.len();
    let (name, site) = if name.chars().count() + site.chars().count() <= room {
        (name.to_owned(), site.to_owned())
    } else {
        (cut(name, room / 2), cut(site, room / 2))
    };
    format!("{name}{number}:{site}").to_lowercase()
}

fn kept(user: &User, key: &str) -> Option<String> {
    user.props.as_ref()?.get(key)?.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

/// The name that somebody has at the own site.
pub fn at_home(user: &User) -> String {
    kept(user, REMOTE_USERNAME).unwrap_or_else(|| user.username.clone())
}

/// What is kept of somebody's own name and address.
pub fn kept_of(user: &User) -> Props {
    let mut props = Props::new();
    props.insert(REMOTE_USERNAME.into(), user.username.as_str().into());
    props.insert(REMOTE_EMAIL.into(), user.email.as_str().into());
    props
}

/// Gives each name behind an `@` that `names` knows its other name.
pub fn rewritten(message: &str, names: &BTreeMap<String, String>) -> String {
    let mut out = String::with_capacity(message.len());
    let mut rest = message;
    while let Some(at) = rest.find('@') {
        let (before, after) = rest.split_at(at + 1);
        out.push_str(before);
        let name = longest(after, names);
        match name.and_then(|n| names.get(&n.to_lowercase()).map(|other| (n, other))) {
            Some((name, other)) => {
                out.push_str(other);
                rest = &after[name.len()..];
            }
            None => rest = after,
        }
    }
    out.push_str(rest);
    out
}

fn part_of_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':')
}

/// The longest beginning of `text` that is a known name; punctuation at its end may belong to the sentence.
fn longest<'a>(text: &'a str, names: &BTreeMap<String, String>) -> Option<&'a str> {
    let end = text.find(|c| !part_of_name(c)).unwrap_or(text.len());
    let mut name = &text[..end];
    loop {
        if names.contains_key(&name.to_lowercase()) {
            return Some(name);
        }
        name = name.strip_suffix(['.', '-', '_', ':'])?;
    }
}

/// Every name behind an `@` that could be somebody's, in lower case, with and without punctuation at its end.
pub fn mentioned(message: &str) -> Vec<String> {
    let mut all = Vec::new();
    for text in message.split('@').skip(1) {
        let end = text.find(|c| !part_of_name(c)).unwrap_or(text.len());
        let mut name = &text[..end];
        while !name.is_empty() {
            all.push(name.to_lowercase());
            let Some(shorter) = name.strip_suffix(['.', '-', '_', ':']) else { break };
            name = shorter;
        }
    }
    all.sort_unstable();
    all.dedup();
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_here_says_where_somebody_is_from_and_fits() {
        assert_eq!(here("Ana", "clinic", 1), "ana:clinic");
        assert_eq!(here("ana", "clinic", 3), "ana-3:clinic");
        let long = here(&"a".repeat(60), &"b".repeat(60), 12);
        assert!(long.len() <= MOST && long.contains("...-12:bbb"), "{long}");
    }

    #[test]
    fn mentions_follow_people_to_their_other_name() {
        let names = BTreeMap::from([
            ("ana:clinic".to_owned(), "ana".to_owned()),
            ("bruno".to_owned(), "bruno:field".to_owned()),
        ]);
        let table = [
            ("@ana:clinic: please", "@ana: please"),
            ("ask @Bruno. Or @bruno2, @all", "ask @bruno:field. Or @bruno2, @all"),
            ("mail a@b.example and @", "mail a@b.example and @"),
            ("@bruno@ana:clinic", "@bruno:field@ana"),
        ];
        for (message, expected) in table {
            assert_eq!(rewritten(message, &names), expected);
        }
        assert_eq!(mentioned("@ana:clinic. and @bruno"), ["ana:clinic", "ana:clinic.", "bruno"]);
    }

    proptest::proptest! {
        #[test]
        fn a_message_without_known_names_stays_as_it_is(message in ".{0,80}") {
            proptest::prop_assert_eq!(rewritten(&message, &BTreeMap::new()), message);
        }
    }
}
