//! Binding sockets with an error that names who wanted the port, and serving HTTP until shutdown.

use std::net::{SocketAddr, ToSocketAddrs};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// Why a listener could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// The text is no `host:port`.
    #[error("listen address {address:?} of {purpose} is not host:port: {source}")]
    Address { address: String, purpose: &'static str, source: std::io::Error },
    /// Another process holds the port.
    #[error("port {} is in use, and {purpose} wants it; stop what holds it or choose another port", address.port())]
    Busy { address: SocketAddr, purpose: &'static str },
    /// Any other refusal of the system.
    #[error("cannot listen on {address} for {purpose}: {source}")]
    Other { address: SocketAddr, purpose: &'static str, source: std::io::Error },
}

/// Resolves `address`; a bare `:8065` means every interface, as in Mattermost's configuration.
///
/// # Errors
/// [`BindError::Address`] when the text names no socket address.
pub fn resolve(address: &str, purpose: &'static str) -> Result<SocketAddr, BindError> {
    let full = if address.starts_with(':') { format!("0.0.0.0{address}") } else { address.to_owned() };
    let failed = |source| BindError::Address { address: address.to_owned(), purpose, source };
    full.to_socket_addrs()
        .map_err(failed)?
        .next()
        .ok_or_else(|| failed(std::io::Error::new(std::io::ErrorKind::NotFound, "no address")))
}

/// Opens a TCP listener; `purpose` is the service that wants it, in words for the admin.
///
/// # Errors
/// [`BindError`], which says whether the port is busy.
pub async fn bind(address: &str, purpose: &'static str) -> Result<TcpListener, BindError> {
    let address = resolve(address, purpose)?;
    TcpListener::bind(address).await.map_err(|source| match source.kind() {
        std::io::ErrorKind::AddrInUse => BindError::Busy { address, purpose },
        _ => BindError::Other { address, purpose, source },
    })
}

/// Serves `router` with peer addresses until `stop` is cancelled, then gives open requests 5 seconds.
///
/// # Errors
/// When accepting fails for good.
pub async fn serve(listener: TcpListener, router: axum::Router, stop: CancellationToken) -> std::io::Result<()> {
    let graceful = stop.clone();
    let app = router.into_make_service_with_connect_info::<SocketAddr>();
    let server = axum::serve(listener, app).with_graceful_shutdown(async move { graceful.cancelled().await });
    tokio::select! {
        served = server => served,
        () = async { stop.cancelled().await; tokio::time::sleep(std::time::Duration::from_secs(5)).await } => Ok(()),
    }
}
