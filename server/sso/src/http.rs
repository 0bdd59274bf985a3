//! The HTTP client that `openidconnect` is given: the one of this workspace, with its rules, deadlines and bounds.

use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};
use outbound::{Client, Failure};
use serde_json::{Map, Value};
use std::pin::Pin;

/// Asks providers; cheap to clone.
#[derive(Clone)]
pub struct Http(Client);

impl Http {
    /// Asks with this client.
    pub fn new(client: Client) -> Self {
        Self(client)
    }

    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, Failure> {
        let (parts, body) = request.into_parts();
        let asked = self.0.request(parts.method, &parts.uri.to_string())?.headers(parts.headers).body(body);
        let answer = self.0.send(asked).await?;
        let response = http::Response::builder().status(answer.status).header("content-type", answer.content_type);
        response.body(answer.body).map_err(|e| Failure::Broken(e.to_string()))
    }

    /// What the provider says of the user whose token this is.
    ///
    /// # Errors
    /// When there is no answer or it is no JSON object.
    pub async fn user_info(&self, address: &str, token: &str) -> Result<Map<String, Value>, Failure> {
        let answer = self.0.send(self.0.request(http::Method::GET, address)?.bearer_auth(token)).await?;
        if !answer.ok() {
            return Err(Failure::Broken(format!("user info: {}", answer.status)));
        }
        serde_json::from_slice(&answer.body).map_err(|e| Failure::Broken(format!("user info: {e}")))
    }
}

impl<'c> AsyncHttpClient<'c> for Http {
    type Error = Failure;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, Failure>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.send(request))
    }
}
