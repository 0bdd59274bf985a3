//! Passwords for TURN servers that expire, made from a shared secret (the TURN REST scheme).

use crate::config::{Config, IceServer};
use base64::Engine;
use hmac::{Hmac, Mac};
use sha1::Sha1;

/// Why there are no passwords; users read it.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum TurnError {
    #[error("TURNStaticAuthSecret should be set")]
    NoSecret,
    #[error("No TURN server was configured")]
    NoServer,
}

/// The configured TURN servers with a name and password for `username`.
///
/// # Errors
/// [`TurnError`] when secret or servers are not configured.
pub fn credentials(config: &Config, username: &str, now_ms: i64) -> Result<Vec<IceServer>, TurnError> {
    if config.turn_secret.is_empty() {
        return Err(TurnError::NoSecret);
    }
    let name = format!("{}:{username}", now_ms / 1000 + i64::from(config.turn_minutes) * 60);
    let mut mac =
        Hmac::<Sha1>::new_from_slice(config.turn_secret.as_bytes()).expect("because HMAC takes keys of every length");
    mac.update(name.as_bytes());
    let password = base64::engine::general_purpose::STANDARD.encode(mac.finalize().into_bytes());
    let with = |server: &IceServer| IceServer {
        urls: server.urls.clone(),
        username: name.clone(),
        credential: password.clone(),
    };
    let servers: Vec<IceServer> = config.ice_servers.iter().filter(|s| s.needs_credentials()).map(with).collect();
    if servers.is_empty() { Err(TurnError::NoServer) } else { Ok(servers) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_server_accepts_the_password() {
        let stun = IceServer { urls: vec!["stun:h:3478".into()], ..IceServer::default() };
        let turn = IceServer { urls: vec!["turn:h:3478".into()], ..IceServer::default() };
        let mut config = Config { ice_servers: vec![stun.clone()], ..Config::default() };
        assert_eq!(credentials(&config, "ana", 0), Err(TurnError::NoSecret));
        config.turn_secret = "north".into();
        assert_eq!(credentials(&config, "ana", 0), Err(TurnError::NoServer));
        config.ice_servers.push(turn);
        let given = credentials(&config, "ana", 1_000_000).unwrap();
        assert_eq!(given.len(), 1);
        assert_eq!(given[0].username, "15400:ana");
        // printf '15400:ana' | openssl dgst -sha1 -hmac north -binary | base64
        assert_eq!(given[0].credential, "bOaIxiPIap/2iVdddahASy3cuHs=");
    }
}
