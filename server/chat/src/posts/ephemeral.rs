//! Messages to one user that are not stored.

use crate::Json;
use crate::roles::{self, Permission};
use crate::{Actor, Error, Result, Site, channels, users};
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use wire::{Event, Post};

/// Shows a post to one user's clients. What the caller left empty is filled in.
pub fn whisper(site: &Site, user_id: &str, mut post: Post) -> Post {
    let now = site.clock.now_ms();
    post.id = kit::id::new();
    post.create_at = now;
    post.update_at = now;
    post.kind = "system_ephemeral".into();
    if post.user_id.is_empty() {
        user_id.clone_into(&mut post.user_id);
    }
    let event = Event::new("ephemeral_message").with_encoded("post", &post);
    site.hub.publish(event.to_channel(&post.channel_id).to_user(user_id));
    post
}

/// Body of POST /posts/ephemeral.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Body {
    user_id: String,
    post: Option<Post>,
}

/// POST /posts/ephemeral
pub async fn handler(
    State(site): State<Site>,
    actor: Actor,
    Json(body): Json<Body>,
) -> Result<(StatusCode, Json<Post>)> {
    if !roles::system_can(&actor, Permission("create_post_ephemeral")) {
        return Err(Error::forbidden());
    }
    let post = body.post.ok_or_else(|| Error::invalid_body("post", "a post is wanted"))?;
    super::check_length(&post, &site.config())?;
    {
        let mut conn = site.db.read().await?;
        users::get(&mut conn, &body.user_id).await?.ok_or_else(users::missing)?;
        channels::get(&mut conn, &post.channel_id).await?.ok_or_else(channels::missing)?;
    }
    let post = Post {
        user_id: actor.user_id,
        channel_id: post.channel_id,
        root_id: post.root_id,
        message: post.message,
        props: post.props,
        ..Post::default()
    };
    Ok((StatusCode::CREATED, Json(whisper(&site, &body.user_id, post))))
}
