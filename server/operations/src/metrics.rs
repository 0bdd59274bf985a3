//! Numbers for Prometheus: requests by route and status with their time, sockets, jobs, posts.

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use chat::Site;
use db::{Row, Sql};
use prometheus_client::encoding::{EncodeLabelSet, text::encode};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Route {
    method: String,
    route: String,
    status: u16,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Named {
    name: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Client {
    name: &'static str,
    platform: &'static str,
    agent: &'static str,
}

/// One measurement of a client. The names are of fixed lists: the number of series must not grow with clients.
#[derive(Clone, Copy, Debug)]
pub struct ClientSample {
    pub name: &'static str,
    pub platform: &'static str,
    pub agent: &'static str,
    /// Added up, not spread over buckets.
    pub counter: bool,
    pub value: f64,
}

/// What is counted; cheap to clone.
#[derive(Clone)]
pub struct Metrics {
    client_counts: Family<Client, Counter<f64, std::sync::atomic::AtomicU64>>,
    client_values: Family<Client, Histogram>,
    registry: Arc<Mutex<Registry>>,
    requests: Family<Route, Counter>,
    seconds: Family<Route, Histogram>,
    events: Counter,
    sockets: Gauge,
    rows: Family<Named, Gauge>,
    database: Histogram,
}

const POSTS: Sql = Sql::new("SELECT COUNT(*) FROM posts WHERE delete_at = 0");
const USERS: Sql = Sql::new("SELECT COUNT(*) FROM users WHERE delete_at = 0");
const JOBS: Sql = Sql::new("SELECT COUNT(*) FROM jobs WHERE status = 'pending'");
const SCHEDULED: Sql = Sql::new("SELECT COUNT(*) FROM scheduled_posts WHERE processed_at = 0");

fn client_buckets() -> Histogram {
    Histogram::new(exponential_buckets(1.0, 2.0, 16))
}

fn latencies() -> Histogram {
    Histogram::new(exponential_buckets(0.0005, 2.0, 15))
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("muster");
        let client_counts = Family::<Client, Counter<f64, std::sync::atomic::AtomicU64>>::default();
        let client_values = Family::<Client, Histogram>::new_with_constructor(client_buckets);
        registry.register("client_counts", "What clients counted of themselves", client_counts.clone());
        registry.register("client_values", "What clients measured of themselves, mostly ms", client_values.clone());
        let requests = Family::default();
        let seconds = Family::<Route, Histogram>::new_with_constructor(latencies);
        let (events, sockets, rows, database) = (Counter::default(), Gauge::default(), Family::default(), latencies());
        registry.register("api_requests", "Requests by route and status", requests.clone());
        registry.register("api_request_seconds", "Time until the answer began", seconds.clone());
        registry.register("events", "Events given to the hub", events.clone());
        registry.register("sockets", "WebSocket connections", sockets.clone());
        registry.register("rows", "Posts, accounts, waiting jobs and scheduled posts", rows.clone());
        registry.register("database_wait_seconds", "Time that a small query takes, waiting included", database.clone());
        Self {
            client_counts,
            client_values,
            registry: Arc::new(Mutex::new(registry)),
            requests,
            seconds,
            events,
            sockets,
            rows,
            database,
        }
    }
}

impl Metrics {
    /// Notes what a client measured.
    pub fn client(&self, sample: &ClientSample) {
        let labels = Client { name: sample.name, platform: sample.platform, agent: sample.agent };
        if sample.counter {
            self.client_counts.get_or_create(&labels).inc_by(sample.value);
        } else {
            self.client_values.get_or_create(&labels).observe(sample.value);
        }
    }

    /// Counts the events of the hub for as long as the site lives.
    pub fn watch(&self, site: &Site) {
        let (mut events, counter) = (site.hub.tap(), self.events.clone());
        tokio::spawn(async move {
            while events.recv().await.is_some() {
                counter.inc();
            }
        });
    }

    async fn look(&self, site: &Site) -> db::Result<()> {
        self.sockets.set(i64::try_from(site.hub.count("").0).unwrap_or(i64::MAX));
        let mut conn = site.db.read().await?;
        for (name, sql) in
            [("posts", &POSTS), ("users", &USERS), ("jobs_waiting", &JOBS), ("posts_scheduled", &SCHEDULED)]
        {
            let began = Instant::now();
            let count: i64 = conn.fetch_optional(sql, vec![], Row::only).await?.unwrap_or(0);
            if name == "jobs_waiting" {
                self.database.observe(began.elapsed().as_secs_f64());
            }
            self.rows.get_or_create(&Named { name }).set(count);
        }
        Ok(())
    }
}

/// Counts a request. By the pattern of its route: the number of series must not grow with ids.
pub async fn count(State(metrics): State<Metrics>, request: Request, next: Next) -> Response {
    let method = request.method().to_string();
    let route = request.extensions().get::<MatchedPath>().map_or("other", |p| p.as_str()).to_owned();
    let began = Instant::now();
    let response = next.run(request).await;
    let labels = Route { method, route, status: response.status().as_u16() };
    metrics.requests.get_or_create(&labels).inc();
    metrics.seconds.get_or_create(&labels).observe(began.elapsed().as_secs_f64());
    response
}

#[derive(Clone)]
struct Exported {
    site: Site,
    metrics: Metrics,
    token: Arc<str>,
}

/// `GET /metrics`, for whoever sends `token` as a bearer token; with an empty token nobody is let in.
pub fn router(site: &Site, metrics: &Metrics, token: &str) -> Router {
    let state = Exported { site: site.clone(), metrics: metrics.clone(), token: token.into() };
    Router::new().route("/metrics", get(export)).with_state(state)
}

async fn export(State(e): State<Exported>, request: Request) -> Response {
    let given = request.headers().get(header::AUTHORIZATION).and_then(|v| v.to_str().ok()?.strip_prefix("Bearer "));
    let allowed = given.is_some_and(|t| {
        !e.token.is_empty() && bool::from(subtle::ConstantTimeEq::ct_eq(t.as_bytes(), e.token.as_bytes()))
    });
    if !allowed {
        return (StatusCode::UNAUTHORIZED, "Send [server] metrics_token as a bearer token.\n").into_response();
    }
    if let Err(error) = e.metrics.look(&e.site).await {
        tracing::warn!(%error, "counting for the metrics");
    }
    let mut text = String::new();
    let registry = e.metrics.registry.lock().unwrap_or_else(PoisonError::into_inner);
    match encode(&mut text, &registry) {
        Ok(()) => {
            let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
            ([(header::CONTENT_TYPE, kind)], text).into_response()
        }
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}
