//! `[server.directory]`.

use crate::Unfit;
use crate::encryption::Identity;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::time::Duration;

/// People and groups of an LDAP directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// People log in with the names and passwords of the directory.
    pub enabled: bool,
    /// `ldap://host:389`, or `ldaps://host:636` with TLS from the first byte.
    pub url: String,
    /// TLS begins on the plain port (StartTLS) before anything is said.
    pub start_tls: bool,
    /// Certificates (PEM) that the directory's certificate has to come from; empty: those that the system trusts.
    pub ca_file: PathBuf,
    /// The entry that this server logs in as to look for people; empty: nobody.
    pub bind_dn: String,
    /// Its password.
    pub bind_password: String,
    /// Everything is looked for at and below this entry.
    pub base_dn: String,
    /// Which entries are people who may log in.
    pub user_filter: String,
    /// Which of them are guests; empty: nobody. Who is one here stays one until an administrator says otherwise.
    pub guest_filter: String,
    /// Which of them administer this site; empty: the directory says nothing about it.
    pub admin_filter: String,
    /// Which entries are groups.
    pub group_filter: String,
    /// Attribute that names an entry for good: `entryUUID`; in Active Directory `objectGUID`.
    pub id_attribute: String,
    /// Attribute with the name that people log in by.
    pub login_attribute: String,
    /// Attribute that becomes the username.
    pub username_attribute: String,
    pub email_attribute: String,
    /// Empty: people write their first name themselves; so for the next three.
    pub first_name_attribute: String,
    pub last_name_attribute: String,
    pub nickname_attribute: String,
    pub position_attribute: String,
    /// Attribute with a picture (`jpegPhoto`, `thumbnailPhoto`); empty: people upload theirs.
    pub picture_attribute: String,
    /// As `id_attribute`, of groups.
    pub group_id_attribute: String,
    /// Attribute with the name of a group.
    pub group_name_attribute: String,
    /// What the login page calls the login name; empty: its own words.
    pub login_field_name: String,
    /// Minutes between two synchronisations; 0: only when an administrator asks.
    pub sync_minutes: u64,
    /// Seconds in which the directory has to answer each question.
    pub timeout_s: u64,
    /// Entries asked for at a time.
    pub page_size: i32,
    /// People that a synchronisation takes; with more it ends and changes nothing.
    pub max_users: usize,
    /// Groups that a synchronisation takes.
    pub max_groups: usize,
    /// Members of all groups together that a synchronisation takes.
    pub max_group_members: usize,
    /// Logins that wait for the directory at the same time; more are turned away.
    pub max_parallel: usize,
    /// What this server shows to the directory; administrators give it to the running site.
    #[serde(skip)]
    pub identity: Option<Identity>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            enabled: false,
            url: "ldap://127.0.0.1:389".into(),
            start_tls: false,
            ca_file: PathBuf::new(),
            bind_dn: String::new(),
            bind_password: String::new(),
            base_dn: String::new(),
            user_filter: "(objectClass=inetOrgPerson)".into(),
            guest_filter: String::new(),
            admin_filter: String::new(),
            group_filter: "(|(objectClass=groupOfNames)(objectClass=groupOfUniqueNames)(objectClass=posixGroup)(objectClass=group))".into(),
            id_attribute: "entryUUID".into(),
            login_attribute: "uid".into(),
            username_attribute: "uid".into(),
            email_attribute: "mail".into(),
            first_name_attribute: "givenName".into(),
            last_name_attribute: "sn".into(),
            nickname_attribute: String::new(),
            position_attribute: "title".into(),
            picture_attribute: String::new(),
            group_id_attribute: "entryUUID".into(),
            group_name_attribute: "cn".into(),
            login_field_name: String::new(),
            sync_minutes: 60,
            timeout_s: 10,
            page_size: 500,
            max_users: 100_000,
            max_groups: 10_000,
            max_group_members: 500_000,
            max_parallel: 32,
            identity: None,
        }
    }
}

impl Config {
    /// How long the directory may take for one answer.
    pub fn timeout(&self) -> Duration {
        Duration::from_secs(self.timeout_s.max(1))
    }

    /// # Errors
    /// What is wrong, by its key.
    pub fn check(&self) -> Result<(), Unfit> {
        let plain = self.url.starts_with("ldap://");
        if !plain && !self.url.starts_with("ldaps://") {
            return Err(Unfit::Key("url", "ldap://host:port or ldaps://host:port is wanted".into()));
        }
        if self.start_tls && !plain {
            return Err(Unfit::Key("start_tls", "ldaps:// is encrypted already; use ldap:// with it".into()));
        }
        if self.bind_dn.is_empty() != self.bind_password.is_empty() {
            return Err(Unfit::Key("bind_password", "bind_dn and bind_password go together".into()));
        }
        if !(1..=10_000).contains(&self.page_size) {
            return Err(Unfit::Key("page_size", "1 to 10000 is wanted".into()));
        }
        for (key, name) in [
            ("id_attribute", &self.id_attribute),
            ("login_attribute", &self.login_attribute),
            ("username_attribute", &self.username_attribute),
            ("email_attribute", &self.email_attribute),
            ("group_id_attribute", &self.group_id_attribute),
            ("group_name_attribute", &self.group_name_attribute),
        ] {
            if name.is_empty() {
                return Err(Unfit::Key(key, "the name of an attribute is wanted".into()));
            }
        }
        for (key, name) in self.attributes() {
            if !is_attribute(name) && !name.is_empty() {
                return Err(Unfit::Key(key, format!("{name} is no name of an attribute")));
            }
        }
        for (key, filter) in [
            ("user_filter", &self.user_filter),
            ("group_filter", &self.group_filter),
            ("guest_filter", &self.guest_filter),
            ("admin_filter", &self.admin_filter),
        ] {
            let may_be_empty = key == "guest_filter" || key == "admin_filter";
            if filter.is_empty() && may_be_empty {
                continue;
            }
            if !filter.starts_with('(') || ldap3::parse_filter(filter).is_err() {
                return Err(Unfit::Key(key, format!("{filter} is no LDAP filter, such as (objectClass=person)")));
            }
        }
        Ok(())
    }

    /// Every attribute that is read, by its key.
    pub(crate) fn attributes(&self) -> [(&'static str, &String); 11] {
        [
            ("id_attribute", &self.id_attribute),
            ("login_attribute", &self.login_attribute),
            ("username_attribute", &self.username_attribute),
            ("email_attribute", &self.email_attribute),
            ("first_name_attribute", &self.first_name_attribute),
            ("last_name_attribute", &self.last_name_attribute),
            ("nickname_attribute", &self.nickname_attribute),
            ("position_attribute", &self.position_attribute),
            ("picture_attribute", &self.picture_attribute),
            ("group_id_attribute", &self.group_id_attribute),
            ("group_name_attribute", &self.group_name_attribute),
        ]
    }
}

/// Whether it can be the name of an attribute.
pub fn is_attribute(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | ';'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_makes_no_sense_is_named() {
        Config::default().check().unwrap();
        let wrong = |c: Config| c.check().unwrap_err().to_string();
        let of = Config::default;
        assert!(wrong(Config { url: "http://x".into(), ..of() }).contains("url"));
        assert!(wrong(Config { url: "ldaps://x".into(), start_tls: true, ..of() }).contains("start_tls"));
        assert!(wrong(Config { bind_dn: "cn=x".into(), ..of() }).contains("bind_password"));
        assert!(wrong(Config { user_filter: "(uid=*".into(), ..of() }).contains("user_filter"));
        assert!(wrong(Config { user_filter: "uid=*".into(), ..of() }).contains("user_filter"));
        assert!(wrong(Config { position_attribute: "title)(uid=*".into(), ..of() }).contains("position_attribute"));
        Config { admin_filter: "(memberOf=cn=a,dc=x)".into(), ..of() }.check().unwrap();
    }
}
