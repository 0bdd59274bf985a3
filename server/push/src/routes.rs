//! POST /notifications/ack: an app says that a notification arrived, and fetches the message of one that came without.

use crate::proxy::{Notification, Receipt};
use crate::{Push, message, store};
use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use chat::push::Contents;
use chat::roles::Permission;
use chat::{Actor, Error, Json, Result, Site, channels, posts};
use wire::StatusOk;

/// Routes under `/api/v4`.
pub fn router() -> Router<Site> {
    Router::new().route("/notifications/ack", post(received))
}

async fn received(State(site): State<Site>, actor: Actor, Json(receipt): Json<Receipt>) -> Result<Response> {
    let fetches = receipt.is_id_loaded && receipt.kind == "message";
    if fetches && receipt.post_id.is_empty() {
        return Err(Error::invalid_body("post_id", "the id of the post is wanted"));
    }
    let answer = match fetches {
        true => Json(fetched(&site, &actor, &receipt).await?).into_response(),
        false => Json(StatusOk::default()).into_response(),
    };
    if let Some(push) = site.kept::<Push>()
        && push.receipts.try_send(receipt).is_err()
    {
        tracing::debug!("too many receipts wait; one is not passed on");
    }
    Ok(answer)
}

/// The whole of a message, for who may read it.
async fn fetched(site: &Site, actor: &Actor, receipt: &Receipt) -> Result<Notification> {
    let mut conn = site.db.read().await?;
    let post = posts::access(&mut conn, actor, &receipt.post_id, Permission::READ_CHANNEL).await?;
    let channel = channels::access(&mut conn, actor, &post.channel_id, Permission::READ_CHANNEL).await?;
    let mut made = message::told(site, &mut conn, &post, &channel, Contents::Full).await?;
    made.ack_id.clone_from(&receipt.id);
    made.badge = store::badge(&mut conn, &actor.user_id).await?;
    made.is_id_loaded = true;
    Ok(made)
}
