//! One cancellation token for the whole process, cancelled by SIGINT or SIGTERM.

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// Starts listening for SIGINT and SIGTERM and returns the token that they cancel.
///
/// # Errors
/// When the process may not install signal handlers.
pub fn on_signal() -> std::io::Result<CancellationToken> {
    let token = CancellationToken::new();
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let cancelled = token.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = interrupt.recv() => tracing::info!("interrupt received, stopping"),
            _ = terminate.recv() => tracing::info!("terminate received, stopping"),
        }
        cancelled.cancel();
    });
    Ok(token)
}
