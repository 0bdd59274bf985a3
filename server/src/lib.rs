//! `server`: the chat server. Composition only: configuration, database, domains, router, serve.

mod administer;
pub mod command;
pub mod config;
mod listen;
mod peers;
mod web;

use administer::Reread;
use anyhow::Context;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use chat::site::Parts;
use chat::ws::Hub;
use chat::{Product, Site, system};
use config::Config;
use federation::Federation;
use integrations::Integrations;
use kit::Clock;
use kit::telemetry::Ring;
use links::Links;
use sso::Sso;
use std::net::SocketAddr;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;

/// The whole of `/api/v4` and what other programs call beside it.
pub fn api(site: &Site, integrations: &Integrations, links: &Links, federation: &Federation, sso: &Sso) -> Router {
    let more = integrations
        .router()
        .merge(links.router())
        .merge(federation.router())
        .merge(operations::router())
        .merge(administration::router())
        .merge(push::router())
        .merge(retention::router())
        .merge(directory::router())
        .merge(sso.router());
    let guard = axum::middleware::from_fn_with_state(site.clone(), chat::features::guard);
    let outside = integrations.outside().route_layer(guard).merge(sso.outside());
    chat::routes::api_with(site, more).merge(outside.with_state(site.clone()))
}

/// Serves until the process is told to stop.
///
/// # Errors
/// When the port is taken, the data folder or the database cannot be opened, or a product does not start.
pub async fn run(config: Config, reread: Reread, lines: Ring) -> anyhow::Result<()> {
    let stop = kit::shutdown::on_signal()?;
    // The port first: a busy one must not leave a half-made database behind.
    let doors = listen::Doors::bind(&config).await.unwrap_or_else(exit_code_2);
    // What a killed server was receiving is of no use to anybody.
    drop(std::fs::remove_dir_all(config.data_dir.join("spool")));
    let site = open_site(&config).await?;
    site.keep(lines);
    operations::start_with(&site, &stop, retention::register);
    retention::start(&site, &stop);
    administer::start(&site, &config, reread, &stop).await?;
    let peers = peers::watch(&config, stop.clone());
    let hub = site.hub.clone();
    let clock = site.clock.clone();
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(Duration::from_secs(30)).await;
            hub.sweep(clock.now_ms());
        }
    });
    tokio::spawn(chat::scheduled::run(site.clone(), stop.clone()));
    tokio::spawn(chat::auth::run(site.clone(), stop.clone()));
    tokio::spawn(chat::files::run(site.clone(), stop.clone()));
    tokio::spawn(chat::posts::run(site.clone(), stop.clone()));
    tokio::spawn(chat::search::run(site.clone(), stop.clone()));
    tokio::spawn(chat::status::run(site.clone(), stop.clone()));
    tokio::spawn(chat::mail::run(site.clone(), stop.clone()));
    directory::Directory::open(&site, &config.directory, &stop)
        .await
        .map_err(|e| anyhow::anyhow!("[server.directory] {e}"))
        .unwrap_or_else(exit_code_2);
    let ready = site.clone();
    let listening = doors.address()?;
    let plugins = plugins(&site, &config, listening, &stop).await?;
    let integrations = Integrations::open(&site, config.integrations.clone(), &format!("http://{listening}")).await?;
    integrations.start(&site, &stop);
    let links = Links::open(&site, config.links.clone(), &config.data_dir.join("pictures")).await?;
    links.start(&site, &stop);
    push::Push::open(&site).await?.start(&site, &stop);
    let federation = Federation::open(config.federation.clone())?;
    federation.start(&site, &stop);
    let sso = Sso::open(&site, config.sso.clone()).await.map_err(anyhow::Error::from).unwrap_or_else(exit_code_2);
    let metrics = operations::metrics::Metrics::default();
    site.keep(metrics.clone());
    metrics.watch(&site);
    let app = Router::new()
        .route("/healthz", get(|| async { Json(serde_json::json!({"status": "ok"})) }))
        .route("/readyz", get(move || readyz(ready.clone())))
        .merge(peers::router(&site, peers))
        .merge(
            api(&site, &integrations, &links, &federation, &sso)
                .route_layer(axum::middleware::from_fn_with_state(metrics.clone(), operations::metrics::count)),
        )
        .merge(operations::metrics::router(&site, &metrics, &config.metrics_token))
        .merge(plugins)
        .fallback_service(web::service(&config.web_root))
        .layer(CompressionLayer::new())
        .layer(CatchPanicLayer::new());
    administer::serve_local(&config, app.clone(), &stop).await;
    tracing::info!(address = %listening, database = ?site.db.engine(), "server is ready");
    doors.serve(app, stop).await
}

/// The products, each at the path that clients know it by.
async fn plugins(
    site: &Site,
    config: &Config,
    listening: SocketAddr,
    stop: &CancellationToken,
) -> anyhow::Result<Router> {
    let addresses = config.calls_addresses(listening);
    let calls = calls::start(site.clone(), config.calls.clone(), addresses, stop.clone()).await?;
    let mut plugins = Router::new().nest("/plugins/com.mattermost.calls", calls);
    site.offer(Product { id: "com.mattermost.calls", name: "Calls", version: calls::VERSION });
    if config.agents.enabled {
        let routes = agents::start(site.clone(), config.agents(), stop.clone()).await?;
        plugins = plugins.nest("/plugins/mattermost-ai", routes);
        site.offer(Product { id: "mattermost-ai", name: "Agents", version: env!("CARGO_PKG_VERSION") });
    }
    if config.translations.enabled {
        let routes = translations::start(site.clone(), config.translations(), stop.clone()).await?;
        plugins = plugins.nest("/plugins/mattermost-channel-translations", routes);
        let version = env!("CARGO_PKG_VERSION");
        site.offer(Product { id: "mattermost-channel-translations", name: "Channel translations", version });
    }
    Ok(plugins)
}

/// A busy or wrong port, or a certificate that cannot be used, is for the user to mend: exit code 2, as for any other
/// setting.
fn exit_code_2<T>(error: anyhow::Error) -> T {
    use std::io::Write;
    drop(writeln!(std::io::stderr(), "server: {error}"));
    std::process::exit(2)
}

/// The storage of uploaded files.
fn open_files(config: &Config) -> anyhow::Result<std::sync::Arc<dyn object_store::ObjectStore>> {
    let folder = config.data_dir.join("files");
    std::fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    Ok(chat::files::open_store(&config.file_store(), &folder)?)
}

/// What secrets in the database are sealed with.
fn open_keys(config: &Config) -> anyhow::Result<chat::keys::Keys> {
    let environment = std::env::var(chat::keys::ENVIRONMENT).ok();
    Ok(chat::keys::Keys::load(&config.data_dir, environment.as_deref())?)
}

async fn open_site(config: &Config) -> anyhow::Result<Site> {
    std::fs::create_dir_all(&config.data_dir).with_context(|| config.data_dir.display().to_string())?;
    let db = db::Db::open(&config.database()).await.context("opening the database")?;
    let applied = db::migrate(&db, chat::schema::MIGRATIONS).await?;
    if applied > 0 {
        tracing::info!(applied, "migrations applied");
    }
    let mut tx = db.write().await?;
    let diagnostic_id = match system::value(&mut tx, "DiagnosticId").await? {
        Some(id) => id,
        None => {
            let id = kit::id::new();
            system::set_value(&mut tx, "DiagnosticId", &id).await?;
            id
        }
    };
    tx.commit().await?;
    let keys = open_keys(config)?;
    let sealed = chat::keys::settle(&db, &keys).await?;
    if sealed > 0 {
        tracing::info!(sealed, "secrets in the database are sealed with the site's key now");
    }
    let (files, clock, config) = (open_files(config)?, Clock::system(), config.chat(diagnostic_id));
    Ok(Site::new(Parts { db, hub: Hub::default(), clock, config, keys, files }))
}

async fn readyz(site: Site) -> (StatusCode, Json<serde_json::Value>) {
    let answers = async { site.db.read().await?.query(&db::Sql::new("SELECT 1"), vec![]).await };
    match tokio::time::timeout(Duration::from_secs(2), answers).await {
        Ok(Ok(_)) => (StatusCode::OK, Json(serde_json::json!({"status": "ok"}))),
        Ok(Err(error)) => (
            StatusCode::SERVICE_UNAVAILABLE,
            Json(serde_json::json!({"status": "database", "reason": error.to_string()})),
        ),
        Err(_) => (
            StatusCode::SERVICE_UNAVAILABLE,
            Json(serde_json::json!({"status": "database", "reason": "no answer within 2 s"})),
        ),
    }
}
