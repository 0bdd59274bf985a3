//! What connected clients cost that do nothing.

use crate::load::{Peer, Plan};
use crate::muster::{Muster, sign_up, socket};
use futures::StreamExt;
use std::path::Path;

/// Sockets of one user; more need more users.
const PER_USER: usize = 500;

/// Connects `sockets` clients and prints memory before and with them.
///
/// # Errors
/// When a socket is refused.
pub async fn run(server: &Path, sockets: usize) -> anyhow::Result<()> {
    let plan = Plan { writers: 0, channels: 0, readers: 0, messages: 0, database: String::new() };
    let (muster, started) = Muster::start(server, &plan).await?;
    let empty = muster.process().rss_mb()?;
    println!("healthy after {:.0} ms, {empty:.0} MB without clients", started.as_secs_f64() * 1000.0);
    let mut open = Vec::with_capacity(sockets);
    while open.len() < sockets {
        let user = sign_up(&muster.http, &muster.url, &format!("user{}", open.len())).await?;
        for _ in 0..PER_USER.min(sockets - open.len()) {
            let mut socket = socket(&muster.url, &user.token, "").await?;
            let hello = socket.next().await;
            anyhow::ensure!(matches!(hello, Some(Ok(_))), "socket {}: {hello:?}", open.len());
            open.push(socket);
        }
    }
    let full = muster.process().rss_mb()?;
    let each = (full - empty) * 1024.0 / sockets as f64;
    println!("{sockets} idle sockets: {full:.0} MB, {each:.1} kB each");
    Ok(())
}
