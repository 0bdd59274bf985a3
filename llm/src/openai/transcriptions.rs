//! `POST /v1/audio/transcriptions`: the offloader holds the speech model, this passes body and answer through.

use crate::failure::Failure;
use crate::parts::App;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::Response;
use std::sync::Arc;

/// Passes the request on.
///
/// # Errors
/// [`Failure::Unavailable`] when the offloader is away.
pub async fn handler(State(app): State<Arc<App>>, request: Request) -> Result<Response, Failure> {
    let kind = request.headers().get(CONTENT_TYPE).cloned();
    let kind = kind.filter(|kind| kind.as_bytes().starts_with(b"multipart/form-data"));
    let kind = kind.ok_or_else(|| Failure::invalid("body", "must be multipart/form-data with a file"))?;
    let url = format!("{}/v1/audio/transcriptions", app.config.offloader_url.trim_end_matches('/'));
    let body = reqwest::Body::wrap_stream(request.into_body().into_data_stream());
    let answer = app.http.post(url).header(CONTENT_TYPE, kind).body(body).send().await.map_err(|error| {
        Failure::Unavailable(format!("the offloader, which transcribes, cannot be reached: {}", error.without_url()))
    })?;
    let mut response = Response::builder().status(answer.status());
    if let Some(kind) = answer.headers().get(CONTENT_TYPE) {
        response = response.header(CONTENT_TYPE, kind);
    }
    response.body(Body::from_stream(answer.bytes_stream())).map_err(|e| Failure::Internal(e.to_string()))
}
