//! `[server.features]` and `[server.privacy]`: what a site turns off, and the one place where a whole group of routes is
//! refused because of it.

use crate::error::Kind;
use crate::{Error, Result, Site};
use axum::extract::{Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is turned on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Features {
    /// Bots can be made.
    pub bots: bool,
    /// People can make personal access tokens; bots always can have one.
    pub access_tokens: bool,
    /// People can add emoji of their own.
    pub custom_emoji: bool,
    /// Other programs can post through incoming webhooks.
    pub incoming_webhooks: bool,
    /// Messages are told to other programs by outgoing webhooks.
    pub outgoing_webhooks: bool,
    /// Slash commands of other programs.
    pub custom_commands: bool,
    /// Other programs can use accounts of this site (OAuth 2).
    pub oauth_provider: bool,
    /// Webhooks and commands may speak under another name.
    pub username_override: bool,
    /// Webhooks and commands may speak with another picture.
    pub icon_override: bool,
    /// Links to files that work without an account.
    pub public_links: bool,
    /// Files can be attached to messages.
    pub file_attachments: bool,
    /// Guests can be invited and made; off: those there are stay.
    pub guests: bool,
    /// Invitations are sent by mail, when there is a mail server.
    pub email_invitations: bool,
    /// People can make groups that are mentioned by one name.
    pub custom_groups: bool,
    /// An emoji and a few words beside a name.
    pub custom_status: bool,
    /// Clients are told who types.
    pub typing: bool,
    /// Clients measure how fast they are and tell the server, which counts it in its metrics.
    pub client_metrics: bool,
}

impl Default for Features {
    fn default() -> Self {
        Self {
            bots: true,
            access_tokens: true,
            custom_emoji: true,
            incoming_webhooks: true,
            outgoing_webhooks: true,
            custom_commands: true,
            oauth_provider: true,
            username_override: true,
            icon_override: true,
            public_links: true,
            file_attachments: true,
            guests: true,
            email_invitations: true,
            custom_groups: true,
            custom_status: true,
            typing: true,
            client_metrics: false,
        }
    }
}

/// How clients name a person whose preferences say nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NameDisplay {
    #[default]
    Username,
    NicknameFullName,
    FullName,
}

/// What people see of each other. Administrators see everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Privacy {
    /// People see each other's mail addresses.
    pub show_email: bool,
    /// People see each other's first and last names.
    pub show_full_name: bool,
    /// How people are named: `username`, `nickname_full_name` or `full_name`.
    pub name_display: NameDisplay,
}

impl Default for Privacy {
    fn default() -> Self {
        Self { show_email: true, show_full_name: true, name_display: NameDisplay::Username }
    }
}

/// Routes that are there only while a feature is on. Reading what was made before stays possible where that harms nobody.
struct Gate {
    /// Empty: every method.
    method: &'static str,
    /// The path under `/api/v4`: this one, or one below it; `*` stands for one part.
    path: &'static str,
    on: fn(&Features) -> bool,
    /// Upstream's id of the error.
    id: &'static str,
    what: &'static str,
}

const fn gate(
    method: &'static str,
    path: &'static str,
    on: fn(&Features) -> bool,
    id: &'static str,
    what: &'static str,
) -> Gate {
    Gate { method, path, on, id, what }
}

const GATES: &[Gate] = &[
    gate("POST", "/emoji", |f| f.custom_emoji, "api.emoji.disabled.app_error", "Custom emoji"),
    gate(
        "",
        "/hooks/incoming",
        |f| f.incoming_webhooks,
        "api.incoming_webhook.disabled.app_error",
        "Incoming webhooks",
    ),
    gate(
        "",
        "/hooks/outgoing",
        |f| f.outgoing_webhooks,
        "api.outgoing_webhook.disabled.app_error",
        "Outgoing webhooks",
    ),
    gate(
        "POST",
        "/commands",
        |f| f.custom_commands,
        "api.command.disabled.app_error",
        "Slash commands of other programs",
    ),
    gate("", "/oauth", |f| f.oauth_provider, "api.oauth.register_oauth_app.turn_off.app_error", "OAuth 2 applications"),
    gate("GET", "/files/*/link", |f| f.public_links, "api.file.get_public_link.disabled.app_error", "Public links"),
    gate("POST", "/files", |f| f.file_attachments, "api.file.attachments.disabled.app_error", "File attachments"),
    gate("POST", "/users/*/demote", |f| f.guests, "api.team.demote_user_to_guest.disabled.error", "Guest accounts"),
    gate(
        "POST",
        "/teams/*/invite-guests",
        |f| f.guests,
        "api.team.invite_guests_to_channels.disabled.error",
        "Guest accounts",
    ),
    gate("POST", "/groups", |f| f.custom_groups, "api.custom_groups.disabled.app_error", "Custom groups"),
    gate("PUT", "/users/*/status/custom", |f| f.custom_status, "api.custom_status.disabled", "Custom statuses"),
    gate("POST", "/users/*/typing", |f| f.typing, "api.user.publish_user_typing.disabled", "Telling who types"),
];

/// Paths below a gate that are there all the same: running the server's own commands, looking names up.
const OPEN: [&str; 6] = [
    "/commands/execute",
    "/emoji/search",
    "/emoji/names",
    "/groups/names",
    "/files/search",
    "/oauth/outgoing_connections",
];

impl Gate {
    fn stands_before(&self, method: &Method, path: &str) -> bool {
        let mut parts = path.split('/');
        let below = self.path.split('/').all(|wanted| parts.next().is_some_and(|p| wanted == "*" || p == wanted));
        below && (self.method.is_empty() || self.method == method.as_str())
    }
}

/// That `what` is turned off, under upstream's error id.
pub fn off(id: &str, what: &str) -> Error {
    Error::new(Kind::NotImplemented, id, format!("{what}: turned off on this server."))
}

/// # Errors
/// 501 when the route needs a feature that is off.
fn check(features: &Features, method: &Method, path: &str) -> Result<()> {
    if OPEN.iter().any(|open| path.starts_with(open)) {
        return Ok(());
    }
    let shut = GATES.iter().find(|gate| gate.stands_before(method, path) && !(gate.on)(features));
    shut.map_or(Ok(()), |gate| Err(off(gate.id, gate.what)))
}

/// Refuses routes of features that are off.
pub async fn guard(State(site): State<Site>, request: Request, next: Next) -> Response {
    match check(&site.config().features, request.method(), request.uri().path()) {
        Ok(()) => next.run(request).await,
        Err(error) => error.into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_feature_that_is_off_takes_its_routes_and_no_others() {
        let all = Features::default();
        let off = Features { incoming_webhooks: false, custom_commands: false, guests: false, ..all.clone() };
        let refused = |features: &Features, method: &str, path: &str| {
            check(features, &method.parse().unwrap(), path).err().map(|e| e.id)
        };
        assert_eq!(refused(&all, "POST", "/hooks/incoming"), None);
        let hooks = Some("api.incoming_webhook.disabled.app_error".to_owned());
        assert_eq!(refused(&off, "POST", "/hooks/incoming"), hooks);
        assert_eq!(refused(&off, "GET", "/hooks/incoming/abc"), hooks);
        assert_eq!(refused(&off, "POST", "/hooks/outgoing"), None);
        assert!(refused(&off, "POST", "/commands").is_some());
        assert_eq!(refused(&off, "POST", "/commands/execute"), None);
        assert!(refused(&off, "POST", "/users/abc/demote").is_some());
        assert_eq!(refused(&off, "POST", "/users/abc/promote"), None);
    }
}
