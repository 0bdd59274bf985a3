//! What clients are told of the server: its configuration as a map of texts, and its licence.

use crate::actor::Asker;
use crate::features::NameDisplay;
use crate::{Actor, Config, Json, Result, Site, mail, users};
use axum::extract::State;
use axum::http::{HeaderMap, Method};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

/// What a logged-in client is told and that no setting changes. Every value of this map is a string.
const FIXED: &[(&str, &str)] = &[
    ("AllowPersistentNotifications", "true"),
    ("AllowPersistentNotificationsForGuests", "true"),
    ("PostAcknowledgements", "true"),
    ("PostPriority", "true"),
    ("AllowCustomThemes", "true"),
    ("AllowSyncedDrafts", "true"),
    ("AllowedThemes", ""),
    ("CollapsedThreads", "always_on"),
    ("EnableChannelCategorySorting", "true"),
    ("EnableChannelViewedMessages", "true"),
    ("EnableConfirmNotificationsToChannel", "true"),
    ("EnableCrossTeamSearch", "true"),
    ("EnableDeveloper", "false"),
    ("EnableEmojiPicker", "true"),
    ("EnableGifPicker", "false"),
    ("EnableJoinLeaveMessageByDefault", "true"),
    ("EnableLastActiveTime", "true"),
    ("EnableMobileFileDownload", "true"),
    ("EnableOnboardingFlow", "false"),
    ("EnablePermalinkPreviews", "true"),
    ("EnableReliableWebSockets", "true"),
    ("EnableTesting", "false"),
    ("EnableThemeSelection", "true"),
    ("EnableTimedDND", "true"),
    ("EnableTutorial", "false"),
    ("EnableUserStatuses", "true"),
    ("ExperimentalEnableDefaultChannelLeaveJoinMessages", "true"),
    ("ExperimentalEnablePostMetadata", "true"),
    ("ExperimentalViewArchivedChannels", "true"),
    ("FeatureFlagCollapsedThreads", "true"),
    ("FeatureFlagCustomProfileAttributes", "true"),
    ("MinimumHashtagLength", "2"),
    ("RestrictDirectMessage", "any"),
    ("ScheduledPosts", "true"),
    ("SendEmailNotifications", "false"),
    ("TimeBetweenUserTypingUpdatesMilliseconds", "5000"),
];

/// Login services, and what they are called in the map.
const SERVICES: [(&str, &str); 4] =
    [("gitlab", "GitLab"), ("google", "Google"), ("office365", "Office365"), ("openid", "OpenId")];

/// What everybody is told, with an account or without: what a login page needs.
fn limited(config: &Config) -> Map<String, Value> {
    let (features, accounts) = (&config.features, &config.accounts);
    let map = json!({
        "Version": config.version, "BuildNumber": config.version, "BuildDate": "", "BuildHash": "", "BuildHashEnterprise": "",
        "BuildEnterpriseReady": "false", "SiteURL": config.site_url, "SiteName": config.site_name, "WebsocketURL": "",
        "WebsocketPort": "80", "WebsocketSecurePort": "443", "DiagnosticId": config.diagnostic_id,
        "TelemetryId": config.diagnostic_id, "DiagnosticsEnabled": "false", "EnableDiagnostics": "false",
        "EnableUserCreation": "true", "EnableOpenServer": config.open_signup.to_string(), "EnableSignUpWithEmail": "true",
        "EnableSignInWithEmail": "true", "EnableSignInWithUsername": "true",
        "PasswordMinimumLength": accounts.password_min_length.to_string(), "DefaultClientLocale": "en",
        "PluginsEnabled": "true", "EnableCustomEmoji": features.custom_emoji.to_string(),
        "EnableBotAccountCreation": features.bots.to_string(), "EnableGuestAccounts": features.guests.to_string(),
        "EnableMultifactorAuthentication": "true",
        "EnforceMultifactorAuthentication": accounts.enforce_mfa.to_string(),
        "PasswordRequireLowercase": accounts.password_lowercase.to_string(),
        "PasswordRequireUppercase": accounts.password_uppercase.to_string(),
        "PasswordRequireNumber": accounts.password_number.to_string(),
        "PasswordRequireSymbol": accounts.password_symbol.to_string(),
        "ExtendSessionLengthWithActivity": accounts.session_extend.to_string(),
    });
    let mut map = if let Value::Object(map) = map { map } else { Map::new() };
    for (name, key) in SERVICES {
        let service = config.login_services.iter().find(|s| s.name == name);
        map.insert(format!("EnableSignUpWith{key}"), service.is_some().to_string().into());
        if let Some(service) = service {
            map.insert(format!("{key}ButtonText"), service.text.as_str().into());
            map.insert(format!("{key}ButtonColor"), service.color.as_str().into());
        }
    }
    map
}

/// What a logged-in client is told.
pub fn told(config: &Config, engine: db::Engine) -> Value {
    let (f, privacy) = (&config.features, config.privacy);
    let named = match privacy.name_display {
        NameDisplay::Username => "username",
        NameDisplay::NicknameFullName => "nickname_full_name",
        NameDisplay::FullName => "full_name",
    };
    let engine = match engine {
        db::Engine::Sqlite => "sqlite",
        db::Engine::Postgres => "postgres",
    };
    let mut map = limited(config);
    let fixed = FIXED.iter().map(|(key, value)| ((*key).to_owned(), Value::from(*value)));
    map.extend(fixed);
    let set = [
        ("EnableClientMetrics", f.client_metrics.to_string()),
        ("EnableCommands", f.custom_commands.to_string()),
        ("EnableCustomGroups", f.custom_groups.to_string()),
        ("EnableCustomUserStatuses", f.custom_status.to_string()),
        ("EnableEmailInvitations", (f.email_invitations && mail::works(config)).to_string()),
        ("EnableFileAttachments", f.file_attachments.to_string()),
        ("EnableMobileFileUpload", f.file_attachments.to_string()),
        ("EnableIncomingWebhooks", f.incoming_webhooks.to_string()),
        ("EnableOAuthServiceProvider", f.oauth_provider.to_string()),
        ("EnableOutgoingWebhooks", f.outgoing_webhooks.to_string()),
        ("EnablePostIconOverride", f.icon_override.to_string()),
        ("EnablePostUsernameOverride", f.username_override.to_string()),
        ("ExperimentalRemoteClusterService", config.shared_channels.to_string()),
        ("ExperimentalSharedChannels", config.shared_channels.to_string()),
        ("EnablePublicLink", f.public_links.to_string()),
        ("EnableUserAccessTokens", f.access_tokens.to_string()),
        ("EnableUserTypingMessages", f.typing.to_string()),
        ("MaxFileSize", config.max_file_bytes.to_string()),
        ("MaxPostSize", config.max_post_runes.to_string()),
        ("MaximumPersonalAccessTokenLifetimeDays", config.accounts.max_token_days.to_string()),
        ("PersistentNotificationIntervalMinutes", (config.persistent_interval_ms / 60_000).to_string()),
        ("PersistentNotificationMaxCount", config.persistent_max_count.to_string()),
        ("PersistentNotificationMaxRecipients", config.persistent_max_recipients.to_string()),
        ("PostEditTimeLimit", config.post_edit_seconds.to_string()),
        ("SQLDriverName", engine.into()),
        ("SendPushNotifications", config.push.works().to_string()),
        ("ShowEmailAddress", privacy.show_email.to_string()),
        ("ShowFullName", privacy.show_full_name.to_string()),
        ("TeammateNameDisplay", named.into()),
    ];
    map.extend(set.map(|(key, value)| (key.to_owned(), value.into())));
    Value::Object(map)
}

/// [`told`], with what this site does about links to other places and about other languages.
pub fn told_here(site: &Site, config: &Config) -> Value {
    let mut map = told(config, site.db.engine());
    let (previewed, proxied) = outside(site);
    map["EnableLinkPreviews"] = previewed.to_string().into();
    map["HasImageProxy"] = proxied.to_string().into();
    map["AsymmetricSigningPublicKey"] = signing_key(site).into();
    add_directory(site, &mut map);
    let translation = site.translation();
    map["EnableAutoTranslation"] = translation.is_some().to_string().into();
    map["AutoTranslationLanguages"] = translation.map_or_else(Vec::new, |t| t.languages()).join(",").into();
    map["RestrictDMAndGMAutotranslation"] = "false".into();
    map
}

/// What clients show because of the directory.
fn add_directory(site: &Site, map: &mut Value) {
    let directory = site.directory();
    map["EnableLdap"] = directory.is_some().to_string().into();
    for (key, value) in directory.map(|d| d.told()).unwrap_or_default() {
        map[key] = value.into();
    }
}

/// Whether links are previewed, and whether pictures are led through the site.
fn outside(site: &Site) -> (bool, bool) {
    site.outside().map_or((false, false), |o| (o.previews(), o.image_proxy()))
}

/// What apps check signatures of notifications with; empty while nobody sends any.
fn signing_key(site: &Site) -> String {
    site.pusher().map_or_else(String::new, |p| p.public_key().to_owned())
}

/// A short text that is another one for every configuration that clients see otherwise.
pub fn mark(config: &Config) -> String {
    let text = told(config, db::Engine::Sqlite).to_string();
    let hash = data_encoding::HEXLOWER.encode(&Sha256::digest(text.as_bytes())[..16]);
    format!("{hash}.{}", config.advertise_features)
}

/// GET /config/client. Anonymous callers get what a login page needs.
pub async fn config(State(site): State<Site>, headers: HeaderMap) -> Result<Json<Value>> {
    let config = site.config();
    let known = crate::actor::of_request(&site, &Method::GET, &headers).await.is_ok();
    let mut map = if known { told_here(&site, &config) } else { Value::Object(limited(&config)) };
    map["HasImageProxy"] = outside(&site).1.to_string().into();
    map["AsymmetricSigningPublicKey"] = signing_key(&site).into();
    add_directory(&site, &mut map);
    if users::count_people(&mut site.db.read().await?).await? == 0 {
        map["NoAccounts"] = "true".into();
    }
    Ok(Json(map))
}

/// What of it nobody else is told.
const FOR_ADMINISTRATORS: [&str; 7] = ["Id", "Name", "Email", "IssuedAt", "StartsAt", "ExpiresAt", "SkuName"];
/// Never; clients warn of licences that end soon.
const ENDS: &str = "4102444800000";

/// GET /license/client. Nothing is locked here. Official clients hide guests, custom groups, priorities with
/// confirmations and profile attributes from servers without a licence of their `enterprise` tier, so that is named while
/// `advertise_features` is on, with `false` for each licensed part that this server does not have.
pub async fn licence(State(site): State<Site>, Asker(asker): Asker) -> Json<Value> {
    Json(licence_for(&site, asker.as_ref()))
}

/// The licence as `asker` may see it.
pub fn licence_for(site: &Site, asker: Option<&Actor>) -> Value {
    let mut map = licence_of(&site.config());
    if let (true, Some(map)) = (site.directory().is_some(), map.as_object_mut().filter(|map| map.contains_key("LDAP")))
    {
        map.extend(["LDAP", "LDAPGroups"].map(|key| (key.to_owned(), "true".into())));
    }
    if let (false, Some(map)) = (asker.is_some_and(Actor::is_system_admin), map.as_object_mut()) {
        map.retain(|key, _| !FOR_ADMINISTRATORS.contains(&key.as_str()));
    }
    map
}

fn licence_of(config: &Config) -> Value {
    if !config.advertise_features {
        return json!({"IsLicensed": "false"});
    }
    let guests = config.features.guests.to_string();
    let shared = config.shared_channels.to_string();
    let service = |name: &str| config.login_services.iter().any(|s| s.name == name).to_string();
    json!({
        "IsLicensed": "true", "SkuShortName": "enterprise", "SkuName": "Muster", "Id": config.diagnostic_id,
        "Name": config.site_name, "Company": config.site_name, "Email": "", "Users": "0",
        "IssuedAt": "0", "StartsAt": "0", "ExpiresAt": ENDS, "IsTrial": "false", "IsGovSku": "false", "Cloud": "false",
        "MFA": "true", "GuestAccounts": guests, "GuestAccountsPermissions": guests, "CustomPermissionsSchemes": "true",
        "LDAP": "false", "LDAPGroups": "false", "SAML": "false", "GoogleOAuth": service("google"), "Office365OAuth": service("office365"),
        "OpenId": service("openid"), "Cluster": "false", "Metrics": "false", "Compliance": "false", "MHPNS": config.push.works().to_string(),
        "Announcement": "false", "Elasticsearch": "false", "DataRetention": "true", "IDLoadedPushNotifications": config.push.works().to_string(),
        "EmailNotificationContents": "false", "MessageExport": "false", "CustomTermsOfService": "false",
        "LockTeammateNameDisplay": "false", "SharedChannels": shared, "RemoteClusterService": shared,
        "OutgoingOAuthConnections": "false",
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::Features;

    #[test]
    fn flags_and_licence_say_what_is_on() {
        let on = Config::default();
        let off = Config {
            features: Features { guests: false, incoming_webhooks: false, ..Features::default() },
            ..on.clone()
        };
        assert_eq!(told(&on, db::Engine::Sqlite)["EnableIncomingWebhooks"], "true");
        assert_eq!(told(&off, db::Engine::Sqlite)["EnableIncomingWebhooks"], "false");
        let openid = crate::auth::LoginService { name: "openid".into(), text: "Clinic".into(), ..Default::default() };
        let with = Config { login_services: vec![openid], ..on.clone() };
        assert_eq!(limited(&with)["OpenIdButtonText"], "Clinic");
        assert_eq!(
            (&limited(&with)["EnableSignUpWithGitLab"], &limited(&on)["EnableSignUpWithOpenId"]),
            (&json!("false"), &json!("false"))
        );
        assert_eq!((&licence_of(&with)["OpenId"], &licence_of(&on)["OpenId"]), (&json!("true"), &json!("false")));
        assert_eq!(licence_of(&on)["GuestAccounts"], "true");
        assert_eq!(licence_of(&off)["GuestAccounts"], "false");
        assert_ne!(mark(&on), mark(&off), "clients would not ask again");
        let plain = Config { advertise_features: false, ..on };
        assert_eq!(licence_of(&plain), json!({"IsLicensed": "false"}));
        assert!(mark(&plain).ends_with(".false"), "the licence is part of the version");
    }

    #[test]
    fn every_value_is_a_text() {
        let told = told(&Config::default(), db::Engine::Postgres);
        let odd: Vec<_> = told.as_object().unwrap().iter().filter(|(_, v)| !v.is_string()).collect();
        assert!(odd.is_empty(), "{odd:?}");
    }
}
