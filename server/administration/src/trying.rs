//! Buttons of the console that try something: is the address of the site right, does the mail server take mail, start with
//! empty caches.

use crate::settings::{Settings, tried};
use axum::Router;
use axum::extract::State;
use axum::routing::post;
use chat::mail::{self, Mail};
use chat::{Actor, Error, Json, Result, Site, audits, users};
use operations::access::require_admin;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use wire::StatusOk;

/// Longest that the site may take to answer itself.
const DEADLINE: Duration = Duration::from_secs(10);
/// Most bytes of an answer that are read.
const MOST: usize = 64 << 10;

/// Routes of this domain.
pub fn router() -> Router<Site> {
    Router::new()
        .route("/caches/invalidate", post(forget))
        .route("/email/test", post(send_mail))
        .route("/site_url/test", post(ask_site))
}

/// Roles and settings are read again.
async fn forget(State(site): State<Site>, actor: Actor) -> Result<Json<StatusOk>> {
    require_admin(&actor)?;
    site.roles.look_again();
    site.roles.refresh(&mut site.db.read().await?, site.clock.now_ms()).await?;
    Settings::of(&site).look(&site).await?;
    let mut tx = site.db.write().await?;
    audits::record(&site, &mut tx, &actor, "/api/v4/caches/invalidate", "").await?;
    tx.commit().await?;
    Ok(Json(StatusOk::default()))
}

/// A mail to whoever asks, with the settings that are sent, or those in force when none are.
async fn send_mail(State(site): State<Site>, actor: Actor, body: bytes::Bytes) -> Result<Json<StatusOk>> {
    require_admin(&actor)?;
    let sent: Map<String, Value> = if body.iter().all(u8::is_ascii_whitespace) {
        Map::new()
    } else {
        serde_json::from_slice(&body).map_err(|e| Error::invalid_body("config", &e.to_string()))?
    };
    let sent = sent.into_iter().filter(|(section, _)| section == "EmailSettings").collect();
    let config = tried(&Settings::of(&site), &sent)?;
    if config.mail.host.is_empty() || config.mail.from.is_empty() {
        let message = "A mail server (SMTPServer) and an address to send from (FeedbackEmail) are needed.";
        return Err(Error::invalid("api.admin.test_email.missing_server", message));
    }
    let to = users::get(&mut site.db.read().await?, &actor.user_id).await?.map(|u| u.email).unwrap_or_default();
    let mail = Mail {
        to,
        subject: format!("{}: a test of the mail settings", config.site_name),
        text: "This mail came through. The settings for mail are right.".into(),
    };
    let failed = |reason: String| {
        let message = format!("The mail could not be sent: {reason}");
        Error::new(chat::error::Kind::Internal, "api.admin.test_email.failure", message)
    };
    mail::attempt(&config, &mail).await.map_err(failed)?;
    Ok(Json(StatusOk::default()))
}

/// Body of POST /site_url/test.
#[derive(Debug, Deserialize)]
struct Address {
    site_url: String,
}

/// Link-local addresses are those of the machine's own network card and of the provider's secrets, never of a site.
fn is_allowed(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => !ip.is_link_local() && !ip.is_multicast() && !ip.is_broadcast(),
        IpAddr::V6(ip) => !ip.is_unicast_link_local() && !ip.is_multicast(),
    }
}

/// Asks the address for a ping of the protocol. Only whether it answers like a server is told.
async fn ask_site(State(site): State<Site>, actor: Actor, Json(a): Json<Address>) -> Result<Json<StatusOk>> {
    require_admin(&actor)?;
    let failed = |reason: &str| {
        let message = format!("This is not a valid live URL: {reason}.");
        Error::invalid("app.admin.test_site_url.failure", message)
    };
    let url = url::Url::parse(a.site_url.trim_end_matches('/')).map_err(|_| failed("it is no address"))?;
    let (host, port) = match (url.scheme(), url.host_str(), url.port_or_known_default()) {
        ("http" | "https", Some(host), Some(port)) => (host.trim_matches(['[', ']']).to_owned(), port),
        _ => return Err(failed("it does not begin with http:// or https://")),
    };
    let found = tokio::time::timeout(DEADLINE, tokio::net::lookup_host((host.as_str(), port))).await;
    let found: Vec<SocketAddr> = match found {
        Ok(Ok(found)) => found.filter(|a| is_allowed(a.ip())).collect(),
        _ => return Err(failed("there is no machine of that name")),
    };
    if found.is_empty() {
        return Err(failed("no site can be at that address"));
    }
    let client = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .timeout(DEADLINE)
        .resolve_to_addrs(&host, &found)
        .build()
        .map_err(Error::internal)?;
    let ping = format!("{}/api/v4/system/ping", url.as_str().trim_end_matches('/'));
    let mut answer = client.get(ping).send().await.map_err(|_| failed("nothing answers there"))?;
    if !answer.status().is_success() {
        return Err(failed(&format!("the answer is {}", answer.status())));
    }
    let mut bytes = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|_| failed("the answer broke off"))? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > MOST {
            return Err(failed("the answer is none of this protocol"));
        }
    }
    let body: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    if body["status"] != "OK" {
        return Err(failed("the answer is none of this protocol"));
    }
    drop(site);
    Ok(Json(StatusOk::default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_site_is_at_a_link_local_address() {
        let allowed = |text: &str| is_allowed(text.parse().unwrap());
        assert!(allowed("127.0.0.1") && allowed("10.0.0.1") && allowed("93.184.216.34") && allowed("::1"));
        assert!(!allowed("169.254.169.254") && !allowed("fe80::1") && !allowed("::ffff:169.254.169.254"));
    }
}
