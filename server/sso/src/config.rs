//! `[server.sso]`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Single sign-on: login services that people prove themselves to in a browser (OpenID Connect).
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// `[server.sso.openid]`: any provider of OpenID Connect. Each of the four may be another one, and each is off without
    /// an `issuer`. The address that the provider has to be told is `<site_url>/signup/<name>/complete`.
    pub openid: Provider,
    /// `[server.sso.gitlab]`: GitLab.
    pub gitlab: Provider,
    /// `[server.sso.google]`: Google.
    pub google: Provider,
    /// `[server.sso.office365]`: Microsoft Entra ID; the issuer is that of the one tenant
    /// (`https://login.microsoftonline.com/<tenant id>/v2.0`).
    pub office365: Provider,
    /// What an app's address may begin with to which a login in a browser hands over.
    pub app_schemes: Vec<String>,
    /// Providers may be in private networks (10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, fc00::/7).
    pub allow_private_networks: bool,
    /// Host names, addresses and networks that may be called whatever they are, beside the hosts of the issuers.
    pub allowed_addresses: Vec<String>,
    /// Seconds that a provider has for an answer.
    pub timeout_s: u64,
    /// Largest answer of a provider (its keys, a token), kilobytes.
    pub max_answer_kb: usize,
    /// Calls to providers at the same time.
    pub max_parallel: usize,
    /// Seconds that the clocks of a provider and of this server may differ.
    pub clock_skew_s: i64,
    /// Minutes that somebody has between pressing the button and coming back from the provider.
    pub login_minutes: i64,
    /// Minutes after which addresses and keys of a provider are read again; a key that is not known yet is looked for at
    /// once.
    pub keys_minutes: i64,
}

/// One provider.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Provider {
    /// `https://…`, below which `/.well-known/openid-configuration` is; it has to call itself by exactly this name. Empty:
    /// this service is off.
    pub issuer: String,
    /// The issuer may be spoken to without encryption, as one on this machine.
    pub allow_http: bool,
    /// What the provider knows this site by.
    pub client_id: String,
    /// The secret that goes with it; empty: none, PKCE alone.
    pub client_secret: String,
    /// What is asked for beside `openid`.
    pub scopes: Vec<String>,
    /// Words on the button.
    pub button_text: String,
    /// Colour of the button (`#145dbf`).
    pub button_color: String,
    /// Whoever the provider vouches for gets an account; off: only those who have one and switched it.
    pub allow_sign_up: bool,
    /// The claim by which an account is known again: `sub`, or for Entra ID `oid`. Never one that can be given to somebody
    /// else, as an address can.
    pub id_claim: String,
    /// The claim that a username is made of.
    pub username_claim: String,
    /// The claim with the e-mail address.
    pub email_claim: String,
    /// The claim with groups or roles.
    pub role_claim: String,
    /// With one of these in `role_claim` a new account administers the site.
    pub admin_values: Vec<String>,
    /// With one of these in `role_claim` a new account is a guest's.
    pub guest_values: Vec<String>,
}

impl Default for Config {
    fn default() -> Self {
        let named = |text: &str, color: &str| Provider {
            button_text: text.into(),
            button_color: color.into(),
            ..Provider::default()
        };
        let strings = |all: &[&str]| all.iter().map(|s| (*s).to_owned()).collect();
        Self {
            openid: named("OpenID Connect", "#145dbf"),
            gitlab: named("GitLab", "#db3b21"),
            google: named("Google", "#c23321"),
            office365: named("Entra ID", "#0078d4"),
            app_schemes: strings(&["mmauth://", "mmauthbeta://", "mattermost://"]),
            allow_private_networks: true,
            allowed_addresses: Vec::new(),
            timeout_s: 10,
            max_answer_kb: 256,
            max_parallel: 16,
            clock_skew_s: 60,
            login_minutes: 15,
            keys_minutes: 60,
        }
    }
}

impl Default for Provider {
    fn default() -> Self {
        Self {
            issuer: String::new(),
            allow_http: false,
            client_id: String::new(),
            client_secret: String::new(),
            scopes: ["profile", "email"].map(str::to_owned).into(),
            button_text: String::new(),
            button_color: String::new(),
            allow_sign_up: true,
            id_claim: "sub".into(),
            username_claim: "preferred_username".into(),
            email_claim: "email".into(),
            role_claim: "groups".into(),
            admin_values: Vec::new(),
            guest_values: Vec::new(),
        }
    }
}

impl Config {
    /// The services that are on, by the names that accounts have them under.
    pub fn services(&self) -> Vec<(&'static str, &Provider)> {
        let all = [
            ("openid", &self.openid),
            ("gitlab", &self.gitlab),
            ("google", &self.google),
            ("office365", &self.office365),
        ];
        all.into_iter().filter(|(_, p)| !p.issuer.is_empty()).collect()
    }

    /// The same as login pages show them.
    pub fn buttons(&self) -> Vec<chat::auth::LoginService> {
        let button = |(name, p): (&str, &Provider)| chat::auth::LoginService {
            name: name.into(),
            text: p.button_text.clone(),
            color: p.button_color.clone(),
        };
        self.services().into_iter().map(button).collect()
    }
}
