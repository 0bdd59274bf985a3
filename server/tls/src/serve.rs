//! Accepting connections, the handshake with its deadline, HTTP/1.1 and HTTP/2, and an end that lets requests finish.

use crate::{Tls, resolver};
use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

/// What open requests get when the process is told to stop, as on the plain listener.
const LAST: Duration = Duration::from_secs(5);
/// A client that sends its headers slower than this is not waited for.
const HEADERS: Duration = Duration::from_secs(30);
/// A client of HTTP/2 that is gone is noticed after two of these.
const ALIVE: Duration = Duration::from_secs(30);

#[derive(Clone)]
struct Door {
    acceptor: TlsAcceptor,
    app: Router,
    handshake: Duration,
    stop: CancellationToken,
}

/// Serves all `listeners`.
pub async fn serve(tls: &Tls, listeners: Vec<TcpListener>, app: Router, stop: CancellationToken) {
    let door = Door {
        acceptor: TlsAcceptor::from(Arc::new(tls.server_config())),
        app,
        handshake: Duration::from_secs(tls.settings.handshake_seconds.max(1)),
        stop,
    };
    let places = Arc::new(Semaphore::new(tls.settings.max_handshakes.max(1)));
    let open = TaskTracker::new();
    let accepting: Vec<_> = listeners
        .into_iter()
        .map(|listener| tokio::spawn(accept(listener, door.clone(), places.clone(), open.clone())))
        .collect();
    for task in accepting {
        drop(task.await);
    }
    open.close();
    if tokio::time::timeout(LAST, open.wait()).await.is_err() {
        tracing::info!(connections = open.len(), "some requests did not finish in time");
    }
}

async fn accept(listener: TcpListener, door: Door, places: Arc<Semaphore>, open: TaskTracker) {
    loop {
        // Before accepting: connections that wait for a place wait in the system's queue.
        let place = tokio::select! {
            place = places.clone().acquire_owned() => place,
            () = door.stop.cancelled() => return,
        };
        let Ok(place) = place else { return };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = door.stop.cancelled() => return,
        };
        match accepted {
            Ok((stream, peer)) => {
                open.spawn(connection(stream, peer, door.clone(), place));
            }
            Err(error) => {
                tracing::warn!(%error, "a connection was not accepted");
                // Out of file handles: those that end make room.
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        }
    }
}

async fn connection(stream: TcpStream, peer: SocketAddr, door: Door, place: OwnedSemaphorePermit) {
    drop(stream.set_nodelay(true));
    let shaken = tokio::select! {
        shaken = tokio::time::timeout(door.handshake, door.acceptor.accept(stream)) => shaken,
        () = door.stop.cancelled() => return,
    };
    drop(place);
    let stream = match shaken {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => return tracing::debug!(%peer, %error, "a handshake failed"),
        Err(_) => return tracing::debug!(%peer, "a handshake took too long"),
    };
    if stream.get_ref().1.alpn_protocol() == Some(resolver::ACME_ALPN) {
        // The certificate was the answer.
        return;
    }
    let service = door.app.map_request(move |request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        request
    });
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEADERS);
    // WebSockets over HTTP/2 are not offered: browsers then open a connection of HTTP/1.1 for each, which the site knows.
    builder.http2().timer(TokioTimer::new()).keep_alive_interval(ALIVE).keep_alive_timeout(ALIVE);
    let served = builder.serve_connection_with_upgrades(TokioIo::new(stream), TowerToHyperService::new(service));
    let mut served = pin!(served);
    let mut done = tokio::select! {
        done = served.as_mut() => Some(done),
        () = door.stop.cancelled() => None,
    };
    if done.is_none() {
        served.as_mut().graceful_shutdown();
        done = Some(served.await);
    }
    if let Some(Err(error)) = done {
        tracing::debug!(%peer, %error, "a connection ended");
    }
}
