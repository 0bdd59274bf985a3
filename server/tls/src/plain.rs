//! What is answered without encryption, and what every encrypted answer carries.

use crate::{Tls, trust};
use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Path, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use std::net::SocketAddr;

/// What other machines get without encryption. None of it is secret, and none of it can be had otherwise before the
/// certificate is trusted.
const OPEN: [&str; 6] = ["/ca.crt", "/ca.pem", "/trust", "/healthz", "/readyz", "/.well-known/acme-challenge/"];

/// Port as it stands in an https URL.
pub fn port_suffix(port: u16) -> String {
    if port == 443 { String::new() } else { format!(":{port}") }
}

pub fn router(tls: Tls) -> Router {
    Router::new()
        .route("/ca.crt", get(ca_der))
        .route("/ca.pem", get(ca_pem))
        .route("/trust", get(page))
        .route("/.well-known/acme-challenge/{token}", get(challenge))
        .with_state(tls)
}

fn missing() -> Response {
    (StatusCode::NOT_FOUND, "This site has no certificate authority of its own.").into_response()
}

async fn ca_der(State(tls): State<Tls>) -> Response {
    let pem = tokio::fs::read(tls.ca_path()).await.unwrap_or_default();
    let Ok(der) = CertificateDer::from_pem_slice(&pem) else { return missing() };
    let headers = [
        (header::CONTENT_TYPE, "application/x-x509-ca-cert"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"muster-ca.crt\""),
    ];
    (headers, der.to_vec()).into_response()
}

async fn ca_pem(State(tls): State<Tls>) -> Response {
    match tokio::fs::read(tls.ca_path()).await {
        Ok(pem) => {
            let headers = [
                (header::CONTENT_TYPE, "application/x-pem-file"),
                (header::CONTENT_DISPOSITION, "attachment; filename=\"muster-ca.pem\""),
            ];
            (headers, pem).into_response()
        }
        Err(_) => missing(),
    }
}

async fn page(State(tls): State<Tls>, request: Request) -> Response {
    // The name that brought the visitor here leads here.
    let url = asked_host(&request)
        .map_or_else(|| tls.url(), |host| format!("https://{host}{}", port_suffix(tls.public_port())));
    let path = tls.ca_path();
    let read = tokio::task::spawn_blocking(move || crate::certificate::read(&path)).await;
    let Ok(Ok(ca)) = read else { return missing() };
    let policy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";
    let headers = [(header::CONTENT_SECURITY_POLICY, policy), (header::CACHE_CONTROL, "no-cache")];
    (headers, Html(trust::page(&tls.place.site_name, &url, &ca))).into_response()
}

async fn challenge(State(tls): State<Tls>, Path(token): Path<String>) -> Response {
    match tls.current.answer(&token) {
        Some(answer) => ([(header::CONTENT_TYPE, "application/octet-stream")], answer).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

#[derive(Clone)]
struct Gate {
    tls: Tls,
    listening: SocketAddr,
}

pub fn gate(tls: &Tls, app: Router, listening: SocketAddr) -> Router {
    if !tls.settings.redirect {
        return app;
    }
    app.layer(from_fn_with_state(Gate { tls: tls.clone(), listening }, pass_or_redirect))
}

async fn pass_or_redirect(State(gate): State<Gate>, request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip());
    let own = peer.is_some_and(|peer| crate::is_own(peer, gate.listening));
    if own || OPEN.iter().any(|open| request.uri().path().starts_with(open)) {
        return next.run(request).await;
    }
    to_https(&gate.tls, &request)
}

pub fn only_redirect(tls: &Tls) -> Router {
    let all = tls.clone();
    tls.router().fallback(move |request: Request| async move { to_https(&all, &request) })
}

/// Host that the client asked for, without a port.
fn asked_host(request: &Request) -> Option<String> {
    let asked = request.headers().get(header::HOST).and_then(|h| h.to_str().ok());
    let asked = asked.or_else(|| request.uri().authority().map(|a| a.as_str()))?;
    // A scheme only makes it an address that can be taken apart.
    url::Url::parse(&format!("http://{asked}")).ok()?.host_str().map(str::to_owned)
}

/// The same page of the same name. Not for good: browsers would keep that when TLS is turned off again.
fn to_https(tls: &Tls, request: &Request) -> Response {
    let Some(host) = asked_host(request) else {
        return (StatusCode::BAD_REQUEST, "This site is reached by https; the request names no host.").into_response();
    };
    let path = request.uri().path_and_query().map_or("/", |p| p.as_str());
    let target = format!("https://{host}{}{path}", port_suffix(tls.public_port()));
    match HeaderValue::from_str(&target) {
        Ok(target) => (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, target)]).into_response(),
        Err(_) => StatusCode::BAD_REQUEST.into_response(),
    }
}

pub fn secured(tls: &Tls, app: Router) -> Router {
    app.layer(from_fn_with_state(tls.clone(), mark))
}

/// Tells the site that the request was encrypted, whatever the client wrote, and the browser to stay with that.
async fn mark(State(tls): State<Tls>, mut request: Request<Body>, next: Next) -> Response {
    request.headers_mut().insert("x-forwarded-proto", HeaderValue::from_static("https"));
    // HTTP/2 has no such header; the site makes links from it.
    let authority = request.uri().authority().and_then(|a| HeaderValue::from_str(a.as_str()).ok());
    if let Some(authority) = authority
        && !request.headers().contains_key(header::HOST)
    {
        request.headers_mut().insert(header::HOST, authority);
    }
    let mut response = next.run(request).await;
    if tls.is_hsts_safe()
        && let Ok(value) = HeaderValue::from_str(&format!("max-age={}", u64::from(tls.settings.hsts_days) * 24 * 3600))
    {
        response.headers_mut().insert(header::STRICT_TRANSPORT_SECURITY, value);
    }
    response
}
