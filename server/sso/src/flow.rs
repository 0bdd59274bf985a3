//! A login under way. All of it lies sealed in a cookie of the browser that began it, so that nobody else can end it and
//! strangers cannot fill this server's memory by beginning logins.

use crate::config::Config;
use crate::trouble::Trouble;
use serde::{Deserialize, Serialize};
use url::Url;

/// Longest word of a client that is carried along, bytes.
const MAX_WORD: usize = 256;
/// Base64 of a SHA-256 without padding.
const CHALLENGE: usize = 43;

/// What a login is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Purpose {
    /// A session in this browser, which then goes to a path of the site.
    Web { back: String },
    /// A token for the desktop app that opened the browser.
    Desktop { client_token: String, dev: bool },
    /// Handing over to a mobile app.
    App { address: String, challenge: Option<Challenge> },
    /// An account that a password opens is opened by the service from now on.
    Switch { user_id: String },
}

/// What an app has to know to get a session for a login code (as in PKCE).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Challenge {
    /// S256 of the verifier.
    pub challenge: String,
    pub state: String,
}

/// A login under way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flow {
    pub service: String,
    pub state: String,
    pub nonce: String,
    /// Of PKCE between this site and the provider.
    pub verifier: String,
    pub redirect_uri: String,
    /// Unix milliseconds.
    pub expires_at: i64,
    pub purpose: Purpose,
}

/// An account whose password was right, on its way to a service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leaving {
    pub user_id: String,
    pub service: String,
    /// Unix milliseconds.
    pub expires_at: i64,
}

/// What the client asks for in the address that begins a login.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    redirect_to: String,
    desktop_token: String,
    #[serde(rename = "isDesktopDev")]
    is_desktop_dev: String,
    state: String,
    code_challenge: String,
    code_challenge_method: String,
    action: String,
}

impl Asked {
    /// An account is to be switched.
    pub fn switches(&self) -> bool {
        self.action == "email_to_sso"
    }
}

/// What a login is for, by what the client asked.
///
/// # Errors
/// [`Trouble::App`] for an address or challenge that is none.
pub fn purpose(asked: &Asked, mobile: bool, config: &Config) -> Result<Purpose, Trouble> {
    if mobile {
        let address = app(&asked.redirect_to, &config.app_schemes).ok_or(Trouble::App)?;
        return Ok(Purpose::App { address, challenge: challenge(asked)? });
    }
    if !asked.desktop_token.is_empty() {
        let client_token = word(&asked.desktop_token).ok_or(Trouble::App)?;
        return Ok(Purpose::Desktop { client_token, dev: asked.is_desktop_dev == "true" });
    }
    Ok(Purpose::Web { back: local(&asked.redirect_to).unwrap_or_else(|| "/".into()) })
}

fn word(text: &str) -> Option<String> {
    let plain = !text.is_empty() && text.len() <= MAX_WORD && text.chars().all(|c| c.is_ascii_graphic());
    plain.then(|| text.to_owned())
}

/// The address of an app, if it is one that logins are handed over to. Whatever a browser itself would open is none.
fn app(address: &str, schemes: &[String]) -> Option<String> {
    let known = schemes.iter().any(|scheme| address.starts_with(scheme.as_str()));
    let url = Url::parse(&word(address)?).ok().filter(|_| known)?;
    let opened_by_browsers = ["http", "https", "javascript", "data", "file", "about", "blob"].contains(&url.scheme());
    (!opened_by_browsers).then(|| address.to_owned())
}

/// A path of this site.
fn local(path: &str) -> Option<String> {
    let inside = path.starts_with('/') && !path.starts_with("//") && !path.contains('\\');
    word(path).filter(|_| inside)
}

fn challenge(asked: &Asked) -> Result<Option<Challenge>, Trouble> {
    let Asked { code_challenge, code_challenge_method, state, .. } = asked;
    if code_challenge.is_empty() {
        return Ok(None);
    }
    let url_safe = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let shape = code_challenge.len() == CHALLENGE && code_challenge.chars().all(url_safe);
    if code_challenge_method != "S256" || !shape {
        return Err(Trouble::App);
    }
    Ok(Some(Challenge { challenge: code_challenge.clone(), state: word(state).ok_or(Trouble::App)? }))
}

impl Flow {
    /// Whether an answer with this state from this service ends this login at `now`.
    pub fn ends(&self, service: &str, state: &str, now: i64) -> bool {
        use subtle::ConstantTimeEq;
        let same: bool = self.state.as_bytes().ct_eq(state.as_bytes()).into();
        same && self.service == service && now < self.expires_at
    }
}

/// Name of the cookie of a login; each has its own, so that two in two tabs do not meet.
pub fn cookie(state: &str) -> String {
    let begin: String = state.chars().filter(char::is_ascii_alphanumeric).take(12).collect();
    format!("MUSTER_SSO_{begin}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(redirect_to: &str) -> Asked {
        Asked { redirect_to: redirect_to.into(), ..Asked::default() }
    }

    #[test]
    fn a_browser_is_sent_nowhere_but_into_the_site() {
        let config = Config::default();
        let back = |to: &str| purpose(&asked(to), false, &config).unwrap();
        assert_eq!(back("/field/channels/a?b=c"), Purpose::Web { back: "/field/channels/a?b=c".into() });
        for elsewhere in
            ["", "//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)", "/a\r\nb"]
        {
            assert_eq!(back(elsewhere), Purpose::Web { back: "/".into() }, "{elsewhere}");
        }
    }

    #[test]
    fn only_known_apps_get_a_session() {
        let config = Config::default();
        let to = |address: &str| purpose(&asked(address), true, &config);
        assert!(matches!(to("mmauth://callback"), Ok(Purpose::App { challenge: None, .. })));
        assert!(to("mattermost://callback").is_ok());
        for refused in ["", "https://evil.example", "evil://callback", "javascript:alert(1)//mmauth://", "/path"] {
            assert!(to(refused).is_err(), "{refused}");
        }
        let careless = Config { app_schemes: vec!["https://".into()], ..config };
        assert!(purpose(&asked("https://evil.example"), true, &careless).is_err());
    }

    #[test]
    fn a_challenge_is_s256_or_none() {
        let config = Config::default();
        let with = |challenge: &str, method: &str, state: &str| {
            let asked = Asked {
                code_challenge: challenge.into(),
                code_challenge_method: method.into(),
                state: state.into(),
                ..asked("mmauth://callback")
            };
            purpose(&asked, true, &config)
        };
        let good = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
        assert!(matches!(with(good, "S256", "abc"), Ok(Purpose::App { challenge: Some(_), .. })));
        assert!(with(good, "plain", "abc").is_err());
        assert!(with("short", "S256", "abc").is_err());
        assert!(with(good, "S256", "").is_err());
    }

    #[test]
    fn a_login_is_ended_by_its_own_answer_in_time() {
        let flow = Flow {
            service: "openid".into(),
            state: "abc".into(),
            nonce: String::new(),
            verifier: String::new(),
            redirect_uri: String::new(),
            expires_at: 1000,
            purpose: Purpose::Web { back: "/".into() },
        };
        assert!(flow.ends("openid", "abc", 999));
        assert!(
            !flow.ends("openid", "abd", 999) && !flow.ends("gitlab", "abc", 999) && !flow.ends("openid", "abc", 1000)
        );
    }
}
