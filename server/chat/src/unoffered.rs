//! What the protocol has and this site does not: features that upstream sells with a licence, what only upstream's own cloud
//! can do, and programs put into the server. They answer 501 with upstream's error ids, so that clients hide a button instead of showing a crash.
//! Every other unknown path is the protocol's 404.

use crate::Error;
use crate::error::Kind;
use axum::http::Uri;

/// Beginnings of paths under `/api/v4`, where `*` stands for one part, and the error id that clients know for them; the
/// first that fits.
const UNOFFERED: [(&str, &str); 28] = [
    ("/access_control_policies", "api.access_control_policy.get.app_error"),
    ("/agents", "api.agents.get.app_error"),
    ("/audit_logs", "api.audit_logs.license_error"),
    ("/channels/*/access_control", "api.access_control_policy.get.app_error"),
    ("/cloud", "api.cloud.license_error"),
    ("/cluster", "api.cluster.license_error"),
    ("/compliance", "ent.compliance.licence_disable.app_error"),
    ("/content_flagging", "api.content_flagging.error.license"),
    ("/data_retention", "ent.data_retention.generic.license.error"),
    ("/elasticsearch", "ent.elasticsearch.license_error"),
    ("/groups", "api.custom_groups.license_error"),
    ("/hosted_customer", "api.cloud.license_error"),
    ("/ip_filtering", "api.ip_filtering.license_error"),
    ("/ldap", "api.ldap_groups.license_error"),
    // Nothing here needs a licence, and none can be given.
    ("/license", "api.license.not_supported.app_error"),
    ("/llmservices", "api.agents.get.app_error"),
    ("/oauth/outgoing_connections", "api.context.outgoing_oauth_connection.not_available.configuration_upgrade"),
    // The products are built in: nothing can be put in, taken out or turned off through the API.
    ("/plugins/marketplace", "app.plugin.marketplace_disabled.app_error"),
    ("/plugins", "app.plugin.disabled.app_error"),
    ("/properties", "api.property.license_error"),
    ("/recaps", "api.recap.license_error"),
    ("/remotecluster", "api.remote_cluster.service_not_enabled.app_error"),
    ("/saml", "api.admin.saml.not_available.app_error"),
    ("/scheduled_recaps", "api.recap.license_error"),
    ("/teams/*/access_control", "api.access_control_policy.get.app_error"),
    ("/terms_of_service", "api.terms_of_service.license_error"),
    ("/trial-license", "api.license.not_supported.app_error"),
    ("/upgrade_to_enterprise", "api.upgrade_to_enterprise.system_not_supported.app_error"),
];

/// The answer to a path that no route serves.
pub async fn unknown(uri: Uri) -> Error {
    let path = uri.path().strip_prefix("/api/v4").unwrap_or(uri.path());
    let begins = |start: &str| {
        let mut parts = path.split('/');
        start.split('/').all(|wanted| parts.next().is_some_and(|part| wanted == "*" || wanted == part))
    };
    match UNOFFERED.iter().find(|(start, _)| begins(start)) {
        Some((_, id)) => Error::new(Kind::NotImplemented, *id, "This site does not offer this feature."),
        None => Error::not_found("api.context.404.app_error", "Sorry, we could not find the page."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn licensed_features_are_not_implemented_and_nonsense_is_not_found() {
        let kind = async |path: &'static str| unknown(Uri::from_static(path)).await.kind;
        assert_eq!(kind("/api/v4/ldap/sync").await, Kind::NotImplemented);
        assert_eq!(kind("/api/v4/groups").await, Kind::NotImplemented);
        assert_eq!(kind("/api/v4/groupsies").await, Kind::NotFound);
        assert_eq!(kind("/api/v4/channels/abc/access_control/attributes").await, Kind::NotImplemented);
        assert_eq!(kind("/api/v4/channels/abc/nonsense").await, Kind::NotFound);
        let id = async |path: &'static str| unknown(Uri::from_static(path)).await.id;
        assert_eq!(id("/api/v4/plugins/marketplace").await, "app.plugin.marketplace_disabled.app_error");
        assert_eq!(id("/api/v4/plugins/com.mattermost.calls/disable").await, "app.plugin.disabled.app_error");
        assert_eq!(kind("/nonsense").await, Kind::NotFound);
    }
}
