//! Two sites on real sockets, on each engine, whose links can be cut.

#[path = "../../../../chat/tests/site/support/mod.rs"]
#[allow(dead_code, reason = "shared with chat, which uses more of it")]
mod people;

pub use people::{Person, Team, World, call, team, text};

use axum::Router;
use chat::site::Parts;
use chat::ws::Hub;
use federation::{Config, Federation};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// A site that others reach.
pub struct Place {
    pub world: World,
    pub address: SocketAddr,
    config: Config,
    up: Option<(CancellationToken, JoinHandle<()>)>,
}

pub fn config() -> Config {
    Config {
        enabled: true,
        allowed_addresses: vec!["127.0.0.1".into()],
        ping_s: 1,
        max_pause_s: 1,
        gather_ms: 40,
        timeout_s: 10,
        max_posts: 20,
        ..Config::default()
    }
}

impl Place {
    async fn new(engine: &'static str, db: db::Db, config: Config) -> Self {
        db::migrate(&db, chat::schema::MIGRATIONS).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let clock = kit::Clock::system();
        let site = chat::Site::new(Parts {
            db,
            hub: Hub::default(),
            clock: clock.clone(),
            keys: chat::keys::Keys::default(),
            config: chat::Config { site_url: format!("http://{address}"), ..chat::Config::default() },
            files: Arc::new(object_store::memory::InMemory::new()),
        });
        let world = World { engine, site, api: Router::new(), clock };
        let mut place = Self { world, address, config, up: None };
        place.begin(listener);
        place
    }

    fn begin(&mut self, listener: TcpListener) {
        let (stop, federation) = (CancellationToken::new(), Federation::open(self.config.clone()).unwrap());
        let site = &self.world.site;
        federation.start(site, &stop);
        self.world.api = chat::routes::api_with(site, federation.router());
        let (app, until) = (self.world.api.clone(), stop.clone());
        let task = tokio::spawn(async move {
            drop(kit::net::serve(listener, app, until).await);
        });
        self.up = Some((stop, task));
    }

    /// The site is away: nobody reaches it, and it tells nobody anything.
    pub async fn down(&mut self) {
        let (stop, task) = self.up.take().unwrap();
        stop.cancel();
        task.await.unwrap();
    }

    /// It is there again, with what its database holds.
    pub async fn up(&mut self) {
        let listener = TcpListener::bind(self.address).await.unwrap();
        self.begin(listener);
    }
}

/// Two sites that know nothing of each other, on each engine.
pub async fn places() -> Vec<(Place, Place)> {
    places_with(config()).await
}

pub async fn places_with(config: Config) -> Vec<(Place, Place)> {
    let here = db::testing::databases().await;
    let there = db::testing::databases().await;
    let mut all = Vec::new();
    for ((engine, a), (_, b)) in here.into_iter().zip(there) {
        all.push((Place::new(engine, a, config.clone()).await, Place::new(engine, b, config.clone()).await));
    }
    all
}

/// Asks until the answer is there.
pub async fn until<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let wait = async {
        loop {
            if let Some(found) = ask().await {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(15)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), wait).await.unwrap_or_else(|_| panic!("never: {what}"))
}

const PASSWORD: &str = "a password of the two";

/// The administrators connect their sites; the id of the connection.
pub async fn connect(a: &Person<'_>, b: &Person<'_>) -> String {
    let made = a.ok("POST", "/remotecluster", json!({"name": "site-b", "password": PASSWORD})).await;
    let accepting = json!({"name": "site-a", "invite": made["invite"], "password": PASSWORD});
    let accepted = b.ok("POST", "/remotecluster/accept_invite", accepting).await;
    assert_eq!(accepted["remote_id"], made["remote_cluster"]["remote_id"]);
    text(&accepted, "remote_id")
}

/// A new channel of `a` that comes to the other site; its id.
pub async fn share(a: &Team<'_>, b: &Person<'_>, remote: &str, name: &str) -> String {
    let new = json!({"team_id": a.id, "name": name, "display_name": name, "type": "O"});
    let id = text(&a.ana.ok("POST", "/channels", new).await, "id");
    a.ana.ok("POST", &format!("/remotecluster/{remote}/channels/{id}/invite"), json!({})).await;
    until("the channel is there", async || {
        let (status, channel) = b.call("GET", &format!("/channels/{id}"), Value::Null).await;
        (status.is_success() && channel["shared"] == true).then_some(())
    })
    .await;
    id
}

/// Messages of people in a channel, the oldest first.
pub async fn said(person: &Person<'_>, channel: &str) -> Vec<Value> {
    let mut all = Vec::new();
    for page in 0.. {
        let list = person.get(&format!("/channels/{channel}/posts?page={page}&per_page=200")).await;
        let order = list["order"].as_array().unwrap().clone();
        all.extend(order.iter().map(|id| list["posts"][id.as_str().unwrap()].clone()));
        if order.len() < 200 {
            break;
        }
    }
    all.reverse();
    all.retain(|p| !p["type"].as_str().unwrap().starts_with("system_"));
    all
}

/// The message with these words, once it is there.
pub async fn heard(person: &Person<'_>, channel: &str, words: &str) -> Value {
    until(words, async || said(person, channel).await.into_iter().find(|p| p["message"] == words)).await
}
