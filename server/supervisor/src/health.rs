//! Asking a service whether it is ready.

use std::time::Duration;

/// Asks `GET /readyz`; `Ok` when ready, otherwise what the service or the network said.
pub async fn probe(client: &reqwest::Client, address: &str) -> Result<(), String> {
    let url = format!("http://{}/readyz", reachable(address));
    let answer = client.get(url).timeout(Duration::from_secs(3)).send().await.map_err(|e| describe(&e))?;
    let status = answer.status();
    if status.is_success() {
        return Ok(());
    }
    let body = answer.text().await.unwrap_or_default();
    Err(format!("{status} {}", body.chars().take(300).collect::<String>().trim()))
}

fn describe(error: &reqwest::Error) -> String {
    if error.is_connect() {
        "not listening yet".into()
    } else if error.is_timeout() {
        "no answer within 3 s".into()
    } else {
        error.to_string()
    }
}

/// The address under which this machine reaches a listener: `0.0.0.0` and an empty host become loopback.
pub fn reachable(address: &str) -> String {
    match address.rsplit_once(':') {
        Some(("" | "0.0.0.0" | "[::]", port)) => format!("127.0.0.1:{port}"),
        _ => address.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn wildcard_listeners_are_reached_on_loopback() {
        assert_eq!(super::reachable(":8065"), "127.0.0.1:8065");
        assert_eq!(super::reachable("0.0.0.0:8065"), "127.0.0.1:8065");
        assert_eq!(super::reachable("[::]:8065"), "127.0.0.1:8065");
        assert_eq!(super::reachable("192.0.2.1:80"), "192.0.2.1:80");
    }
}
