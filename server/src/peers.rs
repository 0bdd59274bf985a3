//! Whether rtcd, offloader and llm can serve, asked every few seconds and told to the web client.

use crate::config::Config;
use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use chat::{Actor, Site};
use serde::Serialize;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

const EVERY: Duration = Duration::from_secs(5);
const DEADLINE: Duration = Duration::from_secs(3);

/// What a user reads beside a button that does not work.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Peer {
    ready: bool,
    reason: String,
}

type Peers = BTreeMap<&'static str, Peer>;

/// Starts asking; the newest answers.
pub fn watch(config: &Config, stop: CancellationToken) -> watch::Receiver<Peers> {
    let urls = [("rtcd", &config.rtcd_url), ("offloader", &config.offloader_url), ("llm", &config.llm_url)]
        .map(|(name, url)| (name, format!("{}/readyz", url.trim_end_matches('/'))));
    let unknown = |reason: &str| Peer { ready: false, reason: reason.into() };
    let (send, receive) =
        watch::channel(urls.iter().map(|(name, _)| (*name, unknown("not asked yet"))).collect::<Peers>());
    tokio::spawn(async move {
        let client = reqwest::Client::new();
        while !stop.is_cancelled() {
            for (name, url) in &urls {
                let peer = ask(&client, url).await;
                send.send_modify(|peers| {
                    peers.insert(name, peer);
                });
            }
            tokio::select! {
                () = tokio::time::sleep(EVERY) => {}
                () = stop.cancelled() => return,
            }
        }
    });
    receive
}

async fn ask(client: &reqwest::Client, url: &str) -> Peer {
    match client.get(url).timeout(DEADLINE).send().await {
        Ok(answer) if answer.status().is_success() => Peer { ready: true, reason: String::new() },
        Ok(answer) => {
            let status = answer.status();
            let text: String = answer.text().await.unwrap_or_default().chars().take(200).collect();
            Peer { ready: false, reason: format!("not ready ({status}): {text}") }
        }
        Err(error) if error.is_connect() => Peer { ready: false, reason: "not running".into() },
        Err(error) => Peer { ready: false, reason: error.to_string() },
    }
}

/// `GET /api/v4/muster/services`, for any session.
pub fn router(site: &Site, peers: watch::Receiver<Peers>) -> Router {
    Router::new().route("/api/v4/muster/services", get(services)).with_state(Told { site: site.clone(), peers })
}

#[derive(Clone)]
struct Told {
    site: Site,
    peers: watch::Receiver<Peers>,
}

impl axum::extract::FromRef<Told> for Site {
    fn from_ref(told: &Told) -> Self {
        told.site.clone()
    }
}

async fn services(State(told): State<Told>, headers: axum::http::HeaderMap) -> chat::Result<Json<Peers>> {
    let _: Actor = chat::actor::of_request(&told.site, &axum::http::Method::GET, &headers).await?;
    Ok(Json(told.peers.borrow().clone()))
}
