//! What partners call. Each call shows the id of the connection and the token that this site gave for it.

use crate::connections::store::{self as store, Connection};
use crate::{Federation, connections, receive};
use axum::extract::{DefaultBodyLimit, FromRequestParts, Multipart, Path, Request, State};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Extension, Router};
use chat::error::Kind;
use chat::{Error, Json, Result, Site, uploads, users};
use subtle::ConstantTimeEq;
use wire::{RemoteClusterFrame, RemoteClusterInvite, RemoteClusterPing, RemoteClusterResponse, StatusOk};

pub fn router(most: usize) -> Router<Site> {
    Router::new()
        .route("/remotecluster/ping", post(ping))
        .route("/remotecluster/msg", post(message))
        .route("/remotecluster/confirm_invite", post(confirm))
        .layer(DefaultBodyLimit::max(most))
        .merge(
            Router::new()
                .route("/remotecluster/upload/{upload_id}", post(upload))
                // The settings bound a picture and a file, not the length of a JSON body.
                .route("/remotecluster/{user_id}/image", post(image))
                .layer(DefaultBodyLimit::disable()),
        )
}

/// The connection that a call is of.
struct Partner(Connection);

fn unknown() -> Error {
    Error::new(Kind::Unauthorized, "api.context.remote_id_invalid.app_error", "This site knows no such connection.")
}

impl FromRequestParts<Site> for Partner {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self> {
        let text = |name: &str| parts.headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
        let (id, token) = (text("x-remotecluster-id"), text("x-remotecluster-token"));
        if !kit::id::is_valid(&id) || token.is_empty() {
            return Err(unknown());
        }
        let found = store::get(&mut site.db.read().await?, &site.keys, &id).await?;
        let found = found.filter(|c| c.remote.delete_at == 0 && !c.remote.token.is_empty()).ok_or_else(unknown)?;
        if bool::from(found.remote.token.as_bytes().ct_eq(token.as_bytes())) { Ok(Self(found)) } else { Err(unknown()) }
    }
}

impl Partner {
    /// The frame has to be of the connection that was shown.
    fn check(&self, frame: &RemoteClusterFrame) -> Result<()> {
        if frame.remote_id != self.0.remote.remote_id {
            return Err(unknown());
        }
        if !kit::id::is_valid(&frame.msg.id) || frame.msg.payload.is_null() {
            return Err(Error::invalid_body("msg", "an id and a payload are wanted"));
        }
        Ok(())
    }

    /// Only a site that has accepted has anything else to say.
    fn confirmed(self) -> Result<Connection> {
        if self.0.confirmed() { Ok(self.0) } else { Err(unknown()) }
    }
}

/// The partner is there.
async fn heard(site: &Site, federation: &Federation, connection: &Connection) -> Result<()> {
    let now = site.clock.now_ms();
    let was_away = now - connection.remote.last_ping_at > connections::ONLINE_MS || !connection.failure.is_empty();
    let mut tx = site.db.write().await?;
    store::heard(&mut tx, &connection.remote.remote_id, now).await?;
    tx.commit().await?;
    if was_away {
        federation.ring_for(&connection.remote.remote_id);
    }
    Ok(())
}

async fn ping(
    State(site): State<Site>,
    Extension(federation): Extension<Federation>,
    partner: Partner,
    Json(frame): Json<RemoteClusterFrame>,
) -> Result<Json<RemoteClusterPing>> {
    partner.check(&frame)?;
    let connection = partner.confirmed()?;
    let ping: RemoteClusterPing =
        serde_json::from_value(frame.msg.payload).map_err(|e| Error::invalid_body("payload", &e.to_string()))?;
    heard(&site, &federation, &connection).await?;
    Ok(Json(RemoteClusterPing { recv_at: site.clock.now_ms(), ..ping }))
}

async fn message(
    State(site): State<Site>,
    Extension(federation): Extension<Federation>,
    partner: Partner,
    Json(frame): Json<RemoteClusterFrame>,
) -> Result<Json<RemoteClusterResponse>> {
    partner.check(&frame)?;
    let connection = partner.confirmed()?;
    let topic = frame.msg.topic.clone();
    // A task of its own: what has begun ends, also when the partner goes away.
    let work = tokio::spawn(async move { receive::message(&site, &federation, &connection.remote, frame.msg).await });
    Ok(Json(match work.await.map_err(Error::internal)? {
        Ok(payload) => RemoteClusterResponse { status: "OK".into(), payload, ..RemoteClusterResponse::default() },
        Err(error) if error.kind == Kind::Internal => return Err(error),
        Err(error) => {
            tracing::info!(%error, topic, "a partner's message is refused");
            RemoteClusterResponse { status: "FAIL".into(), err: error.message, ..RemoteClusterResponse::default() }
        }
    }))
}

async fn confirm(
    State(site): State<Site>,
    Extension(federation): Extension<Federation>,
    partner: Partner,
    Json(frame): Json<RemoteClusterFrame>,
) -> Result<Json<RemoteClusterResponse>> {
    partner.check(&frame)?;
    let answer: RemoteClusterInvite =
        serde_json::from_value(frame.msg.payload).map_err(|e| Error::invalid_body("payload", &e.to_string()))?;
    connections::confirmed(&site, &federation, partner.0, answer).await?;
    Ok(Json(RemoteClusterResponse { status: "OK".into(), ..RemoteClusterResponse::default() }))
}

async fn upload(
    State(site): State<Site>,
    Path(id): Path<String>,
    partner: Partner,
    request: Request,
) -> Result<Response> {
    let connection = partner.confirmed()?;
    let missing = || Error::not_found("app.upload.get.app_error", "Unable to find the upload session.");
    let mut conn = site.db.read().await?;
    let user_id = match uploads::session(&mut conn, &id).await? {
        Some(session) => session.user_id,
        None => chat::files::get(&mut conn, &id).await?.ok_or_else(missing)?.0.user_id,
    };
    let user = users::get(&mut conn, &user_id).await?;
    if user.is_none_or(|u| u.remote_id.as_deref() != Some(connection.remote.remote_id.as_str())) {
        return Err(missing());
    }
    drop(conn);
    let length = request.headers().get(header::CONTENT_LENGTH).and_then(|l| l.to_str().ok()?.parse().ok());
    uploads::begin_again(&site, &id, length).await?;
    let actor = users::actor_of(&site, &user_id).await?;
    let mut answer = uploads::receive(&site, &actor, &id, request).await?;
    if answer.status() == StatusCode::CREATED {
        *answer.status_mut() = StatusCode::OK;
    }
    Ok(answer.into_response())
}

async fn image(
    State(site): State<Site>,
    Path(id): Path<String>,
    partner: Partner,
    mut form: Multipart,
) -> Result<Json<StatusOk>> {
    let connection = partner.confirmed()?;
    let user = users::get(&mut site.db.read().await?, &id).await?;
    if user.is_none_or(|u| u.remote_id.as_deref() != Some(connection.remote.remote_id.as_str())) {
        return Err(Error::not_found("app.user.missing_account.const", "Unable to find the user."));
    }
    let most = usize::try_from(site.config().accounts.max_picture_kb.saturating_mul(1024)).unwrap_or(usize::MAX);
    let broken = |e: axum::extract::multipart::MultipartError| Error::invalid_body("multipart", &e.body_text());
    while let Some(mut field) = form.next_field().await.map_err(broken)? {
        if field.name() != Some("image") {
            continue;
        }
        let mut bytes = Vec::new();
        while let Some(chunk) = field.chunk().await.map_err(broken)? {
            bytes.extend_from_slice(&chunk);
            if bytes.len() > most {
                return Err(Error::new(
                    Kind::TooLarge,
                    "api.user.upload_profile_user.too_large.app_error",
                    "The picture is too large.",
                ));
            }
        }
        users::set_picture(&site, &id, bytes).await?;
        return Ok(Json(StatusOk::default()));
    }
    Err(Error::invalid("api.user.upload_profile_user.no_file.app_error", "The form has no picture under \"image\"."))
}
