//! Pictures of people and bots that come with an import.

use super::line::{Line, text};
use super::names::Names;
use super::source::Files;
use super::store;
use chat::{Result, Site, portraits};

/// Largest picture, bytes.
const MOST_BYTES: u64 = 5 << 20;

/// A picture as it is kept, and whose it is.
pub struct Picture {
    username: String,
    png: Vec<u8>,
}

/// The picture that a line names, made ready. One that is not there or is none is no reason to leave a person behind: it is
/// logged, and the answer is an error in words.
pub async fn prepare(files: &Files, number: u64, line: &Line) -> std::result::Result<Option<Picture>, String> {
    let user = line.user.as_ref().map(|u| (&u.username, &u.profile_image));
    let bot = line.bot.as_ref().map(|b| (&b.username, &b.profile_image));
    let Some((name, path)) = user.or(bot).filter(|(_, path)| !text(path).is_empty()) else { return Ok(None) };
    let read = files.read(text(path), MOST_BYTES).await;
    let made = match read {
        Ok(bytes) => portraits::prepare(bytes, "app.import.profile_image").await.map_err(|e| e.message),
        Err(reason) => Err(reason),
    };
    match made {
        Ok(png) => Ok(Some(Picture { username: text(name).to_owned(), png })),
        Err(reason) => {
            let reason = format!("line {number}, profile_image: {reason}");
            tracing::warn!(%reason, "a picture was left out of the import");
            Err(reason)
        }
    }
}

/// Puts the pictures in place of those that people had.
///
/// # Errors
/// When the storage or the database fails.
pub async fn apply(site: &Site, names: &Names, pictures: Vec<Picture>) -> Result<()> {
    let now = site.clock.now_ms();
    let mut set = Vec::new();
    for picture in pictures {
        if let Some(id) = names.user(&picture.username) {
            portraits::put(site, id, now, picture.png).await?;
            set.push(id);
        }
    }
    let mut old = Vec::new();
    let mut tx = site.db.write().await?;
    for id in set {
        old.push((id, store::pictured(&mut tx, id).await?));
        store::set_pictured(&mut tx, id, now).await?;
    }
    tx.commit().await?;
    for (id, at) in old.into_iter().filter(|(_, at)| *at != now) {
        portraits::forget(site, id, at).await;
    }
    Ok(())
}
