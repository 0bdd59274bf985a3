//! Letting the directory open accounts that something else opened so far.

use crate::client::Session;
use crate::config::{Config, is_attribute};
use crate::{Directory, SERVICE, own, people};
use chat::users::vouched;
use chat::{Error, Result, Site};
use serde::Deserialize;
use std::collections::HashMap;

/// Body of POST /users/migrate_auth/ldap.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Migration {
    /// What opens the accounts now: `email`, `saml` and the like.
    from: String,
    /// By what the directory's people are found: `email`, `username` or `id`.
    match_field: String,
    /// Accounts that nobody in the directory fits are left out; without it they stop everything.
    force: bool,
}

/// Lets accounts go by another attribute from now on, in one transaction; how many there were. Accounts that nobody in the
/// directory has stay as they are.
///
/// # Errors
/// 400 when somebody with an account has no such attribute.
pub async fn id_attribute(site: &Site, directory: &Directory, to: &str) -> Result<usize> {
    if !is_attribute(to) {
        return Err(Error::invalid_body("toAttribute", "the name of an attribute is wanted"));
    }
    let config = &*directory.config();
    if to == config.id_attribute {
        return Ok(0);
    }
    let wanted = vec![config.id_attribute.clone(), to.to_owned()];
    let ask = async {
        let mut session = Session::open(config).await?;
        session.all(people::people(config, &config.user_filter, wanted)).await
    };
    let new = Config { id_attribute: to.to_owned(), ..config.clone() };
    let mut by_old = HashMap::new();
    for entry in ask.await.map_err(|e| e.explained())? {
        let old = people::id_of(&entry, &config.id_attribute);
        by_old.insert(old, (entry.dn.clone(), people::id_of(&entry, &new.id_attribute)));
    }
    let mut tx = site.db.write().await?;
    let (mut moved, mut after) = (0, String::new());
    loop {
        let page = chat::users::of_service(&mut tx, SERVICE, &after, 500).await?;
        let Some(last) = page.last() else { break };
        after.clone_from(&last.id);
        for user in &page {
            let Some((dn, id)) = by_old.get(&user.auth_data) else { continue };
            if id.is_empty() {
                return Err(Error::invalid_body("toAttribute", &format!("{dn} has no {to}")));
            }
            vouched::hand_over(site, &mut tx, user, SERVICE, id).await?;
            moved += 1;
        }
    }
    own::set_id_attribute(&mut tx, &directory.0.file.id_attribute, to).await?;
    tx.commit().await?;
    directory.refresh(site).await?;
    Ok(moved)
}

/// All fitting accounts in one transaction; how many there were.
///
/// # Errors
/// 400 when somebody fits nobody, or two fit one.
pub async fn run(site: &Site, directory: &Directory, wanted: &Migration) -> Result<usize> {
    let from = if wanted.from == "email" { "" } else { &wanted.from };
    if wanted.from.is_empty() || from == SERVICE {
        return Err(Error::invalid_body("from", "what opens the accounts now is wanted, such as email"));
    }
    let config = &*directory.config();
    let ask = async {
        let mut session = Session::open(config).await?;
        people::everybody(&mut session, config).await
    };
    let all = ask.await.map_err(|e| e.explained())?;
    let mut by_field = HashMap::new();
    for (_, person) in &all {
        let key = match wanted.match_field.as_str() {
            "email" => person.vouched.email.trim().to_lowercase(),
            "username" => person.vouched.username.trim().to_lowercase(),
            "id" => person.vouched.id.clone(),
            _ => return Err(Error::invalid_body("match_field", "email, username or id is wanted")),
        };
        if by_field.insert(key.clone(), person).is_some() {
            return Err(Error::invalid_body("match_field", &format!("{key} is in the directory twice")));
        }
    }
    let mut tx = site.db.write().await?;
    let (mut moved, mut after) = (0, String::new());
    loop {
        let page = chat::users::of_service(&mut tx, from, &after, 500).await?;
        let Some(last) = page.last() else { break };
        after.clone_from(&last.id);
        for user in &page {
            let key = match wanted.match_field.as_str() {
                "email" => &user.email,
                "username" => &user.username,
                _ => &user.auth_data,
            };
            match by_field.get(key) {
                Some(person) => {
                    vouched::hand_over(site, &mut tx, user, SERVICE, &person.vouched.id).await?;
                    moved += 1;
                }
                None if wanted.force => {}
                None => {
                    let text =
                        format!("nobody in the directory fits the account {}; force leaves it out", user.username);
                    return Err(Error::invalid_body("match_field", &text));
                }
            }
        }
    }
    tx.commit().await?;
    Ok(moved)
}
