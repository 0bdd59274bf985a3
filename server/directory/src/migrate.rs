//! Letting the directory open accounts that something else opened so far.

use crate::client::Session;
use crate::{Directory, SERVICE, people};
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

/// All fitting accounts in one transaction; how many there were.
///
/// # Errors
/// 400 when somebody fits nobody, or two fit one.
pub async fn run(site: &Site, directory: &Directory, wanted: &Migration) -> Result<usize> {
    let from = if wanted.from == "email" { "" } else { &wanted.from };
    if wanted.from.is_empty() || from == SERVICE {
        return Err(Error::invalid_body("from", "what opens the accounts now is wanted, such as email"));
    }
    let config = directory.config();
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
