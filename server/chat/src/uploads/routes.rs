//! The HTTP side of resumable uploads.

use super::{Progress, append, create, get, of_user};
use crate::Json;
use crate::users::me_or;
use crate::{Actor, Error, Result, Site};
use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRequest, Multipart, Path, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get as GET, post};
use wire::UploadSession;

/// Routes of this domain.
pub fn router() -> Router<Site> {
    Router::new()
        .route("/uploads", post(begin))
        .route("/uploads/{upload_id}", GET(one).post(bytes).layer(DefaultBodyLimit::disable()))
        .route("/users/{user_id}/uploads", GET(list))
}

async fn begin(
    State(site): State<Site>,
    actor: Actor,
    Json(wanted): Json<UploadSession>,
) -> Result<(StatusCode, Json<UploadSession>)> {
    Ok((StatusCode::CREATED, Json(create(&site, &actor, wanted).await?)))
}

async fn one(State(site): State<Site>, actor: Actor, Path(id): Path<String>) -> Result<Json<UploadSession>> {
    get(&site, &actor, &id).await.map(Json)
}

async fn list(State(site): State<Site>, actor: Actor, Path(user): Path<String>) -> Result<Json<Vec<UploadSession>>> {
    let user = me_or(&actor, &user)?;
    of_user(&site, &user).await.map(Json)
}

async fn bytes(State(site): State<Site>, actor: Actor, Path(id): Path<String>, request: Request) -> Result<Response> {
    receive(&site, &actor, &id, request).await
}

/// Appends the body of a request, raw or the first file of a form: 204 when more is wanted, 201 with the file when it is
/// complete. For products that take uploads at a route of their own, too.
///
/// # Errors
/// As [`append`].
pub async fn receive(site: &Site, actor: &Actor, id: &str, request: Request) -> Result<Response> {
    let (site, actor, id) = (site.clone(), actor.clone(), id.to_owned());
    // A task of its own: the handler of a client that went away is dropped, and its last bytes would be with it.
    let work = tokio::spawn(async move { take(&site, &actor, &id, request).await });
    Ok(match work.await.map_err(Error::internal)?? {
        Progress::Incomplete => StatusCode::NO_CONTENT.into_response(),
        Progress::Complete(info) => (StatusCode::CREATED, Json(info)).into_response(),
    })
}

async fn take(site: &Site, actor: &Actor, id: &str, request: Request) -> Result<Progress> {
    let headers = request.headers();
    if headers.get(header::CONTENT_TYPE).is_some_and(|t| t.as_bytes().starts_with(b"multipart/")) {
        let broken = |text: String| Error::invalid_body("multipart", &text);
        let mut form = Multipart::from_request(request, &()).await.map_err(|e| broken(e.body_text()))?;
        let field = form.next_field().await.map_err(|e| broken(e.body_text()))?;
        let field = field.ok_or_else(|| broken("it holds no file".into()))?;
        return append(site, actor, id, None, field).await;
    }
    let length = headers.get(header::CONTENT_LENGTH).and_then(|l| l.to_str().ok()?.parse().ok());
    append(site, actor, id, length, request.into_body().into_data_stream()).await
}
