//! What a member of a team or channel may be made: the flags that stand for roles, and roles given one by one.

use super::{Permission, Roles};
use crate::{Actor, Error, Result};
use serde::Deserialize;

/// Body of PUT …/schemeRoles, and what a role string comes to.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(default)]
pub struct Flags {
    pub scheme_admin: bool,
    pub scheme_user: bool,
    pub scheme_guest: bool,
}

/// Body of PUT …/roles: role names with spaces between.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct RoleNames {
    pub roles: String,
}

impl Flags {
    /// A member is a user and perhaps an administrator, or a guest; and a guest is one by the account.
    ///
    /// # Errors
    /// 400 otherwise.
    fn check(self, is_guest: bool) -> Result<()> {
        if self.scheme_guest == self.scheme_user || self.scheme_guest && self.scheme_admin {
            let reason = "a member is either a user, and perhaps an administrator, or a guest";
            return Err(Error::invalid_body("scheme_user", reason));
        }
        if self.scheme_guest != is_guest {
            let reason = "who is a guest is decided for the account, not for one place";
            return Err(Error::invalid_body("scheme_guest", reason));
        }
        Ok(())
    }
}

/// The names that the scheme of a place has for guests, users and administrators, and those that it has without one.
pub struct Names<'a> {
    pub of_place: [&'a str; 3],
    pub built_in: [&'a str; 3],
}

/// What somebody is to be made: a role string, or flags beside the roles that were given one by one.
#[derive(Debug)]
pub enum Wanted {
    Roles(String),
    Flags(Flags),
}

impl Wanted {
    /// The flags, and the roles given one by one; `explicit` are those that the member has.
    ///
    /// # Errors
    /// As [`parse`]; 400 for flags that no member can have.
    pub fn read(
        self,
        actor: &Actor,
        roles: &Roles,
        names: &Names<'_>,
        is_guest: bool,
        explicit: &str,
    ) -> Result<(Flags, String)> {
        let (flags, explicit) = match self {
            Self::Roles(text) => parse(actor, roles, names, &text)?,
            Self::Flags(flags) => (flags, explicit.to_owned()),
        };
        flags.check(is_guest)?;
        Ok((flags, explicit))
    }
}

/// What a role string comes to: flags for the names of the place's scheme, and the other roles by their names. Nobody
/// gives a role that may more than the giver.
///
/// # Errors
/// 400 for a role that does not exist, or belongs to another scheme; 403 for one that may what the actor may not.
fn parse(actor: &Actor, roles: &Roles, names: &Names<'_>, text: &str) -> Result<(Flags, String)> {
    let mut flags = Flags::default();
    let mut explicit: Vec<&str> = Vec::new();
    for name in text.split_whitespace() {
        let at = |list: &[&str; 3]| list.iter().position(|n| *n == name);
        match at(&names.of_place).or_else(|| at(&names.built_in)) {
            Some(0) => flags.scheme_guest = true,
            Some(1) => flags.scheme_user = true,
            Some(_) => flags.scheme_admin = true,
            None => {
                let unknown = || Error::invalid_body("roles", &format!("{name} is no role of a member"));
                let role = roles.get(name).filter(|r| !r.scheme_managed).ok_or_else(unknown)?;
                if !actor.may(Permission::MANAGE_ROLES) && !role.permissions.is_empty() {
                    return Err(Error::forbidden());
                }
                if !explicit.contains(&name) {
                    explicit.push(name);
                }
            }
        }
    }
    Ok((flags, explicit.join(" ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    #[test]
    fn role_strings_become_flags_and_roles() {
        let role = |name: &str, permission: &str, managed| wire::Role {
            name: name.into(),
            permissions: vec![permission.into()],
            scheme_managed: managed,
            ..wire::Role::default()
        };
        let all = vec![role("archivist", "read_audits", false), role("other_admin", "manage_team", true)];
        let roles = Roles::new(all, &HashMap::new(), String::new());
        let names = Names { of_place: ["g", "u", "a"], built_in: ["team_guest", "team_user", "team_admin"] };
        let boss = Actor { roles: vec!["system_admin".into()], ..Actor::default() };
        let (flags, explicit) = parse(&boss, &roles, &names, "u team_admin archivist archivist").unwrap();
        assert_eq!(flags, Flags { scheme_admin: true, scheme_user: true, scheme_guest: false });
        assert_eq!(explicit, "archivist");
        assert!(parse(&boss, &roles, &names, "u nonsense").is_err());
        assert!(parse(&boss, &roles, &names, "u other_admin").is_err(), "the role of another scheme");
        let team_admin = Actor::default();
        assert!(parse(&team_admin, &roles, &names, "u a").is_ok());
        assert!(parse(&team_admin, &roles, &names, "u archivist").is_err(), "gives away what only the site may give");
    }

    #[test]
    fn a_member_is_a_user_or_a_guest() {
        let flags = |scheme_admin, scheme_user, scheme_guest| Flags { scheme_admin, scheme_user, scheme_guest };
        assert!(flags(true, true, false).check(false).is_ok());
        assert!(flags(false, false, true).check(true).is_ok());
        for (bad, guest) in [((false, false, false), false), ((true, false, true), true), ((false, true, false), true)]
        {
            assert!(flags(bad.0, bad.1, bad.2).check(guest).is_err(), "{bad:?}");
        }
    }
}
