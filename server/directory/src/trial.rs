//! Trying settings before they are used: whether the directory answers, and what filters and attributes find.

use crate::client::{Entry, Failure, Session};
use crate::config::Config;
use crate::{filter, groups, people};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Entries shown of those that were found.
const SAMPLES: usize = 5;
/// What upstream writes in place of a secret.
const MASK: &str = "********************************";

/// Settings under upstream's names; only those that are tried are read.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct Settings {
    ldap_server: String,
    ldap_port: u16,
    connection_security: String,
    #[serde(rename = "BaseDN")]
    base_dn: Option<String>,
    bind_username: String,
    bind_password: String,
    user_filter: Option<String>,
    group_filter: Option<String>,
    guest_filter: Option<String>,
    admin_filter: Option<String>,
    group_display_name_attribute: Option<String>,
    group_id_attribute: Option<String>,
    first_name_attribute: Option<String>,
    last_name_attribute: Option<String>,
    email_attribute: Option<String>,
    username_attribute: Option<String>,
    nickname_attribute: Option<String>,
    id_attribute: Option<String>,
    position_attribute: Option<String>,
    login_id_attribute: Option<String>,
    picture_attribute: Option<String>,
    skip_certificate_verification: bool,
}

impl Settings {
    /// As this server has settings. A masked password stands for the one that is set, for the place it is set for only.
    ///
    /// # Errors
    /// What cannot be tried.
    pub fn onto(self, set: &Config) -> Result<Config, crate::Unfit> {
        if self.skip_certificate_verification {
            let text = "certificates are always checked here; name their authority in ca_file".into();
            return Err(crate::Unfit::Key("SkipCertificateVerification", text));
        }
        let host = if self.ldap_server.contains(':') { format!("[{}]", self.ldap_server) } else { self.ldap_server };
        let (scheme, start_tls, port) = match self.connection_security.as_str() {
            "TLS" => ("ldaps", false, 636),
            "STARTTLS" => ("ldap", true, 389),
            _ => ("ldap", false, 389),
        };
        let port = if self.ldap_port == 0 { port } else { self.ldap_port };
        let mut c = set.clone();
        if !host.is_empty() {
            c.url = format!("{scheme}://{host}:{port}");
            c.start_tls = start_tls;
        }
        let here = (&c.url, c.start_tls) == (&set.url, set.start_tls);
        if !self.bind_username.is_empty() || !self.bind_password.is_empty() {
            let masked = self.bind_password.is_empty() || self.bind_password == MASK;
            if masked && (!here || self.bind_username != set.bind_dn) {
                let text = "the password is wanted again for another server or another user".into();
                return Err(crate::Unfit::Key("BindPassword", text));
            }
            c.bind_password = if masked { set.bind_password.clone() } else { self.bind_password };
            c.bind_dn = self.bind_username;
        } else if !here {
            // The password that is set is not shown to another server.
            (c.bind_dn, c.bind_password) = (String::new(), String::new());
        }
        for (key, value) in [
            (&mut c.base_dn, self.base_dn),
            (&mut c.user_filter, self.user_filter.filter(|f| !f.is_empty())),
            (&mut c.group_filter, self.group_filter.filter(|f| !f.is_empty())),
            (&mut c.guest_filter, self.guest_filter),
            (&mut c.admin_filter, self.admin_filter),
            (&mut c.group_name_attribute, self.group_display_name_attribute.filter(|a| !a.is_empty())),
            (&mut c.group_id_attribute, self.group_id_attribute.filter(|a| !a.is_empty())),
            (&mut c.first_name_attribute, self.first_name_attribute),
            (&mut c.last_name_attribute, self.last_name_attribute),
            (&mut c.email_attribute, self.email_attribute.filter(|a| !a.is_empty())),
            (&mut c.username_attribute, self.username_attribute.filter(|a| !a.is_empty())),
            (&mut c.nickname_attribute, self.nickname_attribute),
            (&mut c.id_attribute, self.id_attribute.filter(|a| !a.is_empty())),
            (&mut c.position_attribute, self.position_attribute),
            (&mut c.login_attribute, self.login_id_attribute.filter(|a| !a.is_empty())),
            (&mut c.picture_attribute, self.picture_attribute),
        ] {
            if let Some(value) = value {
                *key = value;
            }
        }
        c.check()?;
        Ok(c)
    }
}

/// What one filter or attribute finds.
#[derive(Debug, Serialize)]
pub struct Found {
    test_name: String,
    test_value: String,
    total_count: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    sample_results: Vec<Value>,
}

impl Found {
    fn new(name: &str, value: &str, count: Result<usize, Failure>, samples: Vec<Value>) -> Self {
        let (total_count, error) = match count {
            Ok(0) => (0, Some("nothing was found".to_owned())),
            Ok(count) => (count, None),
            Err(failure) => (0, Some(failure.to_string())),
        };
        let message = (total_count > 0).then(|| format!("{total_count} found"));
        Self { test_name: name.into(), test_value: value.into(), total_count, message, error, sample_results: samples }
    }
}

/// Reaches the directory, logs in and looks for one page of people; how many fit the filter.
///
/// # Errors
/// What does not work.
pub async fn connection(c: &Config) -> Result<usize, Failure> {
    let mut session = Session::open(c).await?;
    Ok(session.all(people::people(c, &c.user_filter, vec![c.id_attribute.clone()])).await?.len())
}

fn shown(c: &Config, e: &Entry) -> Value {
    json!({
        "dn": e.dn, "id": people::id_of(e, &c.id_attribute), "username": e.text(&c.username_attribute),
        "email": e.text(&c.email_attribute), "first_name": e.text(&c.first_name_attribute),
        "last_name": e.text(&c.last_name_attribute),
    })
}

/// Each filter alone.
///
/// # Errors
/// When the directory cannot be asked at all.
pub async fn filters(c: &Config) -> Result<Vec<Found>, Failure> {
    let mut session = Session::open(c).await?;
    let mut out = Vec::new();
    for (name, narrower) in [("UserFilter", ""), ("GuestFilter", &c.guest_filter), ("AdminFilter", &c.admin_filter)] {
        if narrower.is_empty() && name != "UserFilter" {
            continue;
        }
        let filter = filter::and(&[&c.user_filter, narrower]);
        let found = session.all(people::people(c, &filter, people::attributes(c))).await;
        let samples = found.iter().flatten().take(SAMPLES).map(|e| shown(c, e)).collect();
        let value = if narrower.is_empty() { &c.user_filter } else { narrower };
        out.push(Found::new(name, value, found.map(|f| f.len()), samples));
    }
    let found = groups::named(&mut session, c, "").await;
    let group = |g: &groups::Group| json!({"dn": g.dn, "id": g.id, "display_name": g.name});
    let samples = found.iter().flatten().take(SAMPLES).map(group).collect();
    out.push(Found::new("GroupFilter", &c.group_filter, found.map(|f| f.len()), samples));
    Ok(out)
}

/// How many people have each attribute.
///
/// # Errors
/// When the directory cannot be asked.
pub async fn attributes(c: &Config) -> Result<Vec<Found>, Failure> {
    let mut session = Session::open(c).await?;
    let found = session.all(people::people(c, &c.user_filter, people::attributes(c))).await?;
    let wanted = [
        ("IdAttribute", &c.id_attribute),
        ("LoginIdAttribute", &c.login_attribute),
        ("UsernameAttribute", &c.username_attribute),
        ("EmailAttribute", &c.email_attribute),
        ("FirstNameAttribute", &c.first_name_attribute),
        ("LastNameAttribute", &c.last_name_attribute),
        ("NicknameAttribute", &c.nickname_attribute),
        ("PositionAttribute", &c.position_attribute),
    ];
    Ok(counted(c, &found, &wanted))
}

/// How many groups have each attribute.
///
/// # Errors
/// When the directory cannot be asked.
pub async fn group_attributes(c: &Config) -> Result<Vec<Found>, Failure> {
    let mut session = Session::open(c).await?;
    let names = vec![c.group_id_attribute.clone(), c.group_name_attribute.clone()];
    let found = session.all(people::people(c, &c.group_filter, names)).await?;
    let wanted = [("GroupIdAttribute", &c.group_id_attribute), ("GroupDisplayNameAttribute", &c.group_name_attribute)];
    Ok(counted(c, &found, &wanted))
}

fn counted(c: &Config, found: &[Entry], wanted: &[(&str, &String)]) -> Vec<Found> {
    let one = |(name, attribute): &(&str, &String)| {
        let having: Vec<&Entry> = found.iter().filter(|e| !e.bytes(attribute).is_empty()).collect();
        let samples = having.iter().take(SAMPLES).map(|e| shown(c, e)).collect();
        Found::new(name, attribute, Ok(having.len()), samples)
    };
    wanted.iter().filter(|(_, attribute)| !attribute.is_empty()).map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_is_not_shown_to_another_server() {
        let set = Config {
            url: "ldap://dir.example:389".into(),
            bind_dn: "cn=reader".into(),
            bind_password: "secret".into(),
            ..Config::default()
        };
        let given = |host: &str, user: &str, password: &str| Settings {
            ldap_server: host.into(),
            bind_username: user.into(),
            bind_password: password.into(),
            ..Settings::default()
        };
        assert_eq!(given("dir.example", "cn=reader", MASK).onto(&set).unwrap().bind_password, "secret");
        assert!(given("evil.example", "cn=reader", MASK).onto(&set).is_err());
        assert!(given("dir.example", "cn=other", "").onto(&set).is_err());
        assert_eq!(given("evil.example", "", "").onto(&set).unwrap().bind_password, "");
        assert_eq!(given("evil.example", "cn=x", "own").onto(&set).unwrap().bind_password, "own");
    }
}
