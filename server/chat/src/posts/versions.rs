//! What a post said before each edit.

use super::{access, attachments, missing, store};
use crate::Json;
use crate::roles::Permission;
use crate::{Actor, Error, Result, Site};
use axum::extract::{Path, State};
use db::{Conn, Row, Sql, Tx, params};
use wire::Post;

const INSERT: Sql = Sql::new(
    "INSERT INTO post_versions (id, post_id, replaced_at, edit_at, message, props, hashtags, file_ids)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
);
const OF_POST: Sql = Sql::new(
    "SELECT id, replaced_at, edit_at, message, props, hashtags, file_ids FROM post_versions WHERE post_id = $1
     ORDER BY replaced_at DESC, id",
);

/// Keeps `old` as it was until `now`.
pub async fn keep(tx: &mut Tx, old: &Post, now: i64) -> db::Result<()> {
    let values = params![
        kit::id::new(),
        &old.id,
        now,
        old.edit_at,
        &old.message,
        serde_json::json!(old.props),
        &old.hashtags,
        serde_json::json!(old.file_ids)
    ];
    tx.execute(&INSERT, values).await?;
    Ok(())
}

/// Former versions as posts of their own, the latest first; `original_id` is the post that lives.
async fn of(conn: &mut Conn, post: &Post) -> db::Result<Vec<Post>> {
    let version = |row: Row| {
        let mut r = row.read();
        let (id, replaced_at): (String, i64) = (r.get()?, r.get()?);
        Ok(Post {
            id,
            original_id: post.id.clone(),
            update_at: replaced_at,
            delete_at: replaced_at,
            edit_at: r.get()?,
            message: r.get()?,
            props: serde_json::from_value(r.get()?).unwrap_or_default(),
            hashtags: r.get()?,
            file_ids: serde_json::from_value(r.get()?).unwrap_or_default(),
            metadata: None,
            pending_post_id: String::new(),
            ..post.clone()
        })
    };
    conn.fetch(&OF_POST, params![&post.id], version).await
}

/// GET /posts/{id}/edit_history: the author's own business.
pub async fn history(State(site): State<Site>, actor: Actor, Path(id): Path<String>) -> Result<Json<Vec<Post>>> {
    let mut conn = site.db.read().await?;
    let post = access(&mut conn, &actor, &id, Permission::EDIT_POST).await?;
    if post.user_id != actor.user_id {
        return Err(Error::forbidden());
    }
    let mut versions = of(&mut conn, &post).await?;
    versions.iter_mut().for_each(attachments::hide);
    if versions.is_empty() {
        return Err(Error::not_found(
            "app.post.get_post_edit_history.no_history.app_error",
            "The post was never edited.",
        ));
    }
    Ok(Json(versions))
}

/// POST /posts/{id}/restore/{version}: says again what it said then; that is an edit too.
pub async fn restore(
    State(site): State<Site>,
    actor: Actor,
    Path((id, version)): Path<(String, String)>,
) -> Result<Json<Post>> {
    let former = {
        let mut conn = site.db.read().await?;
        let post = store::get(&mut conn, &id).await?.filter(|p| p.delete_at == 0).ok_or_else(missing)?;
        of(&mut conn, &post).await?.into_iter().find(|v| v.id == version).ok_or_else(missing)?
    };
    let patch = wire::PostPatch {
        message: Some(former.message),
        props: Some(former.props),
        file_ids: Some(former.file_ids),
        ..wire::PostPatch::default()
    };
    super::change::patch(State(site), actor, Path(id), Json(patch)).await
}
