//! What a provider says of somebody, in this site's terms. No I/O.

use crate::config::Provider;
use crate::provider::Claims;
use crate::trouble::Trouble;
use serde_json::Value;

/// Somebody whom a provider vouches for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Person {
    /// What the provider knows them by, for good.
    pub id: String,
    /// What a username is made of; empty: the address.
    pub name: String,
    /// Empty: the provider says none.
    pub email: String,
    pub email_verified: bool,
    pub first_name: String,
    pub last_name: String,
    pub nickname: String,
    pub admin: bool,
    pub guest: bool,
}

fn text(claims: &Claims, name: &str) -> String {
    match claims.get(name) {
        Some(Value::String(text)) => text.trim().to_owned(),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    }
}

/// First and last name; where a provider has only a whole name, its last word is the last one.
fn names(claims: &Claims) -> (String, String) {
    let (first, last) = (text(claims, "given_name"), text(claims, "family_name"));
    let whole = text(claims, "name");
    if !first.is_empty() || !last.is_empty() || whole.is_empty() {
        return (first, last);
    }
    match whole.rsplit_once(' ') {
        Some((first, last)) => (first.trim().to_owned(), last.to_owned()),
        None => (whole, String::new()),
    }
}

/// Whether a claim, a text or a list of them, has one of these values.
fn has_one(claims: &Claims, name: &str, wanted: &[String]) -> bool {
    let is_wanted = |value: &Value| value.as_str().is_some_and(|v| wanted.iter().any(|w| w == v));
    match claims.get(name) {
        Some(Value::Array(all)) => all.iter().any(is_wanted),
        Some(value) => is_wanted(value),
        None => false,
    }
}

/// Reads claims that were checked.
///
/// # Errors
/// When the claim is missing by which an account is known again.
pub fn person(claims: &Claims, provider: &Provider) -> Result<Person, Trouble> {
    let id = text(claims, &provider.id_claim);
    // 128 characters are what other servers of this protocol keep.
    if id.is_empty() || id.len() > 128 {
        return Err(Trouble::Token(format!("the claim {:?} is missing or too long", provider.id_claim)));
    }
    let (first_name, last_name) = names(claims);
    let short = |text: String| text.chars().take(64).collect::<String>();
    Ok(Person {
        id,
        name: text(claims, &provider.username_claim),
        email: text(claims, &provider.email_claim).to_lowercase(),
        // Some write it as a text.
        email_verified: matches!(text(claims, "email_verified").as_str(), "true")
            || claims.get("email_verified") == Some(&Value::Bool(true)),
        first_name: short(first_name),
        last_name: short(last_name),
        nickname: short(text(claims, "nickname")),
        admin: has_one(claims, &provider.role_claim, &provider.admin_values),
        guest: has_one(claims, &provider.role_claim, &provider.guest_values),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn claims(value: Value) -> Claims {
        value.as_object().cloned().unwrap()
    }

    #[test]
    fn entra_is_known_by_oid_and_roles_come_from_groups() {
        let provider = Provider {
            id_claim: "oid".into(),
            admin_values: vec!["g-admins".into()],
            guest_values: vec!["g-partners".into()],
            ..Provider::default()
        };
        let said = claims(json!({
            "sub": "pairwise", "oid": "0001", "preferred_username": "alice@mp.local", "email": "Alice@MP.local",
            "name": "Alice van Dam", "groups": ["g-ops", "g-partners"],
        }));
        let person = person(&said, &provider).unwrap();
        assert_eq!(
            (person.id.as_str(), person.email.as_str(), person.email_verified),
            ("0001", "alice@mp.local", false)
        );
        assert_eq!((person.first_name.as_str(), person.last_name.as_str()), ("Alice van", "Dam"));
        assert_eq!((person.admin, person.guest), (false, true));
    }

    #[test]
    fn nobody_is_known_without_an_id() {
        let provider = Provider::default();
        for said in
            [json!({"email": "a@b.example"}), json!({"sub": ""}), json!({"sub": "x".repeat(129)}), json!({"sub": []})]
        {
            assert!(person(&claims(said), &provider).is_err());
        }
        let number = person(&claims(json!({"sub": 42, "email_verified": true})), &provider).unwrap();
        assert_eq!((number.id.as_str(), number.email_verified), ("42", true));
    }
}
