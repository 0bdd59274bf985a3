//! What surrounds a post: where it is, and its files.

use super::{access, store};
use crate::Json;
use crate::roles::Permission;
use crate::{Actor, Error, Result, Site, channels, files, teams};
use axum::extract::{Path, State};
use wire::{FileInfo, PostInfo};

/// GET /posts/{id}/files/info
pub async fn files(State(site): State<Site>, actor: Actor, Path(id): Path<String>) -> Result<Json<Vec<FileInfo>>> {
    let mut conn = site.db.read().await?;
    access(&mut conn, &actor, &id, Permission::READ_CHANNEL).await?;
    Ok(Json(files::of_posts(&mut conn, &[id]).await?))
}

/// GET /posts/{id}/info: for somebody who follows a link to it and may first have to join the channel or an open team.
pub async fn info(State(site): State<Site>, actor: Actor, Path(id): Path<String>) -> Result<Json<PostInfo>> {
    let mut conn = site.db.read().await?;
    let post = store::get(&mut conn, &id).await?.filter(|p| p.delete_at == 0).ok_or_else(super::missing)?;
    let channel = channels::get(&mut conn, &post.channel_id).await?.ok_or_else(channels::missing)?;
    let in_channel = channels::member(&mut conn, &channel.id, &actor.user_id).await?.is_some();
    let mut answer = PostInfo {
        channel_id: channel.id,
        channel_type: channel.kind.clone(),
        channel_display_name: channel.display_name,
        has_joined_channel: in_channel,
        ..PostInfo::default()
    };
    let mut open_team = false;
    if let Some(team) = teams::get(&mut conn, &channel.team_id).await? {
        answer.has_joined_team = teams::ids_of(&mut conn, &actor.user_id).await?.contains(&team.id);
        open_team = team.allow_open_invite && !actor.is_guest();
        answer.team_id = team.id;
        answer.team_type = team.kind;
        answer.team_display_name = team.display_name;
    }
    let could_join = channel.kind == "O" && !actor.is_guest() && (answer.has_joined_team || open_team);
    if in_channel || could_join || actor.is_system_admin() {
        return Ok(Json(answer));
    }
    Err(Error::forbidden())
}
