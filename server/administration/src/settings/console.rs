//! Which pages of the console a setting stands on. Who may see a page sees its settings, who may change it changes them; what
//! stands on none is for administrators of the whole site.

use super::document::{leaves, set};
use chat::roles::Permission;
use chat::{Actor, Error, Result};
use serde_json::{Map, Value};

/// The two permissions of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    pub read: Permission,
    pub write: Permission,
}

macro_rules! page {
    ($name:literal) => {
        Page {
            read: Permission(concat!("sysconsole_read_", $name)),
            write: Permission(concat!("sysconsole_write_", $name)),
        }
    };
}

const EMAIL: Page = page!("authentication_email");
const GUESTS: Page = page!("authentication_guest_access");
const LDAP: Page = page!("authentication_ldap");
const MFA: Page = page!("authentication_mfa");
const OPENID: Page = page!("authentication_openid");
const PASSWORD: Page = page!("authentication_password");
const SAML: Page = page!("authentication_saml");
const SIGNUP: Page = page!("authentication_signup");
const COMPLIANCE: Page = page!("compliance_compliance_monitoring");
const COMPLIANCE_EXPORT: Page = page!("compliance_compliance_export");
const RETENTION: Page = page!("compliance_data_retention_policy");
const DATABASE: Page = page!("environment_database");
const DEVELOPER: Page = page!("environment_developer");
const ELASTICSEARCH: Page = page!("environment_elasticsearch");
const FILE_STORAGE: Page = page!("environment_file_storage");
const CLUSTER: Page = page!("environment_high_availability");
const IMAGE_PROXY: Page = page!("environment_image_proxy");
const LOGGING: Page = page!("environment_logging");
const PERFORMANCE: Page = page!("environment_performance_monitoring");
const PUSH: Page = page!("environment_push_notification_server");
const RATE_LIMITS: Page = page!("environment_rate_limiting");
const SESSIONS: Page = page!("environment_session_lengths");
const SMTP: Page = page!("environment_smtp");
const WEB_SERVER: Page = page!("environment_web_server");
const FLAGS: Page = page!("experimental_feature_flags");
const EXPERIMENTAL: Page = page!("experimental_features");
const BOTS: Page = page!("integrations_bot_accounts");
const CORS: Page = page!("integrations_cors");
const GIF: Page = page!("integrations_gif");
const INTEGRATIONS: Page = page!("integrations_integration_management");
const PLUGINS: Page = page!("plugins");
const BANNER: Page = page!("site_announcement_banner");
const CUSTOMIZATION: Page = page!("site_customization");
const EMOJI: Page = page!("site_emoji");
const FILES: Page = page!("site_file_sharing_and_downloads");
const LOCALIZATION: Page = page!("site_localization");
const NOTICES: Page = page!("site_notices");
const NOTIFICATIONS: Page = page!("site_notifications");
const POSTS: Page = page!("site_posts");
const PUBLIC_LINKS: Page = page!("site_public_links");
const USERS_AND_TEAMS: Page = page!("site_users_and_teams");
const PERMISSIONS: Page = page!("user_management_permissions");

/// A setting (`Section.Name`) or, for all others of its section, the section.
const PLACES: &[(&str, Page)] = &[
    ("ServiceSettings.SiteURL", WEB_SERVER),
    ("ServiceSettings.WebsocketURL", WEB_SERVER),
    ("ServiceSettings.TLSMinVer", WEB_SERVER),
    ("ServiceSettings.TLSCertFile", WEB_SERVER),
    ("ServiceSettings.TLSKeyFile", WEB_SERVER),
    ("ServiceSettings.UseLetsEncrypt", WEB_SERVER),
    ("ServiceSettings.Forward80To443", WEB_SERVER),
    ("ServiceSettings.ListenAddress", WEB_SERVER),
    ("ServiceSettings.ReadTimeout", WEB_SERVER),
    ("ServiceSettings.WriteTimeout", WEB_SERVER),
    ("ServiceSettings.IdleTimeout", WEB_SERVER),
    ("ServiceSettings.WebserverMode", WEB_SERVER),
    ("ServiceSettings.MaximumPayloadSizeBytes", WEB_SERVER),
    ("ServiceSettings.ManagedResourcePaths", WEB_SERVER),
    ("ServiceSettings.MaximumLoginAttempts", PASSWORD),
    ("ServiceSettings.TerminateSessionsOnPasswordChange", SESSIONS),
    ("ServiceSettings.EnableMultifactorAuthentication", MFA),
    ("ServiceSettings.EnforceMultifactorAuthentication", MFA),
    ("ServiceSettings.ExtendSessionLengthWithActivity", SESSIONS),
    ("ServiceSettings.SessionLengthWebInHours", SESSIONS),
    ("ServiceSettings.SessionIdleTimeoutInMinutes", SESSIONS),
    ("ServiceSettings.SessionCacheInMinutes", SESSIONS),
    ("ServiceSettings.EnableEmailInvitations", SIGNUP),
    ("ServiceSettings.MaximumPersonalAccessTokenLifetimeDays", INTEGRATIONS),
    ("ServiceSettings.EnableUserAccessTokens", INTEGRATIONS),
    ("ServiceSettings.EnableIncomingWebhooks", INTEGRATIONS),
    ("ServiceSettings.EnableOutgoingWebhooks", INTEGRATIONS),
    ("ServiceSettings.EnableCommands", INTEGRATIONS),
    ("ServiceSettings.EnableOAuthServiceProvider", INTEGRATIONS),
    ("ServiceSettings.EnableOutgoingOAuthConnections", INTEGRATIONS),
    ("ServiceSettings.EnableDynamicClientRegistration", INTEGRATIONS),
    ("ServiceSettings.EnablePostUsernameOverride", INTEGRATIONS),
    ("ServiceSettings.EnablePostIconOverride", INTEGRATIONS),
    ("ServiceSettings.EnableBotAccountCreation", BOTS),
    ("ServiceSettings.DisableBotsWhenOwnerIsDeactivated", BOTS),
    ("ServiceSettings.AllowCorsFrom", CORS),
    ("ServiceSettings.CorsExposedHeaders", CORS),
    ("ServiceSettings.CorsAllowCredentials", CORS),
    ("ServiceSettings.CorsDebug", CORS),
    ("ServiceSettings.EnableGifPicker", GIF),
    ("ServiceSettings.GiphySdkKey", GIF),
    ("ServiceSettings.EnableCustomEmoji", EMOJI),
    ("ServiceSettings.EnableEmojiPicker", EMOJI),
    ("ServiceSettings.EnableCustomGroups", USERS_AND_TEAMS),
    ("ServiceSettings.EnableTesting", DEVELOPER),
    ("ServiceSettings.EnableDeveloper", DEVELOPER),
    ("ServiceSettings.EnableClientPerformanceDebugging", DEVELOPER),
    ("ServiceSettings.AllowedUntrustedInternalConnections", DEVELOPER),
    ("ServiceSettings.EnableInsecureOutgoingConnections", WEB_SERVER),
    ("ServiceSettings.EnableUserTypingMessages", EXPERIMENTAL),
    ("ServiceSettings.EnableUserStatuses", EXPERIMENTAL),
    ("ServiceSettings.TimeBetweenUserTypingUpdatesMilliseconds", EXPERIMENTAL),
    ("ServiceSettings.EnableTutorial", EXPERIMENTAL),
    ("ServiceSettings.EnableOnboardingFlow", EXPERIMENTAL),
    ("ServiceSettings.ThreadAutoFollow", EXPERIMENTAL),
    ("ServiceSettings.ExperimentalEnableHardenedMode", EXPERIMENTAL),
    ("ServiceSettings.ExperimentalStrictCSRFEnforcement", EXPERIMENTAL),
    ("ServiceSettings.ExperimentalEnableDefaultChannelLeaveJoinMessages", EXPERIMENTAL),
    ("ServiceSettings.PostEditTimeLimit", PERMISSIONS),
    ("ServiceSettings.EnableLinkPreviews", POSTS),
    ("ServiceSettings.EnablePermalinkPreviews", POSTS),
    ("ServiceSettings.RestrictLinkPreviews", POSTS),
    ("ServiceSettings.EnableSVGs", POSTS),
    ("ServiceSettings.EnableLatex", POSTS),
    ("ServiceSettings.EnableInlineLatex", POSTS),
    ("ServiceSettings.GoogleDeveloperKey", POSTS),
    ("ServiceSettings.PostPriority", POSTS),
    ("ServiceSettings.AllowPersistentNotifications", POSTS),
    ("ServiceSettings.AllowPersistentNotificationsForGuests", POSTS),
    ("ServiceSettings.PersistentNotificationIntervalMinutes", POSTS),
    ("ServiceSettings.PersistentNotificationMaxCount", POSTS),
    ("ServiceSettings.PersistentNotificationMaxRecipients", POSTS),
    ("ServiceSettings.CollapsedThreads", POSTS),
    ("ServiceSettings.AllowSyncedDrafts", POSTS),
    ("ServiceSettings.ScheduledPosts", POSTS),
    ("ServiceSettings.UniqueEmojiReactionLimitPerPost", POSTS),
    ("TeamSettings.SiteName", CUSTOMIZATION),
    ("TeamSettings.CustomDescriptionText", CUSTOMIZATION),
    ("TeamSettings.EnableCustomBrand", CUSTOMIZATION),
    ("TeamSettings.CustomBrandText", CUSTOMIZATION),
    ("TeamSettings.EnableOpenServer", SIGNUP),
    ("TeamSettings.EnableUserCreation", SIGNUP),
    ("TeamSettings.RestrictCreationToDomains", SIGNUP),
    ("TeamSettings.UserStatusAwayTimeout", EXPERIMENTAL),
    ("TeamSettings.ExperimentalViewArchivedChannels", EXPERIMENTAL),
    ("TeamSettings.ExperimentalEnableAutomaticReplies", EXPERIMENTAL),
    ("TeamSettings.ExperimentalPrimaryTeam", EXPERIMENTAL),
    ("TeamSettings.EnableConfirmNotificationsToChannel", NOTIFICATIONS),
    ("TeamSettings.MaxNotificationsPerChannel", USERS_AND_TEAMS),
    ("TeamSettings", USERS_AND_TEAMS),
    ("PrivacySettings", USERS_AND_TEAMS),
    ("WranglerSettings", USERS_AND_TEAMS),
    ("PasswordSettings", PASSWORD),
    ("FileSettings.EnableFileAttachments", FILES),
    ("FileSettings.EnableMobileUpload", FILES),
    ("FileSettings.EnableMobileDownload", FILES),
    ("FileSettings.EnablePublicLink", PUBLIC_LINKS),
    ("FileSettings.PublicLinkSalt", PUBLIC_LINKS),
    ("FileSettings", FILE_STORAGE),
    ("EmailSettings.EnableSignUpWithEmail", SIGNUP),
    ("EmailSettings.EnableSignInWithEmail", EMAIL),
    ("EmailSettings.EnableSignInWithUsername", EMAIL),
    ("EmailSettings.RequireEmailVerification", EMAIL),
    ("EmailSettings.SMTPServer", SMTP),
    ("EmailSettings.SMTPPort", SMTP),
    ("EmailSettings.SMTPUsername", SMTP),
    ("EmailSettings.SMTPPassword", SMTP),
    ("EmailSettings.SMTPServerTimeout", SMTP),
    ("EmailSettings.EnableSMTPAuth", SMTP),
    ("EmailSettings.ConnectionSecurity", SMTP),
    ("EmailSettings.SkipServerCertificateVerification", SMTP),
    ("EmailSettings.SendPushNotifications", PUSH),
    ("EmailSettings.PushNotificationServer", PUSH),
    ("EmailSettings.PushNotificationBuffer", PUSH),
    ("EmailSettings.PushNotificationContents", NOTIFICATIONS),
    ("EmailSettings.SendEmailNotifications", NOTIFICATIONS),
    ("EmailSettings.EnableEmailBatching", NOTIFICATIONS),
    ("EmailSettings.EnablePreviewModeBanner", NOTIFICATIONS),
    ("EmailSettings.EmailNotificationContentsType", NOTIFICATIONS),
    ("EmailSettings.UseChannelInEmailNotifications", NOTIFICATIONS),
    ("EmailSettings.FeedbackEmail", NOTIFICATIONS),
    ("EmailSettings.FeedbackOrganization", NOTIFICATIONS),
    ("EmailSettings.ReplyToAddress", NOTIFICATIONS),
    ("EmailSettings.LoginButtonColor", EXPERIMENTAL),
    ("EmailSettings.LoginButtonBorderColor", EXPERIMENTAL),
    ("EmailSettings.LoginButtonTextColor", EXPERIMENTAL),
    ("AnnouncementSettings.AdminNoticesEnabled", NOTICES),
    ("AnnouncementSettings.UserNoticesEnabled", NOTICES),
    ("AnnouncementSettings", BANNER),
    ("MetricsSettings", PERFORMANCE),
    ("GuestAccountsSettings", GUESTS),
    ("SqlSettings", DATABASE),
    ("LogSettings", LOGGING),
    ("NotificationLogSettings", LOGGING),
    ("ExperimentalAuditSettings", LOGGING),
    ("RateLimitSettings", RATE_LIMITS),
    ("SupportSettings", CUSTOMIZATION),
    ("NativeAppSettings", CUSTOMIZATION),
    ("ThemeSettings", EXPERIMENTAL),
    ("ExperimentalSettings", EXPERIMENTAL),
    ("FeatureFlags", FLAGS),
    ("GitLabSettings", OPENID),
    ("GoogleSettings", OPENID),
    ("Office365Settings", OPENID),
    ("OpenIdSettings", OPENID),
    ("LdapSettings", LDAP),
    ("SamlSettings", SAML),
    ("ComplianceSettings", COMPLIANCE),
    ("DataRetentionSettings", RETENTION),
    ("MessageExportSettings", COMPLIANCE_EXPORT),
    ("LocalizationSettings", LOCALIZATION),
    ("AutoTranslationSettings", LOCALIZATION),
    ("ClusterSettings", CLUSTER),
    ("ElasticsearchSettings", ELASTICSEARCH),
    ("ImageProxySettings", IMAGE_PROXY),
    ("PluginSettings", PLUGINS),
    ("DisplaySettings", POSTS),
    ("MusterSettings.MaxPostSize", POSTS),
    ("MusterSettings.AdvertiseFeatures", EXPERIMENTAL),
];

/// The page that a setting stands on.
fn page_of(path: &str) -> Option<Page> {
    let section = path.split('.').next().unwrap_or(path);
    let place = |wanted: &str| PLACES.iter().find(|(place, _)| *place == wanted).map(|(_, page)| *page);
    place(path).or_else(|| place(section))
}

fn may(actor: &Actor, path: &str, of: impl Fn(Page) -> Permission) -> bool {
    actor.is_system_admin() || page_of(path).is_some_and(|page| actor.may(of(page)))
}

/// Lets through who sees or changes (`of`) any page at all.
fn on_any_page(actor: &Actor, of: impl Fn(Page) -> Permission) -> Result<()> {
    let any = actor.is_system_admin() || PLACES.iter().any(|(_, page)| actor.may(of(*page)));
    if any { Ok(()) } else { Err(Error::forbidden()) }
}

/// # Errors
/// 403 when the actor sees no page.
pub fn require_reader(actor: &Actor) -> Result<()> {
    on_any_page(actor, |page| page.read)
}

/// # Errors
/// 403 when the actor changes no page.
pub fn require_writer(actor: &Actor) -> Result<()> {
    on_any_page(actor, |page| page.write)
}

/// What of a document the actor sees.
pub fn seen(actor: &Actor, document: Map<String, Value>) -> Map<String, Value> {
    if actor.is_system_admin() {
        return document;
    }
    let mut out = Map::new();
    for (path, value) in leaves(&document).filter(|(path, _)| may(actor, path, |page| page.read)) {
        set(&mut out, &path, value.clone());
    }
    out
}

/// # Errors
/// 403 that names the setting.
pub fn require_write(actor: &Actor, path: &str) -> Result<()> {
    if may(actor, path, |page| page.write) {
        return Ok(());
    }
    let mut error = Error::forbidden();
    error.message = format!("You may not change {path}.");
    Err(error)
}

#[cfg(test)]
mod tests {
    use super::super::document::{Shown, get, whole};
    use super::super::table::TABLE;
    use super::*;
    use std::collections::BTreeSet;

    /// The permissions that roles begin with.
    const KNOWN: &str = include_str!("../../../migrations/0020_permissions.sql");

    #[test]
    fn every_setting_that_can_be_changed_stands_on_a_page_that_roles_know() {
        for row in TABLE {
            assert!(page_of(row.path).is_some(), "{} stands on no page", row.path);
        }
        for (place, page) in PLACES {
            for permission in [page.read, page.write] {
                assert!(KNOWN.contains(&format!("\"{}\"", permission.0)), "{place}: {}", permission.0);
            }
        }
        let places: BTreeSet<_> = PLACES.iter().map(|(place, _)| place).collect();
        assert_eq!(places.len(), PLACES.len(), "a place stands twice");
    }

    #[test]
    fn who_holds_nothing_sees_and_changes_nothing() {
        let nobody = Actor::default();
        let document = whole(&chat::Config::default(), &Map::new(), Shown::default());
        assert!(get(&document, "TeamSettings.SiteName").is_some());
        assert!(seen(&nobody, document).is_empty());
        assert!(require_reader(&nobody).is_err() && require_writer(&nobody).is_err());
        assert!(require_write(&nobody, "TeamSettings.SiteName").unwrap_err().message.contains("TeamSettings.SiteName"));
    }

    #[test]
    fn a_setting_is_looked_for_before_its_section() {
        assert_eq!(page_of("FileSettings.EnablePublicLink"), Some(PUBLIC_LINKS));
        assert_eq!(page_of("FileSettings.MaxFileSize"), Some(FILE_STORAGE));
        assert_eq!(page_of("ServiceSettings.SplitKey"), None, "for administrators alone");
    }
}
