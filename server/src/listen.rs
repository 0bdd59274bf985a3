//! Where the site listens: one door without encryption, and those of `[server.tls]`.

use crate::config::Config;
use axum::Router;
use std::net::SocketAddr;
use tls::{Mode, Tls};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// Open listeners.
pub struct Doors {
    plain: TcpListener,
    encrypted: Option<Encrypted>,
}

struct Encrypted {
    tls: Tls,
    listeners: Vec<TcpListener>,
    /// These only send to https.
    redirects: Vec<TcpListener>,
}

impl Doors {
    /// Opens all ports, then reads or makes the certificate.
    ///
    /// # Errors
    /// A port that is taken, a certificate that cannot be used.
    pub async fn bind(config: &Config) -> anyhow::Result<Self> {
        let plain = kit::net::bind(&config.listen_address, "server (web and API)").await?;
        if config.tls.mode == Mode::Off {
            return Ok(Self { plain, encrypted: None });
        }
        config.tls.check()?;
        let (listeners, redirects) = Tls::bind(&config.tls).await?;
        let port = listeners.first().and_then(|l| l.local_addr().ok()).map_or(443, |a| a.port());
        let tls = Tls::open(config.tls.clone(), config.place(), port)?;
        Ok(Self { plain, encrypted: Some(Encrypted { tls, listeners, redirects }) })
    }

    /// Where programs on this machine reach the site, without encryption.
    ///
    /// # Errors
    /// When the system does not say.
    pub fn address(&self) -> std::io::Result<SocketAddr> {
        self.plain.local_addr()
    }

    /// Serves `app` on all of them until `stop`.
    ///
    /// # Errors
    /// When accepting fails for good.
    pub async fn serve(self, app: Router, stop: CancellationToken) -> anyhow::Result<()> {
        let listening = self.plain.local_addr()?;
        let Some(Encrypted { tls, listeners, redirects }) = self.encrypted else {
            return Ok(kit::net::serve(self.plain, app, stop).await?);
        };
        tracing::info!(url = %tls.url(), "clients reach the site here, encrypted");
        let app = tls.router().merge(app);
        for listener in redirects {
            tokio::spawn(kit::net::serve(listener, tls.only_redirect(), stop.clone()));
        }
        tokio::spawn(tls.clone().keep_up(stop.clone()));
        let (plain, encrypted) = (tls.plain(app.clone(), listening), tls.secure(app));
        let (served, ()) =
            tokio::join!(kit::net::serve(self.plain, plain, stop.clone()), tls.serve(listeners, encrypted, stop));
        Ok(served?)
    }
}
