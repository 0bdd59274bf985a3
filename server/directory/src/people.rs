//! Entries of people, and what an account here takes from them.

use crate::client::{Entry, Failure, Search, Session};
use crate::config::Config;
use crate::{SERVICE, filter};
use chat::auth::Person;
use chat::users::vouched::{Rank, Vouched};
use ldap3::Scope;
use std::collections::HashSet;

/// Attributes whose values are bytes, whatever they look like.
const BINARY: [&str; 2] = ["objectguid", "objectsid"];

/// The id of an entry as accounts and groups keep it; empty when it has none.
pub fn id_of(entry: &Entry, attribute: &str) -> String {
    match entry.bytes(attribute).first() {
        Some(bytes) if BINARY.contains(&attribute.to_lowercase().as_str()) => filter::of_bytes(bytes),
        Some(bytes) => String::from_utf8(bytes.clone()).unwrap_or_else(|_| filter::of_bytes(bytes)),
        None => String::new(),
    }
}

/// What is read of a person, but for the picture.
pub fn attributes(c: &Config) -> Vec<String> {
    let all = [
        &c.id_attribute,
        &c.login_attribute,
        &c.username_attribute,
        &c.email_attribute,
        &c.first_name_attribute,
        &c.last_name_attribute,
        &c.nickname_attribute,
        &c.position_attribute,
    ];
    let mut all: Vec<String> = all.into_iter().filter(|name| !name.is_empty()).cloned().collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// The person of an entry; `None` for one without an id, a name or an address, which no account can be made of.
pub fn person(c: &Config, entry: &Entry, rank: Option<Rank>) -> Option<Person> {
    let said = |attribute: &str| (!attribute.is_empty()).then(|| entry.text(attribute));
    let vouched = Vouched {
        service: SERVICE,
        id: id_of(entry, &c.id_attribute),
        username: entry.text(&c.username_attribute),
        email: entry.text(&c.email_attribute),
        first_name: said(&c.first_name_attribute),
        last_name: said(&c.last_name_attribute),
        nickname: said(&c.nickname_attribute),
        position: said(&c.position_attribute),
        rank,
    };
    let whole = ![&vouched.id, &vouched.username, &vouched.email].into_iter().any(String::is_empty);
    whole.then(|| Person { entry: entry.dn.clone(), vouched })
}

/// What the two filters make of somebody; an administrator is no guest.
pub fn rank(c: &Config, guest: bool, admin: bool) -> Option<Rank> {
    match (guest, admin) {
        (_, true) => Some(Rank::Admin),
        (true, false) => Some(Rank::Guest),
        // Only a filter that is there can say that somebody is no administrator.
        _ if !c.admin_filter.is_empty() => Some(Rank::Member),
        _ => None,
    }
}

async fn one(session: &mut Session, c: &Config, wanted: &str) -> Result<Option<Entry>, Failure> {
    let search = Search {
        base: &c.base_dn,
        scope: Scope::Subtree,
        filter: &filter::and(&[&c.user_filter, wanted]),
        attributes: attributes(c),
        most: 2,
        what: "people with one login name",
        key: "login_attribute",
    };
    let mut found = session.all(search).await?;
    if found.len() > 1 {
        tracing::warn!(filter = %wanted, "the directory has several entries for one person; nobody comes in by it");
        return Ok(None);
    }
    Ok(found.pop())
}

async fn ranked(session: &mut Session, c: &Config, entry: Entry) -> Result<Option<Person>, Failure> {
    let id = vec![c.id_attribute.clone()];
    let mut fits = [false; 2];
    for (fits, filter) in fits.iter_mut().zip([&c.guest_filter, &c.admin_filter]) {
        *fits = !filter.is_empty() && session.entry(&entry.dn, filter, id.clone()).await?.is_some();
    }
    let found = person(c, &entry, rank(c, fits[0], fits[1]));
    if found.is_none() {
        tracing::warn!(entry = %entry.dn, "this entry has no id, no username or no address and cannot have an account");
    }
    Ok(found)
}

/// Who logs in by that name.
///
/// # Errors
/// When the directory does not answer as it should.
pub async fn by_login(session: &mut Session, c: &Config, login: &str) -> Result<Option<Person>, Failure> {
    let wanted = format!("({}={})", c.login_attribute, filter::escaped(login));
    match one(session, c, &wanted).await? {
        Some(entry) => ranked(session, c, entry).await,
        None => Ok(None),
    }
}

/// Whom an account is of.
///
/// # Errors
/// When the directory does not answer as it should.
pub async fn by_id(session: &mut Session, c: &Config, id: &str) -> Result<Option<Person>, Failure> {
    let wanted = format!("({}={})", c.id_attribute, filter::of_id(id));
    match one(session, c, &wanted).await? {
        Some(entry) => ranked(session, c, entry).await,
        None => Ok(None),
    }
}

/// Everybody who may have an account, with the names they log in by.
///
/// # Errors
/// When the directory does not answer as it should, or has more people than are taken.
pub async fn everybody(session: &mut Session, c: &Config) -> Result<Vec<(String, Person)>, Failure> {
    let search = |filter: String, attributes| (filter, attributes);
    let ids = || vec![c.id_attribute.clone()];
    let mut marked: [HashSet<String>; 2] = Default::default();
    for (marked, narrower) in marked.iter_mut().zip([&c.guest_filter, &c.admin_filter]) {
        if !narrower.is_empty() {
            let (filter, attributes) = search(filter::and(&[&c.user_filter, narrower]), ids());
            let found = session.all(people(c, &filter, attributes)).await?;
            marked.extend(found.iter().map(|e| id_of(e, &c.id_attribute)));
        }
    }
    let [guests, admins] = marked;
    let found = session.all(people(c, &c.user_filter, attributes(c))).await?;
    let mut out = Vec::with_capacity(found.len());
    for entry in found {
        let id = id_of(&entry, &c.id_attribute);
        let rank = rank(c, guests.contains(&id), admins.contains(&id));
        match person(c, &entry, rank) {
            Some(person) => out.push((entry.text(&c.login_attribute), person)),
            None => tracing::warn!(entry = %entry.dn, "an entry without id, username or address is left out"),
        }
    }
    Ok(out)
}

/// A search for people with this filter.
pub fn people<'a>(c: &'a Config, filter: &'a str, attributes: Vec<String>) -> Search<'a> {
    Search {
        base: &c.base_dn,
        scope: Scope::Subtree,
        filter,
        attributes,
        most: c.max_users,
        what: "people",
        key: "max_users",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_filter_that_is_there_takes_the_administration_away() {
        let plain = Config::default();
        assert_eq!(rank(&plain, false, false), None);
        assert_eq!(rank(&plain, true, false), Some(Rank::Guest));
        let with = Config { admin_filter: "(title=Admin)".into(), ..plain };
        assert_eq!(rank(&with, false, false), Some(Rank::Member));
        assert_eq!(rank(&with, true, true), Some(Rank::Admin));
    }
}
