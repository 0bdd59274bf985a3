//! What every use case needs: database, hub, clock, configuration and file storage.

use crate::auth;
use crate::channels::Translation;
use crate::commands::Custom;
use crate::features::{Features, Privacy};
use crate::keys::Keys;
use crate::mail;
use crate::posts::Outside;
use crate::products::Product;
use crate::push::{self, Pusher};
use crate::roles::Book;
use crate::system;
use crate::ws::Hub;
use db::{Db, Tx};
use kit::Clock;
use object_store::ObjectStore;
use std::ops::Deref;
use std::sync::{Arc, PoisonError, RwLock};
use wire::Post;

/// Limits and names of the chat core; the `server` binary fills it from its configuration.
#[derive(Clone, Debug)]
pub struct Config {
    /// URL under which clients reach the site, without a trailing slash; empty when not known.
    pub site_url: String,
    pub site_name: String,
    /// Stable 26-character id of this installation (`DiagnosticId`).
    pub diagnostic_id: String,
    /// The server version that clients are told, which they decide features from.
    pub version: String,
    /// Anybody may create an account. Off: only with an invite link (the first account always may).
    pub open_signup: bool,
    /// Administrators may erase posts, channels, teams and users for good.
    pub allow_permanent_deletion: bool,
    /// What is turned on.
    pub features: Features,
    /// What people see of each other.
    pub privacy: Privacy,
    /// Official clients are told that what this server does is licensed, because they hide it otherwise.
    pub advertise_features: bool,
    /// Seconds during which the writer of a post may change it; -1: for ever.
    pub post_edit_seconds: i64,
    /// Milliseconds.
    pub session_length_ms: i64,
    pub max_post_runes: usize,
    pub max_file_bytes: u64,
    pub max_files_per_post: usize,
    /// Unfinished resumable uploads of one user.
    pub max_uploads_per_user: i64,
    /// Milliseconds after which an unfinished upload is given up.
    pub upload_length_ms: i64,
    pub max_body_bytes: usize,
    /// Failed logins before an account waits.
    pub max_login_attempts: i64,
    /// Passwords, throttling, second factor, sessions, invitations.
    pub accounts: auth::Settings,
    /// Login services beside the password.
    pub login_services: Vec<auth::LoginService>,
    /// Reminders of posts that one user may have waiting.
    pub max_reminders_per_user: i64,
    /// Milliseconds between two tellings of an urgent post that insists, how often it is told, and how many people it may
    /// mention.
    pub persistent_interval_ms: i64,
    pub persistent_max_count: i64,
    pub persistent_max_recipients: usize,
    /// Milliseconds without activity after which a user is shown as away.
    pub away_after_ms: i64,
    /// Channels are shared with partner sites.
    pub shared_channels: bool,
    /// The mail server.
    pub mail: mail::Settings,
    /// Notifications on phones.
    pub push: push::Settings,
    /// How long messages and files are kept.
    pub retention: crate::erasing::Retention,
    /// Most WebSocket connections of the whole site and of one user.
    pub max_connections: usize,
    pub max_connections_per_user: usize,
    /// How files are received and looked into.
    pub files: crate::files::Config,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            site_url: String::new(),
            site_name: "Muster".into(),
            diagnostic_id: String::new(),
            version: "11.9.0".into(),
            open_signup: true,
            allow_permanent_deletion: false,
            features: Features::default(),
            privacy: Privacy::default(),
            advertise_features: true,
            post_edit_seconds: -1,
            session_length_ms: 30 * 24 * 3600 * 1000,
            max_post_runes: 16383,
            max_file_bytes: 100 << 20,
            max_files_per_post: 10,
            max_uploads_per_user: 50,
            upload_length_ms: 3 * 24 * 3600 * 1000,
            max_body_bytes: 4 << 20,
            max_login_attempts: 10,
            accounts: auth::Settings::default(),
            login_services: Vec::new(),
            max_reminders_per_user: 1000,
            persistent_interval_ms: 5 * 60 * 1000,
            persistent_max_count: 6,
            persistent_max_recipients: 5,
            away_after_ms: 5 * 60 * 1000,
            shared_channels: false,
            mail: mail::Settings::default(),
            push: push::Settings::default(),
            retention: crate::erasing::Retention::default(),
            max_connections: 20_000,
            max_connections_per_user: 50,
            files: crate::files::Config::default(),
        }
    }
}

/// The parts of [`Site`].
pub struct Parts {
    pub db: Db,
    pub hub: Hub,
    pub clock: Clock,
    pub config: Config,
    /// What secrets in the database are sealed with.
    pub keys: Keys,
    /// Uploaded files, thumbnails and previews.
    pub files: Arc<dyn ObjectStore>,
}

/// Looks at a post before a user's message is stored, and may change it. It must not wait for anything.
pub type BeforeStore = Arc<dyn Fn(&mut Post) + Send + Sync>;

/// A handle on the running site; cheap to clone.
#[derive(Clone)]
pub struct Site(Arc<Shared>);

/// The configuration that holds now, and its mark, which changes with it.
struct Live {
    config: Arc<Config>,
    mark: String,
}

impl Live {
    fn new(config: Config) -> Self {
        Self { mark: system::mark(&config), config: Arc::new(config) }
    }
}

/// What every handle shares: the parts, and what is known only while the site runs.
pub struct Shared {
    pub db: Db,
    pub hub: Hub,
    pub clock: Clock,
    /// What secrets in the database are sealed with.
    pub keys: Keys,
    /// Uploaded files, thumbnails and previews.
    pub files: Arc<dyn ObjectStore>,
    /// What each role may do.
    pub roles: Book,
    live: RwLock<Live>,
    /// Woken when a document wants to be read.
    pub(crate) documents_came: tokio::sync::Notify,
    kept: RwLock<http::Extensions>,
    before_store: RwLock<Vec<BeforeStore>>,
    products: RwLock<Vec<Product>>,
    pub(crate) presence: crate::status::Presence,
    custom_commands: RwLock<Option<Arc<dyn Custom>>>,
    outside: RwLock<Option<Arc<dyn Outside>>>,
    pusher: RwLock<Option<Arc<dyn Pusher>>>,
    directory: RwLock<Option<Arc<dyn auth::Directory>>>,
    translation: RwLock<Option<Arc<dyn Translation>>>,
    throttle: auth::Throttle,
    mail: mail::Queue,
}

impl Site {
    /// Puts the parts together.
    pub fn new(parts: Parts) -> Self {
        let Parts { db, hub, clock, config, keys, files } = parts;
        Self(Arc::new(Shared {
            throttle: auth::Throttle::new(&config.accounts),
            mail: mail::Queue::new(&config.mail),
            live: RwLock::new(Live::new(config)),
            db,
            hub,
            clock,
            keys,
            files,
            roles: Book::default(),
            documents_came: tokio::sync::Notify::default(),
            kept: RwLock::default(),
            before_store: RwLock::default(),
            products: RwLock::default(),
            presence: crate::status::Presence::default(),
            custom_commands: RwLock::default(),
            outside: RwLock::default(),
            pusher: RwLock::default(),
            directory: RwLock::default(),
            translation: RwLock::default(),
        }))
    }

    /// The configuration as it is now. An administrator may change it at any time: whoever needs two values that belong
    /// together asks once.
    pub fn config(&self) -> Arc<Config> {
        self.live.read().unwrap_or_else(PoisonError::into_inner).config.clone()
    }

    /// Changes with every configuration that clients would see otherwise.
    pub(crate) fn config_mark(&self) -> String {
        self.live.read().unwrap_or_else(PoisonError::into_inner).mark.clone()
    }

    /// Puts another configuration in place of the one that holds now, and tells clients.
    pub fn reconfigure(&self, config: Config) {
        let live = Live::new(config);
        let told = system::told_here(self, &live.config);
        *self.live.write().unwrap_or_else(PoisonError::into_inner) = live;
        self.hub.publish(wire::Event::new("config_changed").with("config", told));
    }

    /// Mails that wait to be sent.
    pub(crate) fn mail(&self) -> &mail::Queue {
        &self.mail
    }

    /// Keeps a value of a crate that stands on this one where its handlers find it again; one of each type.
    pub fn keep<T: Clone + Send + Sync + 'static>(&self, value: T) {
        self.kept.write().unwrap_or_else(PoisonError::into_inner).insert(value);
    }

    /// What [`Site::keep`] was given.
    pub fn kept<T: Clone + Send + Sync + 'static>(&self) -> Option<T> {
        self.kept.read().unwrap_or_else(PoisonError::into_inner).get().cloned()
    }

    /// Failed logins by network address.
    pub(crate) fn throttle(&self) -> &auth::Throttle {
        &self.throttle
    }

    /// Lets a product change every post that is new or whose message was edited, before it is stored.
    pub fn on_before_store(&self, hook: BeforeStore) {
        self.before_store.write().unwrap_or_else(PoisonError::into_inner).push(hook);
    }

    pub(crate) fn before_store(&self, post: &mut Post) {
        for hook in self.before_store.read().unwrap_or_else(PoisonError::into_inner).iter() {
            hook(post);
        }
    }

    /// Lets `keeper` carry out the slash commands that the server itself does not know.
    pub fn keep_commands(&self, keeper: Arc<dyn Custom>) {
        *self.custom_commands.write().unwrap_or_else(PoisonError::into_inner) = Some(keeper);
    }

    pub(crate) fn custom_commands(&self) -> Option<Arc<dyn Custom>> {
        self.custom_commands.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Lets `outside` look at what is behind the links of posts.
    pub fn look_outside(&self, outside: Arc<dyn Outside>) {
        *self.outside.write().unwrap_or_else(PoisonError::into_inner) = Some(outside);
    }

    pub(crate) fn outside(&self) -> Option<Arc<dyn Outside>> {
        self.outside.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Lets `pusher` tell phones of what happens.
    pub fn tell_phones(&self, pusher: Arc<dyn Pusher>) {
        *self.pusher.write().unwrap_or_else(PoisonError::into_inner) = Some(pusher);
    }

    pub(crate) fn pusher(&self) -> Option<Arc<dyn Pusher>> {
        self.pusher.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Lets people log in whom `directory` knows.
    pub fn ask_directory(&self, directory: Arc<dyn auth::Directory>) {
        *self.directory.write().unwrap_or_else(PoisonError::into_inner) = Some(directory);
    }

    pub(crate) fn directory(&self) -> Option<Arc<dyn auth::Directory>> {
        self.directory.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Lets `product` translate channels.
    pub fn translate_with(&self, product: Arc<dyn Translation>) {
        *self.translation.write().unwrap_or_else(PoisonError::into_inner) = Some(product);
    }

    pub(crate) fn translation(&self) -> Option<Arc<dyn Translation>> {
        self.translation.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Tells clients that a product has started.
    pub fn offer(&self, product: Product) {
        self.products.write().unwrap_or_else(PoisonError::into_inner).push(product);
    }

    pub(crate) fn products(&self) -> Vec<Product> {
        self.products.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Says `event` to the world once `tx` is committed.
    pub fn emit(&self, tx: &mut Tx, event: wire::Event) {
        let hub = self.hub.clone();
        tx.after_commit(move || hub.publish(event));
    }
}

impl Deref for Site {
    type Target = Shared;
    fn deref(&self) -> &Shared {
        &self.0
    }
}
