//! Where a request comes from.

use crate::Site;
use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use ipnet::IpNet;
use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};

/// The client's address; `None` for requests that came through no socket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Address(pub Option<IpAddr>);

impl Address {
    /// The address of a request, behind the proxies that the settings trust.
    pub fn of(parts: &Parts, trusted: &[IpNet]) -> Self {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(a)| a.ip().to_canonical());
        let forwarded = parts.headers.get_all("x-forwarded-for").iter().filter_map(|v| v.to_str().ok());
        Self(peer.map(|peer| behind(peer, &forwarded.collect::<Vec<_>>().join(","), trusted)))
    }
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.map_or(Ok(()), |address| address.fmt(f))
    }
}

/// Every proxy adds the address it was called from at the end. What stands before the first one that is not trusted could
/// have been written by anybody.
fn behind(peer: IpAddr, forwarded: &str, trusted: &[IpNet]) -> IpAddr {
    let trusts = |address: &IpAddr| trusted.iter().any(|net| net.contains(address));
    let mut nearest = peer;
    for said in forwarded.rsplit(',') {
        if !trusts(&nearest) {
            break;
        }
        let Ok(address) = said.trim().parse::<IpAddr>() else { break };
        nearest = address.to_canonical();
    }
    nearest
}

impl FromRequestParts<Site> for Address {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, Infallible> {
        Ok(Self::of(parts, &site.config().accounts.trusted_proxies))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_trusted_proxies_are_believed() {
        let at = |text: &str| text.parse::<IpAddr>().unwrap();
        let trusted = ["10.0.0.0/8".parse().unwrap()];
        let seen = |peer: &str, said: &str| behind(at(peer), said, &trusted).to_string();
        assert_eq!(seen("203.0.113.5", "198.51.100.1"), "203.0.113.5", "a client wrote the header itself");
        assert_eq!(seen("10.0.0.1", "198.51.100.1"), "198.51.100.1");
        assert_eq!(seen("10.0.0.1", "1.1.1.1, 198.51.100.1, 10.0.0.2"), "198.51.100.1", "what is in front is made up");
        assert_eq!(seen("10.0.0.1", ""), "10.0.0.1");
        assert_eq!(seen("10.0.0.1", "unknown"), "10.0.0.1");
    }
}
