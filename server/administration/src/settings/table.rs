//! The settings that an administrator can change, one row each: where upstream's clients look for it, where the file has
//! it, what it may be, and how it is read and written.

use super::kind::Kind;
use chat::Config;
use chat::features::NameDisplay;
use chat::mail::Security;
use chat::push::Contents;
use serde_json::{Value, json};

const HOUR_MS: i64 = 3_600_000;
const MINUTE_MS: i64 = 60_000;

/// When a change takes effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applies {
    AtOnce,
    /// When the server starts the next time; until then it is shown and not used.
    Restart,
}

/// One setting.
pub struct Setting {
    /// Upstream's section and name.
    pub path: &'static str,
    /// The key of `[server]`, as the file, the environment and the flags have it.
    pub key: &'static str,
    pub kind: Kind,
    pub applies: Applies,
    /// The key of `GET /config/client` that tells it; empty: clients are not told, or only together with other things.
    pub client: &'static str,
    pub read: fn(&Config) -> Value,
    /// Takes a value that `kind` has let through.
    pub write: fn(&mut Config, &Value),
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn number(value: &Value) -> i64 {
    value.as_i64().unwrap_or_default()
}

fn count(value: &Value) -> usize {
    usize::try_from(number(value)).unwrap_or_default()
}

macro_rules! flag {
    ($path:literal, $key:literal, $client:literal, $($field:ident).+) => {
        Setting {
            path: $path,
            key: $key,
            kind: Kind::Flag,
            applies: Applies::AtOnce,
            client: $client,
            read: |c| json!(c.$($field).+),
            write: |c, v| c.$($field).+ = v == true,
        }
    };
}

macro_rules! number {
    ($path:literal, $key:literal, $client:literal, $min:literal, $max:literal, $($field:ident).+) => {
        Setting {
            path: $path,
            key: $key,
            kind: Kind::Number { min: $min, max: $max },
            applies: Applies::AtOnce,
            client: $client,
            read: |c| json!(c.$($field).+),
            write: |c, v| c.$($field).+ = number(v),
        }
    };
}

/// Every setting.
pub const TABLE: &[Setting] = &[
    Setting {
        path: "TeamSettings.SiteName",
        key: "site_name",
        kind: Kind::Text { max: 30 },
        applies: Applies::AtOnce,
        client: "SiteName",
        read: |c| json!(c.site_name),
        write: |c, v| c.site_name = text(v),
    },
    Setting {
        path: "ServiceSettings.SiteURL",
        key: "site_url",
        kind: Kind::Address,
        // Integrations and calls have told it to others since the start.
        applies: Applies::Restart,
        client: "SiteURL",
        read: |c| json!(c.site_url),
        write: |c, v| c.site_url = text(v).trim_end_matches('/').to_owned(),
    },
    flag!("TeamSettings.EnableOpenServer", "open_signup", "EnableOpenServer", open_signup),
    flag!(
        "TeamSettings.EnableCustomUserStatuses",
        "features.custom_status",
        "EnableCustomUserStatuses",
        features.custom_status
    ),
    Setting {
        path: "TeamSettings.TeammateNameDisplay",
        key: "privacy.name_display",
        kind: Kind::Choice(&["username", "nickname_full_name", "full_name"]),
        applies: Applies::AtOnce,
        client: "TeammateNameDisplay",
        read: |c| json!(c.privacy.name_display),
        write: |c, v| {
            c.privacy.name_display = match v.as_str() {
                Some("nickname_full_name") => NameDisplay::NicknameFullName,
                Some("full_name") => NameDisplay::FullName,
                _ => NameDisplay::Username,
            }
        },
    },
    Setting {
        path: "TeamSettings.UserStatusAwayTimeout",
        key: "limits.away_minutes",
        kind: Kind::Number { min: 60, max: 86_400 },
        applies: Applies::AtOnce,
        client: "",
        read: |c| json!(c.away_after_ms / 1000),
        write: |c, v| c.away_after_ms = number(v) * 1000,
    },
    flag!("PrivacySettings.ShowEmailAddress", "privacy.show_email", "ShowEmailAddress", privacy.show_email),
    flag!("PrivacySettings.ShowFullName", "privacy.show_full_name", "ShowFullName", privacy.show_full_name),
    Setting {
        path: "PasswordSettings.MinimumLength",
        key: "accounts.password_min_length",
        kind: Kind::Number { min: 5, max: 72 },
        applies: Applies::AtOnce,
        client: "PasswordMinimumLength",
        read: |c| json!(c.accounts.password_min_length),
        write: |c, v| c.accounts.password_min_length = count(v),
    },
    flag!(
        "PasswordSettings.Lowercase",
        "accounts.password_lowercase",
        "PasswordRequireLowercase",
        accounts.password_lowercase
    ),
    flag!(
        "PasswordSettings.Uppercase",
        "accounts.password_uppercase",
        "PasswordRequireUppercase",
        accounts.password_uppercase
    ),
    flag!("PasswordSettings.Number", "accounts.password_number", "PasswordRequireNumber", accounts.password_number),
    flag!("PasswordSettings.Symbol", "accounts.password_symbol", "PasswordRequireSymbol", accounts.password_symbol),
    number!("ServiceSettings.MaximumLoginAttempts", "limits.max_login_attempts", "", 0, 1000, max_login_attempts),
    flag!(
        "ServiceSettings.EnforceMultifactorAuthentication",
        "accounts.enforce_mfa",
        "EnforceMultifactorAuthentication",
        accounts.enforce_mfa
    ),
    flag!(
        "ServiceSettings.ExtendSessionLengthWithActivity",
        "accounts.session_extend",
        "ExtendSessionLengthWithActivity",
        accounts.session_extend
    ),
    Setting {
        path: "ServiceSettings.SessionLengthWebInHours",
        key: "limits.session_days",
        kind: Kind::Number { min: 1, max: 87_600 },
        applies: Applies::AtOnce,
        client: "",
        read: |c| json!(c.session_length_ms / HOUR_MS),
        write: |c, v| c.session_length_ms = number(v) * HOUR_MS,
    },
    number!(
        "ServiceSettings.SessionIdleTimeoutInMinutes",
        "accounts.session_idle_minutes",
        "",
        0,
        525_600,
        accounts.session_idle_minutes
    ),
    number!(
        "ServiceSettings.MaximumPersonalAccessTokenLifetimeDays",
        "accounts.max_token_days",
        "MaximumPersonalAccessTokenLifetimeDays",
        0,
        36_500,
        accounts.max_token_days
    ),
    flag!(
        "ServiceSettings.EnableUserAccessTokens",
        "features.access_tokens",
        "EnableUserAccessTokens",
        features.access_tokens
    ),
    flag!("ServiceSettings.EnableBotAccountCreation", "features.bots", "EnableBotAccountCreation", features.bots),
    flag!("ServiceSettings.EnableCustomEmoji", "features.custom_emoji", "EnableCustomEmoji", features.custom_emoji),
    flag!(
        "ServiceSettings.EnableIncomingWebhooks",
        "features.incoming_webhooks",
        "EnableIncomingWebhooks",
        features.incoming_webhooks
    ),
    flag!(
        "ServiceSettings.EnableOutgoingWebhooks",
        "features.outgoing_webhooks",
        "EnableOutgoingWebhooks",
        features.outgoing_webhooks
    ),
    flag!("ServiceSettings.EnableCommands", "features.custom_commands", "EnableCommands", features.custom_commands),
    flag!(
        "ServiceSettings.EnableOAuthServiceProvider",
        "features.oauth_provider",
        "EnableOAuthServiceProvider",
        features.oauth_provider
    ),
    flag!(
        "ServiceSettings.EnablePostUsernameOverride",
        "features.username_override",
        "EnablePostUsernameOverride",
        features.username_override
    ),
    flag!(
        "ServiceSettings.EnablePostIconOverride",
        "features.icon_override",
        "EnablePostIconOverride",
        features.icon_override
    ),
    flag!("ServiceSettings.EnableUserTypingMessages", "features.typing", "EnableUserTypingMessages", features.typing),
    flag!("ServiceSettings.EnableEmailInvitations", "features.email_invitations", "", features.email_invitations),
    flag!("ServiceSettings.EnableCustomGroups", "features.custom_groups", "EnableCustomGroups", features.custom_groups),
    number!(
        "ServiceSettings.PostEditTimeLimit",
        "limits.post_edit_seconds",
        "PostEditTimeLimit",
        -1,
        31_536_000,
        post_edit_seconds
    ),
    Setting {
        path: "ServiceSettings.PersistentNotificationIntervalMinutes",
        key: "limits.persistent_minutes",
        kind: Kind::Number { min: 2, max: 1440 },
        applies: Applies::AtOnce,
        client: "PersistentNotificationIntervalMinutes",
        read: |c| json!(c.persistent_interval_ms / MINUTE_MS),
        write: |c, v| c.persistent_interval_ms = number(v) * MINUTE_MS,
    },
    number!(
        "ServiceSettings.PersistentNotificationMaxCount",
        "limits.persistent_max_count",
        "PersistentNotificationMaxCount",
        1,
        1000,
        persistent_max_count
    ),
    Setting {
        path: "ServiceSettings.PersistentNotificationMaxRecipients",
        key: "limits.persistent_max_recipients",
        kind: Kind::Number { min: 1, max: 1000 },
        applies: Applies::AtOnce,
        client: "PersistentNotificationMaxRecipients",
        read: |c| json!(c.persistent_max_recipients),
        write: |c, v| c.persistent_max_recipients = count(v),
    },
    flag!(
        "FileSettings.EnableFileAttachments",
        "features.file_attachments",
        "EnableFileAttachments",
        features.file_attachments
    ),
    flag!("FileSettings.EnablePublicLink", "features.public_links", "EnablePublicLink", features.public_links),
    Setting {
        path: "FileSettings.MaxFileSize",
        key: "limits.max_file_mb",
        kind: Kind::Number { min: 1, max: 1 << 40 },
        applies: Applies::AtOnce,
        client: "MaxFileSize",
        read: |c| json!(c.max_file_bytes),
        write: |c, v| c.max_file_bytes = v.as_u64().unwrap_or_default(),
    },
    flag!("GuestAccountsSettings.Enable", "features.guests", "EnableGuestAccounts", features.guests),
    flag!(
        "MetricsSettings.EnableClientMetrics",
        "features.client_metrics",
        "EnableClientMetrics",
        features.client_metrics
    ),
    Setting {
        path: "EmailSettings.SMTPServer",
        key: "mail.host",
        kind: Kind::Text { max: 255 },
        applies: Applies::AtOnce,
        client: "",
        read: |c| json!(c.mail.host),
        write: |c, v| c.mail.host = text(v),
    },
    Setting {
        path: "EmailSettings.SMTPPort",
        key: "mail.port",
        kind: Kind::Port,
        applies: Applies::AtOnce,
        client: "",
        read: |c| json!(c.mail.port.to_string()),
        write: |c, v| c.mail.port = text(v).parse().unwrap_or(c.mail.port),
    },
    Setting {
        path: "EmailSettings.ConnectionSecurity",
        key: "mail.security",
        kind: Kind::Choice(&["", "STARTTLS", "TLS"]),
        applies: Applies::AtOnce,
        client: "",
        read: |c| {
            json!(match c.mail.security {
                Security::None => "",
                Security::Starttls => "STARTTLS",
                Security::Tls => "TLS",
            })
        },
        write: |c, v| {
            c.mail.security = match v.as_str() {
                Some("TLS") => Security::Tls,
                Some("STARTTLS") => Security::Starttls,
                _ => Security::None,
            }
        },
    },
    Setting {
        path: "EmailSettings.SMTPUsername",
        key: "mail.username",
        kind: Kind::Text { max: 255 },
        applies: Applies::AtOnce,
        client: "",
        read: |c| json!(c.mail.username),
        write: |c, v| c.mail.username = text(v),
    },
    Setting {
        path: "EmailSettings.SMTPPassword",
        key: "mail.password",
        kind: Kind::Secret { max: 255 },
        applies: Applies::AtOnce,
        client: "",
        read: |c| json!(c.mail.password),
        write: |c, v| c.mail.password = text(v),
    },
    Setting {
        path: "EmailSettings.FeedbackEmail",
        key: "mail.from",
        kind: Kind::Text { max: 255 },
        applies: Applies::AtOnce,
        client: "",
        read: |c| json!(c.mail.from),
        write: |c, v| c.mail.from = text(v),
    },
    Setting {
        path: "EmailSettings.SMTPServerTimeout",
        key: "mail.deadline_seconds",
        kind: Kind::Number { min: 1, max: 300 },
        applies: Applies::AtOnce,
        client: "",
        read: |c| json!(c.mail.deadline_seconds),
        write: |c, v| c.mail.deadline_seconds = number(v).unsigned_abs(),
    },
    flag!("EmailSettings.SendPushNotifications", "push.enabled", "", push.enabled),
    Setting {
        path: "EmailSettings.PushNotificationServer",
        key: "push.proxy_url",
        kind: Kind::Address,
        applies: Applies::AtOnce,
        client: "",
        read: |c| json!(c.push.proxy_url),
        write: |c, v| c.push.proxy_url = text(v).trim_end_matches('/').to_owned(),
    },
    Setting {
        path: "EmailSettings.PushNotificationContents",
        key: "push.contents",
        kind: Kind::Choice(&["full", "generic", "generic_no_channel", "id_loaded"]),
        applies: Applies::AtOnce,
        client: "",
        read: |c| json!(c.push.contents),
        write: |c, v| {
            c.push.contents = match v.as_str() {
                Some("full") => Contents::Full,
                Some("generic_no_channel") => Contents::GenericNoChannel,
                Some("id_loaded") => Contents::IdLoaded,
                _ => Contents::Generic,
            }
        },
    },
    flag!("DataRetentionSettings.EnableMessageDeletion", "retention.delete_messages", "", retention.delete_messages),
    number!(
        "DataRetentionSettings.MessageRetentionHours",
        "retention.message_hours",
        "",
        0,
        1_000_000,
        retention.message_hours
    ),
    flag!("DataRetentionSettings.EnableFileDeletion", "retention.delete_files", "", retention.delete_files),
    number!("DataRetentionSettings.FileRetentionHours", "retention.file_hours", "", 0, 1_000_000, retention.file_hours),
    flag!(
        "DataRetentionSettings.PreservePinnedPosts",
        "retention.preserve_pinned_posts",
        "",
        retention.preserve_pinned_posts
    ),
    Setting {
        path: "DataRetentionSettings.DeletionJobStartTime",
        key: "retention.start_time",
        kind: Kind::TimeOfDay,
        applies: Applies::AtOnce,
        client: "",
        read: |c| json!(c.retention.start_time),
        write: |c, v| c.retention.start_time = text(v),
    },
    number!("DataRetentionSettings.BatchSize", "retention.batch_posts", "", 10, 1000, retention.batch_posts),
    number!(
        "DataRetentionSettings.TimeBetweenBatchesMilliseconds",
        "retention.pause_ms",
        "",
        0,
        60_000,
        retention.pause_ms
    ),
    // Upstream has no place for these.
    Setting {
        path: "MusterSettings.MaxPostSize",
        key: "limits.max_post_chars",
        kind: Kind::Number { min: 100, max: 65_535 },
        applies: Applies::AtOnce,
        client: "MaxPostSize",
        read: |c| json!(c.max_post_runes),
        write: |c, v| c.max_post_runes = count(v),
    },
    flag!("MusterSettings.AdvertiseFeatures", "compat.advertise_features", "", advertise_features),
];

/// The row of a path.
pub fn row(path: &str) -> Option<&'static Setting> {
    TABLE.iter().find(|row| row.path == path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// Another value than `value`.
    fn other(kind: Kind, value: &Value) -> Value {
        match kind {
            Kind::Flag => json!(value != true),
            Kind::Number { min, max } => json!(if value == max { min } else { value.as_i64().unwrap_or(min) + 1 }),
            Kind::Text { .. } | Kind::Secret { .. } => json!("other"),
            Kind::Address => json!("https://other.example"),
            Kind::Choice(all) => json!(all.iter().find(|c| value != **c)),
            Kind::Port => json!("2525"),
            Kind::TimeOfDay => json!("04:30"),
        }
    }

    #[test]
    fn each_row_reads_what_it_wrote_and_touches_nothing_else() {
        let all = |c: &Config| TABLE.iter().map(|row| (row.path, (row.read)(c))).collect::<Vec<_>>();
        for row in TABLE {
            let before = Config::default();
            let default = (row.read)(&before);
            assert_eq!(row.kind.check(&default), Ok(()), "{}: the default is refused", row.path);
            let value = other(row.kind, &default);
            assert_eq!(row.kind.check(&value), Ok(()), "{}", row.path);
            let mut after = before.clone();
            (row.write)(&mut after, &value);
            assert_eq!((row.read)(&after), value, "{}", row.path);
            let changed: Vec<_> = all(&before).into_iter().zip(all(&after)).filter(|(a, b)| a != b).collect();
            assert_eq!(changed.len(), 1, "{}: {changed:?}", row.path);
        }
        let paths: BTreeSet<_> = TABLE.iter().map(|row| row.path).collect();
        let keys: BTreeSet<_> = TABLE.iter().map(|row| row.key).collect();
        assert_eq!((paths.len(), keys.len()), (TABLE.len(), TABLE.len()), "a path or a key stands twice");
    }

    #[test]
    fn clients_are_told_what_is_set() {
        for row in TABLE.iter().filter(|row| !row.client.is_empty()) {
            let mut config = Config::default();
            let value = other(row.kind, &(row.read)(&config));
            (row.write)(&mut config, &value);
            let told = chat::system::told(&config, db::Engine::Sqlite);
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            assert_eq!(told[row.client], text, "{} is told as {}", row.path, row.client);
        }
    }
}
