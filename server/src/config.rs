//! The `[server]` section.

use kit::telemetry::LogConfig;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::net::{Ipv4Addr, Ipv6Addr};
use std::path::PathBuf;

/// Settings of the chat server.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where clients connect: `host:port`.
    pub listen_address: String,
    /// URL under which clients reach the site, for cookies and links; empty when it differs per client.
    pub site_url: String,
    /// Name that clients show.
    pub site_name: String,
    /// Folder of the SQLite database and the uploaded files.
    pub data_dir: PathBuf,
    /// Folder of the built web client; empty: no web client is served.
    pub web_root: PathBuf,
    /// Unix socket through which tools on this machine administer without a password (`mmctl --local`), for the user that
    /// runs the server alone; relative to the data folder. Empty: none.
    pub local_socket: PathBuf,
    /// `postgres://user:password@host/database`; empty: SQLite in the data folder.
    pub database_url: String,
    /// Media service.
    pub rtcd_url: String,
    /// Recording and transcription service.
    pub offloader_url: String,
    /// Language model and translation service.
    pub llm_url: String,
    /// Key that is sent to that service as a bearer token; empty: none.
    pub llm_api_key: String,
    /// Anybody may create an account; off: by invite link only.
    pub open_signup: bool,
    /// Administrators may erase posts, channels, teams and users for good (`permanent=true` of the API).
    pub allow_permanent_deletion: bool,
    /// Who sends this as a bearer token may read `/metrics`; empty: nobody.
    pub metrics_token: String,
    pub limits: Limits,
    /// `[server.features]`: what is turned on.
    pub features: chat::features::Features,
    /// `[server.privacy]`: what people see of each other.
    pub privacy: chat::features::Privacy,
    /// `[server.compat]`: what official clients are told.
    pub compat: Compat,
    /// `[server.accounts]`: passwords, throttling, second factor, sessions, invitations.
    pub accounts: chat::auth::Settings,
    /// `[server.files]`: where uploaded files are kept, and what is looked for in them.
    pub files: Files,
    /// `[server.tls]`: encryption of what clients send.
    pub tls: tls::Settings,
    /// `[server.mail]`: the mail server, if there is one.
    pub mail: chat::mail::Settings,
    /// `[server.push]`: notifications on phones.
    pub push: chat::push::Settings,
    /// `[server.retention]`: how long messages and files are kept.
    pub retention: chat::erasing::Retention,
    /// `[server.agents]`: the bot that answers with the language model.
    pub agents: agents::Config,
    /// `[server.calls]`: voice and screen sharing, recordings.
    pub calls: calls::Config,
    /// `[server.integrations]`: webhooks, slash commands, buttons, dialogs, OAuth 2 applications.
    pub integrations: integrations::Config,
    /// `[server.directory]`: people and groups of an LDAP directory.
    pub directory: directory::Config,
    /// `[server.links]`: previews of pages behind links, pictures of elsewhere.
    pub links: links::Config,
    /// `[server.federation]`: connections to partner sites, shared channels.
    pub federation: federation::Config,
    /// `[server.sso]`: single sign-on by OpenID Connect.
    pub sso: sso::Config,
    /// `[server.translations]`: automatic translation of channels.
    pub translations: translations::Config,
    pub log: LogConfig,
}

/// How this server presents itself to official clients.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Compat {
    /// Clients are told of a licence that names what this server does and nothing more, because they hide guests, custom
    /// groups, priorities and profile attributes without one. Off: no licence, and clients hide these.
    pub advertise_features: bool,
}

impl Default for Compat {
    fn default() -> Self {
        Self { advertise_features: true }
    }
}

/// Limits of the chat server.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Largest uploaded file, megabytes.
    pub max_file_mb: u64,
    /// Longest message, characters.
    pub max_post_chars: usize,
    /// Seconds during which the writer of a message may change it; -1: for ever.
    pub post_edit_seconds: i64,
    /// Resumable uploads that one user may have unfinished.
    pub max_uploads_per_user: i64,
    /// Days after which an unfinished upload is given up.
    pub upload_days: i64,
    /// Days that a login lasts; each use begins them anew unless `[server.accounts] session_extend` is off.
    pub session_days: i64,
    /// Reminders of posts that one user may have waiting.
    pub max_reminders_per_user: i64,
    /// Minutes between two tellings of an urgent post that insists until it is answered.
    pub persistent_minutes: i64,
    /// How often such a post is told.
    pub persistent_max_count: i64,
    /// How many people such a post may mention.
    pub persistent_max_recipients: usize,
    /// Minutes without activity after which a user is shown as away.
    pub away_minutes: i64,
    /// WebSocket connections of the whole site.
    pub max_connections: usize,
    /// WebSocket connections of one user.
    pub max_connections_per_user: usize,
    /// Failed logins in a row before an account waits (`[server.accounts] lock_minutes`); 0: no limit.
    pub max_login_attempts: i64,
    /// Log lines that are kept in memory for administrators to read.
    pub log_lines: usize,
    /// Threads that read from SQLite.
    pub database_readers: usize,
    /// Connections to PostgreSQL.
    pub database_pool: usize,
}

/// A kind of file storage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Store {
    /// The folder `files` of the data folder.
    Local,
    /// Amazon S3, or a service that speaks its protocol.
    S3,
    /// Azure Blob Storage.
    Azure,
}

/// Uploaded files.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Files {
    /// Where they are kept: local, s3 or azure.
    pub store: Store,
    /// S3: the bucket; Azure: the container. It has to be there.
    pub bucket: String,
    /// What the names of all objects in it begin with; empty: nothing.
    pub prefix: String,
    /// `https://host:port` of a service that is not Amazon's or Microsoft's own; empty: theirs.
    pub endpoint: String,
    /// Region of the bucket (S3).
    pub region: String,
    /// S3: id of the access key; Azure: name of the account. Empty: from the environment (`AWS_…`, `AZURE_…`).
    pub access_key: String,
    /// S3: the secret access key; Azure: the account's key.
    pub secret_key: String,
    /// The service may be spoken to without encryption, as one on this machine.
    pub allow_http: bool,
    /// Text inside documents is searched.
    pub search_inside: bool,
    /// Documents read at a time, each by a process of its own.
    pub readers: usize,
    /// Largest document that is read, megabytes.
    pub max_document_mb: u64,
    /// Text of one document that is searched, characters.
    pub max_document_chars: usize,
    /// Largest picture that gets a preview and is freed of its position, megabytes.
    pub max_picture_mb: u64,
    /// Memory of a process that looks into a file, megabytes.
    pub worker_mb: u64,
    /// Seconds after which that process is ended.
    pub worker_seconds: u64,
}

impl Default for Files {
    fn default() -> Self {
        let d = chat::files::Config::default();
        Self {
            store: Store::Local,
            bucket: String::new(),
            prefix: String::new(),
            endpoint: String::new(),
            region: String::new(),
            access_key: String::new(),
            secret_key: String::new(),
            allow_http: false,
            search_inside: d.search_inside,
            readers: d.readers,
            max_document_mb: d.max_document_bytes >> 20,
            max_document_chars: d.max_document_chars,
            max_picture_mb: d.max_picture_bytes >> 20,
            worker_mb: d.worker_memory >> 20,
            worker_seconds: d.worker_seconds,
        }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen_address: "127.0.0.1:8065".into(),
            site_url: String::new(),
            site_name: "Muster".into(),
            data_dir: ".muster/server".into(),
            web_root: PathBuf::new(),
            local_socket: "server.sock".into(),
            database_url: String::new(),
            rtcd_url: "http://127.0.0.1:8045".into(),
            offloader_url: "http://127.0.0.1:4545".into(),
            llm_url: "http://127.0.0.1:8000".into(),
            llm_api_key: String::new(),
            open_signup: true,
            allow_permanent_deletion: false,
            metrics_token: String::new(),
            limits: Limits::default(),
            features: chat::features::Features::default(),
            privacy: chat::features::Privacy::default(),
            compat: Compat::default(),
            accounts: chat::auth::Settings::default(),
            files: Files::default(),
            tls: tls::Settings::default(),
            mail: chat::mail::Settings::default(),
            push: chat::push::Settings::default(),
            retention: chat::erasing::Retention::default(),
            agents: agents::Config::default(),
            calls: calls::Config::default(),
            integrations: integrations::Config::default(),
            directory: directory::Config::default(),
            links: links::Config::default(),
            federation: federation::Config::default(),
            sso: sso::Config::default(),
            translations: translations::Config::default(),
            log: LogConfig::default(),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_file_mb: 100,
            max_post_chars: 16_383,
            post_edit_seconds: -1,
            max_uploads_per_user: 50,
            upload_days: 3,
            session_days: 30,
            max_reminders_per_user: 1000,
            persistent_minutes: 5,
            persistent_max_count: 6,
            persistent_max_recipients: 5,
            away_minutes: 5,
            max_connections: 20_000,
            max_connections_per_user: 50,
            max_login_attempts: 10,
            log_lines: 2000,
            database_readers: 4,
            database_pool: 16,
        }
    }
}

impl Config {
    /// Which database.
    pub fn database(&self) -> db::Options {
        if self.database_url.is_empty() {
            let path = self.data_dir.join("muster.db");
            db::Options::Sqlite { path, readers: self.limits.database_readers, full_sync: true }
        } else {
            db::Options::Postgres { url: self.database_url.clone(), pool_size: self.limits.database_pool }
        }
    }

    /// What `server doctor` looks at.
    pub fn subject(&self) -> operations::doctor::Subject {
        operations::doctor::Subject {
            listen_address: self.listen_address.clone(),
            site_url: self.site_url.clone(),
            tls: self.tls.clone(),
            place: self.place(),
            files: self.file_store(),
            data_dir: self.data_dir.clone(),
            database: self.database(),
            push_proxy: if self.push.enabled { self.push.proxy_url.clone() } else { String::new() },
            services: vec![
                ("rtcd", self.rtcd_url.clone()),
                ("offloader", self.offloader_url.clone()),
                ("llm", self.llm_url.clone()),
            ],
        }
    }

    /// Settings of the agent, with this server's language model unless it has one of its own.
    pub fn agents(&self) -> agents::Config {
        let mut agents = self.agents.clone();
        self.fill_llm(&mut agents.llm_url, &mut agents.llm_api_key);
        agents
    }

    /// Where calls find the services around them. Workers run beside this server unless `[server.calls]` says otherwise.
    pub fn calls_addresses(&self, listening: std::net::SocketAddr) -> calls::Addresses {
        let mut site = listening;
        if site.ip().is_unspecified() {
            site.set_ip(if site.is_ipv4() { Ipv4Addr::LOCALHOST.into() } else { Ipv6Addr::LOCALHOST.into() });
        }
        calls::Addresses {
            rtcd: self.rtcd_url.clone(),
            offloader: self.offloader_url.clone(),
            site: format!("http://{site}"),
        }
    }

    /// Settings of channel translation, with this server's service unless it has one of its own.
    pub fn translations(&self) -> translations::Config {
        let mut translations = self.translations.clone();
        self.fill_llm(&mut translations.llm_url, &mut translations.llm_api_key);
        translations
    }

    /// A key goes with its address: it is never sent to another service.
    fn fill_llm(&self, url: &mut String, key: &mut String) {
        if url.is_empty() {
            url.clone_from(&self.llm_url);
            if key.is_empty() {
                key.clone_from(&self.llm_api_key);
            }
        }
    }

    /// Where files are kept.
    pub fn file_store(&self) -> chat::files::StoreConfig {
        let f = &self.files;
        chat::files::StoreConfig {
            store: match f.store {
                Store::Local => chat::files::Store::Local,
                Store::S3 => chat::files::Store::S3,
                Store::Azure => chat::files::Store::Azure,
            },
            bucket: f.bucket.clone(),
            prefix: f.prefix.clone(),
            endpoint: f.endpoint.clone(),
            region: f.region.clone(),
            access_key: f.access_key.clone(),
            secret_key: f.secret_key.clone(),
            allow_http: f.allow_http,
        }
    }

    /// How files are received and looked into: by this very program, even when its file has been replaced since.
    fn files(&self) -> chat::files::Config {
        let f = &self.files;
        chat::files::Config {
            spool_dir: self.data_dir.join("spool"),
            worker: Some("/proc/self/exe".into()),
            worker_memory: f.worker_mb << 20,
            worker_seconds: f.worker_seconds,
            max_picture_bytes: f.max_picture_mb << 20,
            search_inside: f.search_inside,
            readers: f.readers,
            max_document_bytes: f.max_document_mb << 20,
            max_document_chars: f.max_document_chars,
        }
    }

    /// Where the site is, for names of certificates.
    pub fn place(&self) -> tls::Place {
        tls::Place {
            site_name: self.site_name.clone(),
            site_url: self.site_url.clone(),
            folder: tls::folder(&self.data_dir),
        }
    }

    /// What the chat core needs to know.
    pub fn chat(&self, diagnostic_id: String) -> chat::Config {
        chat::Config {
            site_url: self.site_url.trim_end_matches('/').into(),
            site_name: self.site_name.clone(),
            diagnostic_id,
            open_signup: self.open_signup,
            allow_permanent_deletion: self.allow_permanent_deletion,
            features: self.features.clone(),
            privacy: self.privacy,
            advertise_features: self.compat.advertise_features,
            post_edit_seconds: self.limits.post_edit_seconds,
            max_post_runes: self.limits.max_post_chars,
            session_length_ms: self.limits.session_days * 24 * 3600 * 1000,
            max_file_bytes: self.limits.max_file_mb << 20,
            max_uploads_per_user: self.limits.max_uploads_per_user,
            upload_length_ms: self.limits.upload_days * 24 * 3600 * 1000,
            max_login_attempts: self.limits.max_login_attempts,
            accounts: self.accounts.clone(),
            login_services: self.sso.buttons(),
            max_reminders_per_user: self.limits.max_reminders_per_user,
            persistent_interval_ms: self.limits.persistent_minutes.max(1) * 60 * 1000,
            persistent_max_count: self.limits.persistent_max_count,
            persistent_max_recipients: self.limits.persistent_max_recipients,
            away_after_ms: self.limits.away_minutes.max(1) * 60 * 1000,
            shared_channels: self.federation.enabled,
            mail: self.mail.clone(),
            push: self.push.clone(),
            retention: self.retention.clone(),
            max_connections: self.limits.max_connections,
            max_connections_per_user: self.limits.max_connections_per_user,
            files: self.files(),
            ..chat::Config::default()
        }
    }
}
