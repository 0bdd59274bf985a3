//! How the ACME client speaks HTTP: with the same library as the rest of the server, and with a deadline.

use crate::{Error, store};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use instant_acme::{BodyWrapper, BytesResponse, Error as AcmeError, HttpClient};
use std::path::Path;
use std::pin::Pin;
use std::time::Duration;

const DEADLINE: Duration = Duration::from_secs(30);

/// Trusts what the machine trusts, and one authority more when it is named.
pub struct Client(reqwest::Client);

impl Client {
    /// # Errors
    /// When the file of the authority cannot be used.
    pub fn new(root: &Path) -> Result<Self, Error> {
        let mut builder = reqwest::Client::builder().timeout(DEADLINE);
        if !root.as_os_str().is_empty() {
            let wrong = |e: reqwest::Error| Error::NoCertificate { path: root.to_owned(), reason: e.to_string() };
            let pem = store::read(root)?;
            builder = builder.tls_certs_merge(reqwest::Certificate::from_pem_bundle(pem.as_bytes()).map_err(wrong)?);
        }
        builder.build().map(Self).map_err(|e| Error::Acme(e.to_string()))
    }
}

type Answer = Pin<Box<dyn Future<Output = Result<BytesResponse, AcmeError>> + Send>>;

impl HttpClient for Client {
    fn request(&self, request: Request<BodyWrapper<Bytes>>) -> Answer {
        let client = self.0.clone();
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
            let other = |e: reqwest::Error| AcmeError::Other(Box::new(e));
            let request = reqwest::Request::try_from(Request::from_parts(parts, body)).map_err(other)?;
            let answer = client.execute(request).await.map_err(other)?;
            let mut head = Response::builder().status(answer.status());
            if let Some(headers) = head.headers_mut() {
                headers.clone_from(answer.headers());
            }
            let body = answer.bytes().await.map_err(other)?;
            head.body(Full::new(body)).map(BytesResponse::from).map_err(AcmeError::Http)
        })
    }
}
