//! What administration needs of the binary: where settings come from, what else the file says, and the local socket.

use crate::config::{Config, Store};
use administration::settings::document::MASK;
use administration::socket::Socket;
use administration::{About, Settings, Source};
use axum::Router;
use chat::Site;
use kit::config::{ConfigError, Origins};
use serde_json::{Map, Value, json};
use std::path::PathBuf;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// Reads file, environment and flags again.
pub type Reread = Box<dyn Fn() -> Result<(Config, Origins), ConfigError> + Send + Sync>;

/// Settings of upstream that only the file can change, with what it says. Addresses of databases hold passwords.
fn shown(config: &Config) -> Map<String, Value> {
    let (driver, source) = match config.database() {
        db::Options::Sqlite { path, .. } => ("sqlite", path.display().to_string()),
        db::Options::Postgres { .. } => ("postgres", MASK.to_owned()),
    };
    let files = &config.files;
    let store = match files.store {
        Store::Local => "local",
        Store::S3 => "amazons3",
        Store::Azure => "azureblob",
    };
    let secret = if files.secret_key.is_empty() { "" } else { MASK };
    let hours = config.limits.session_days * 24;
    let (socket, erasing) = (config.local_socket(), config.allow_permanent_deletion);
    let document = json!({
        "ServiceSettings": {
            "EnableAPITeamDeletion": erasing, "EnableAPIUserDeletion": erasing, "EnableAPIPostDeletion": erasing,
            "EnableAPIChannelDeletion": erasing, "EnableLinkPreviews": config.links.previews, "ListenAddress": config.listen_address, "ConnectionSecurity": "",
            "SessionLengthMobileInHours": hours, "SessionLengthSSOInHours": hours,
            "EnableLocalMode": socket.is_some(), "LocalModeSocketLocation": socket.unwrap_or_default(),
        },
        "SqlSettings": {
            "DriverName": driver, "DataSource": source, "DataSourceReplicas": [], "DataSourceSearchReplicas": [],
            "MaxOpenConns": config.limits.database_pool, "Trace": false,
        },
        "LogSettings": {"ConsoleLevel": config.log.level, "ConsoleJson": config.log.json},
        "FileSettings": {
            "DriverName": store, "Directory": config.data_dir.join("files"), "AmazonS3Bucket": files.bucket,
            "AmazonS3PathPrefix": files.prefix, "AmazonS3Endpoint": files.endpoint, "AmazonS3Region": files.region,
            "AmazonS3AccessKeyId": files.access_key, "AmazonS3SecretAccessKey": secret, "AmazonS3SSL": !files.allow_http,
        },
        "LdapSettings": ldap(&config.directory),
        "ImageProxySettings": {"Enable": config.links.image_proxy},
        "MetricsSettings": {"Enable": !config.metrics_token.is_empty()},
    });
    let mut document = if let Value::Object(document) = document { document } else { Map::new() };
    document.extend(login_services(&config.sso));
    document
}

/// The providers of single sign-on, each as a section.
fn login_services(config: &sso::Config) -> impl Iterator<Item = (String, Value)> {
    let section = |name| match name {
        "gitlab" => "GitLabSettings",
        "google" => "GoogleSettings",
        "office365" => "Office365Settings",
        _ => "OpenIdSettings",
    };
    config.services().into_iter().map(move |(name, p)| {
        let secret = if p.client_secret.is_empty() { "" } else { MASK };
        let discovery = format!("{}/.well-known/openid-configuration", p.issuer.trim_end_matches('/'));
        let value = json!({
            "Enable": true, "Id": p.client_id, "Secret": secret, "Scope": p.scopes.join(" "), "DiscoveryEndpoint": discovery,
            "ButtonText": p.button_text, "ButtonColor": p.button_color,
        });
        (section(name).to_owned(), value)
    })
}

/// `[server.directory]` under upstream's names.
fn ldap(c: &directory::Config) -> Value {
    let address = c.url.split_once("://").map_or("", |(_, rest)| rest).trim_end_matches('/');
    let (host, port) = address.rsplit_once(':').unwrap_or((address, ""));
    let security = match (c.url.starts_with("ldaps:"), c.start_tls) {
        (true, _) => "TLS",
        (_, true) => "STARTTLS",
        _ => "",
    };
    let usual = if security == "TLS" { 636 } else { 389 };
    let secret = if c.bind_password.is_empty() { "" } else { MASK };
    json!({
        "Enable": c.enabled, "EnableSync": c.enabled && c.sync_minutes > 0, "LdapServer": host,
        "LdapPort": port.parse::<u16>().unwrap_or(usual), "ConnectionSecurity": security, "BaseDN": c.base_dn,
        "BindUsername": c.bind_dn, "BindPassword": secret, "UserFilter": c.user_filter, "GroupFilter": c.group_filter,
        "GuestFilter": c.guest_filter, "EnableAdminFilter": !c.admin_filter.is_empty(), "AdminFilter": c.admin_filter,
        "GroupDisplayNameAttribute": c.group_name_attribute, "GroupIdAttribute": c.group_id_attribute,
        "FirstNameAttribute": c.first_name_attribute, "LastNameAttribute": c.last_name_attribute,
        "EmailAttribute": c.email_attribute, "UsernameAttribute": c.username_attribute,
        "NicknameAttribute": c.nickname_attribute, "IdAttribute": c.id_attribute,
        "PositionAttribute": c.position_attribute, "LoginIdAttribute": c.login_attribute,
        "PictureAttribute": c.picture_attribute, "SyncIntervalMinutes": c.sync_minutes,
        "SkipCertificateVerification": false, "QueryTimeout": c.timeout_s, "MaxPageSize": c.page_size,
        "LoginFieldName": c.login_field_name,
    })
}

fn source(config: &Config, origins: Origins, diagnostic_id: String) -> Source {
    Source { config: config.chat(diagnostic_id), origins, shown: shown(config) }
}

/// Puts what administrators have set into force.
///
/// # Errors
/// When the configuration cannot be read a second time, or the database fails.
pub async fn start(site: &Site, config: &Config, reread: Reread, stop: &CancellationToken) -> anyhow::Result<()> {
    let id = site.config().diagnostic_id.clone();
    let (_, origins) = reread()?;
    let first = source(config, origins, id.clone());
    let again = move || {
        let (config, origins) = reread().map_err(|e| e.to_string())?;
        Ok(source(&config, origins, id.clone()))
    };
    let about = About { data_dir: config.data_dir.clone(), subject: config.subject(), started_at: site.clock.now_ms() };
    administration::start(site, &Settings::new(first, Arc::new(again)), about, stop).await?;
    Ok(())
}

impl Config {
    /// Where the local socket is; `None` when there is to be none.
    fn local_socket(&self) -> Option<PathBuf> {
        (!self.local_socket.as_os_str().is_empty()).then(|| self.data_dir.join(&self.local_socket))
    }
}

/// Serves the API on the local socket too. Without it the site is as good as ever for everybody else.
pub async fn serve_local(config: &Config, app: Router, stop: &CancellationToken) {
    let Some(path) = config.local_socket() else { return };
    match Socket::open(&path).await {
        Ok(socket) => {
            let stop = stop.clone();
            tokio::spawn(async move {
                if let Err(error) = socket.serve(app, stop).await {
                    tracing::error!(%error, "the local socket");
                }
            });
        }
        Err(error) => tracing::warn!(%error, "there is no local socket"),
    }
}
