//! The WebSocket of one chat server.

use crate::api::App;
use axum::extract::ws::{Message as Frame, WebSocket};
use futures::{SinkExt, StreamExt};
use rtcd_client::Message;
use std::time::Duration;
use tokio::time::{Instant, interval_at, timeout};

/// Time between pings.
const PING_EVERY: Duration = Duration::from_secs(10);
/// A connection that sends nothing, not even pongs, for this long is dead.
const SILENCE: Duration = Duration::from_secs(20);
/// Longest time for one frame to leave.
const WRITE: Duration = Duration::from_secs(10);

/// Serves a connection until either side ends it.
pub async fn serve(app: App, client: String, socket: WebSocket) {
    let connected = app.switchboard.connect(&client, app.config.connection_queue, app.config.max_connections);
    let (id, mut messages) = match connected {
        Ok(connected) => connected,
        Err(error) => {
            tracing::warn!(client, %error, "a connection is refused");
            return;
        }
    };
    tracing::info!(client, connection = id, "chat server connected");
    let (mut out, mut frames) = socket.split();
    let mut ping = interval_at(Instant::now() + PING_EVERY, PING_EVERY);
    let mut heard = Instant::now();
    let reason = loop {
        let frame = tokio::select! {
            frame = frames.next() => {
                heard = Instant::now();
                match frame {
                    Some(Ok(Frame::Binary(bytes))) => match Message::decode(&bytes) {
                        Ok(message) => app.switchboard.hear(&id, &client, message),
                        Err(error) => tracing::warn!(client, %error, "a frame that is no message"),
                    },
                    Some(Ok(Frame::Text(_))) => tracing::debug!(client, "a text frame is ignored"),
                    Some(Ok(Frame::Close(_))) | None => break "it closed".to_owned(),
                    Some(Ok(_)) => {}
                    Some(Err(error)) => break error.to_string(),
                }
                continue;
            }
            message = messages.recv() => match message {
                Some(message) => Frame::Binary(message.encode().into()),
                None => break "it does not read".to_owned(),
            },
            _ = ping.tick() => {
                if heard.elapsed() > SILENCE {
                    break format!("nothing heard for {SILENCE:?}");
                }
                Frame::Ping(Vec::new().into())
            }
            () = app.stop.cancelled() => break "the service stops".to_owned(),
        };
        match timeout(WRITE, out.send(frame)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => break error.to_string(),
            Err(_) => break format!("a write took longer than {WRITE:?}"),
        }
    };
    // Messages that are on their way already (sessions over) still go out.
    while let Ok(message) = messages.try_recv() {
        if !matches!(timeout(WRITE, out.send(Frame::Binary(message.encode().into()))).await, Ok(Ok(()))) {
            break;
        }
    }
    drop(timeout(WRITE, out.close()).await);
    app.switchboard.disconnect(&id);
    tracing::info!(client, connection = id, reason, "chat server gone");
}
