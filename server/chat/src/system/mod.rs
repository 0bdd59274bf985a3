//! What clients ask of the server itself: is it there, what can it do, how is it configured.

mod small;

use crate::Json;
use crate::keys::SYSTEM_SECRET;
use crate::{Actor, Result, Site, users};
use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::routing::{get, post};
use db::{Conn, Row, Sql, Tx, params};
use serde_json::{Value, json};

const GET: Sql = Sql::new("SELECT value FROM system WHERE name = $1");
const SET: Sql = Sql::new(
    "INSERT INTO system (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
);

/// A stored value of the installation (ids, keys).
///
/// # Errors
/// When the database fails.
pub async fn value(conn: &mut Conn, name: &str) -> Result<Option<String>> {
    Ok(conn.fetch_optional(&GET, params![name], Row::only).await?)
}

/// Stores a value of the installation.
///
/// # Errors
/// When the database fails.
pub async fn set_value(tx: &mut Tx, name: &str, value: &str) -> Result<()> {
    tx.execute(&SET, params![name, value]).await?;
    Ok(())
}

/// A secret of the installation, made of so many signs when there is none. Its name has to end with `Key`, which is how
/// [`crate::keys::SYSTEM_SECRET`] knows it.
///
/// # Errors
/// When the database fails or the site's key is missing.
pub async fn secret(site: &Site, name: &str, signs: usize) -> Result<String> {
    if let Some(stored) = value(&mut site.db.read().await?, name).await? {
        return site.keys.open(&SYSTEM_SECRET, name, &stored);
    }
    let mut tx = site.db.write().await?;
    if let Some(stored) = value(&mut tx, name).await? {
        return site.keys.open(&SYSTEM_SECRET, name, &stored);
    }
    let made = kit::id::secret(signs);
    set_value(&mut tx, name, &site.keys.close(&SYSTEM_SECRET, name, &made)?).await?;
    tx.commit().await?;
    Ok(made)
}

/// The account in whose name the server itself writes to a user; made the first time, owned by who caused it.
///
/// # Errors
/// When a person has its name.
pub async fn bot(site: &Site, owner: &str) -> Result<Actor> {
    let bot = users::ensure_bot(site, "system-bot", "System", "Messages of the server itself", owner).await?;
    users::actor_of(site, &bot.id).await
}

/// Routes of this domain.
pub fn router() -> Router<Site> {
    Router::new()
        .route("/system/ping", get(ping))
        .route("/config/client", get(client_config))
        .route("/license/client", get(licence))
        .route("/limits/server", get(limits))
        .route("/plugins/webapp", get(crate::products::webapp))
        .route("/logs", post(log))
        .merge(small::router())
}

async fn ping() -> Json<Value> {
    Json(json!({"status": "OK", "ActiveSearchBackend": "database", "AndroidLatestVersion": "", "AndroidMinVersion": "",
        "IosLatestVersion": "", "IosMinVersion": ""}))
}

/// A client's own error report goes to the server's log.
async fn log(actor: Actor, Json(body): Json<Value>) -> Json<Value> {
    let message = body.get("message").and_then(Value::as_str).unwrap_or_default();
    tracing::info!(user.id = %actor.user_id, message = %message.chars().take(500).collect::<String>(), "client log");
    Json(body)
}

/// There is no licence: nothing is locked, and nothing is claimed.
async fn licence() -> Json<Value> {
    Json(json!({"IsLicensed": "false"}))
}

async fn limits(State(site): State<Site>, _: Actor) -> Result<Json<Value>> {
    let count = users::count(&mut site.db.read().await?).await?;
    Ok(Json(
        json!({"maxUsersLimit": 0, "maxUsersHardLimit": 0, "activeUserCount": count, "lastAccessiblePostTime": 0, "postHistoryLimit": 0}),
    ))
}

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
    ("EnableBotAccountCreation", "true"),
    ("EnableChannelCategorySorting", "true"),
    ("EnableChannelViewedMessages", "true"),
    ("EnableClientMetrics", "false"),
    ("EnableCommands", "true"),
    ("EnableConfirmNotificationsToChannel", "true"),
    ("EnableCrossTeamSearch", "true"),
    ("EnableCustomGroups", "true"),
    ("EnableCustomUserStatuses", "true"),
    ("EnableDeveloper", "false"),
    ("EnableEmojiPicker", "true"),
    ("EnableFileAttachments", "true"),
    ("EnableGifPicker", "false"),
    ("EnableIncomingWebhooks", "true"),
    ("EnableJoinLeaveMessageByDefault", "true"),
    ("EnableLastActiveTime", "true"),
    ("EnableMobileFileDownload", "true"),
    ("EnableMobileFileUpload", "true"),
    ("EnableOAuthServiceProvider", "true"),
    ("EnableOnboardingFlow", "false"),
    ("EnableOutgoingWebhooks", "true"),
    ("EnablePermalinkPreviews", "true"),
    ("EnablePostIconOverride", "true"),
    ("EnablePostUsernameOverride", "true"),
    ("EnablePublicLink", "true"),
    ("EnableReliableWebSockets", "true"),
    ("EnableTesting", "false"),
    ("EnableThemeSelection", "true"),
    ("EnableTimedDND", "true"),
    ("EnableTutorial", "false"),
    ("EnableUserAccessTokens", "true"),
    ("EnableUserStatuses", "true"),
    ("EnableUserTypingMessages", "true"),
    ("ExperimentalEnableDefaultChannelLeaveJoinMessages", "true"),
    ("ExperimentalEnablePostMetadata", "true"),
    ("ExperimentalViewArchivedChannels", "true"),
    ("FeatureFlagCollapsedThreads", "true"),
    ("MinimumHashtagLength", "2"),
    ("PostEditTimeLimit", "-1"),
    ("ScheduledPosts", "true"),
    ("SendEmailNotifications", "false"),
    ("SendPushNotifications", "false"),
    ("ShowEmailAddress", "true"),
    ("ShowFullName", "true"),
    ("TeammateNameDisplay", "username"),
    ("TimeBetweenUserTypingUpdatesMilliseconds", "5000"),
];

/// Every value is a string. Anonymous callers get what a login page needs.
async fn client_config(State(site): State<Site>, headers: HeaderMap) -> Result<Json<Value>> {
    let config = &site.config;
    let outside = site.outside();
    let (previewed, proxied) = outside.map_or((false, false), |o| (o.previews(), o.image_proxy()));
    let mut map = json!({
        "Version": config.version, "BuildNumber": config.version, "BuildDate": "", "BuildHash": "", "BuildHashEnterprise": "",
        "BuildEnterpriseReady": "false", "SiteURL": config.site_url, "SiteName": config.site_name, "WebsocketURL": "",
        "WebsocketPort": "80", "WebsocketSecurePort": "443", "DiagnosticId": config.diagnostic_id, "TelemetryId": config.diagnostic_id,
        "DiagnosticsEnabled": "false", "EnableDiagnostics": "false", "EnableUserCreation": "true",
        "EnableOpenServer": config.open_signup.to_string(), "EnableSignUpWithEmail": "true", "EnableSignInWithEmail": "true",
        "EnableSignInWithUsername": "true", "PasswordMinimumLength": config.accounts.password_min_length.to_string(),
        "DefaultClientLocale": "en", "PluginsEnabled": "true", "EnableCustomEmoji": "true", "EnableGuestAccounts": "true",
        "EnableMultifactorAuthentication": "true", "HasImageProxy": proxied.to_string(),
        "EnforceMultifactorAuthentication": config.accounts.enforce_mfa.to_string(),
        "PasswordRequireLowercase": config.accounts.password_lowercase.to_string(),
        "PasswordRequireUppercase": config.accounts.password_uppercase.to_string(),
        "PasswordRequireNumber": config.accounts.password_number.to_string(),
        "PasswordRequireSymbol": config.accounts.password_symbol.to_string(),
        "ExtendSessionLengthWithActivity": config.accounts.session_extend.to_string(),
    });
    let mut conn = site.db.read().await?;
    if users::count_people(&mut conn).await? == 0 {
        map["NoAccounts"] = "true".into();
    }
    let full = crate::actor::of_request(&site, &axum::http::Method::GET, &headers).await;
    if full.is_ok() {
        let engine = match site.db.engine() {
            db::Engine::Sqlite => "sqlite",
            db::Engine::Postgres => "postgres",
        };
        for (key, value) in FIXED.iter().copied().chain([
            ("MaxFileSize", config.max_file_bytes.to_string().as_str()),
            ("EnableEmailInvitations", crate::mail::is_on(&site).to_string().as_str()),
            ("EnableLinkPreviews", previewed.to_string().as_str()),
            ("MaxPostSize", config.max_post_runes.to_string().as_str()),
            ("PersistentNotificationIntervalMinutes", (config.persistent_interval_ms / 60_000).to_string().as_str()),
            ("PersistentNotificationMaxCount", config.persistent_max_count.to_string().as_str()),
            ("PersistentNotificationMaxRecipients", config.persistent_max_recipients.to_string().as_str()),
            ("RestrictDirectMessage", "any"),
            ("SQLDriverName", engine),
        ]) {
            map[key] = value.into();
        }
    }
    Ok(Json(map))
}
