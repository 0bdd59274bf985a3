//! What a bookmark must look like, and the order of several. No I/O.

use crate::{Error, Result};
use wire::{Bookmark, BookmarkPatch};

/// Most bookmarks of one channel.
pub const MAX_PER_CHANNEL: usize = 50;

/// A bookmark has a name, and is either a link or a file.
///
/// # Errors
/// 400 with the field that is wrong.
pub fn check(b: &Bookmark) -> Result<()> {
    if b.display_name.trim().is_empty() || b.display_name.chars().count() > 64 {
        return Err(Error::invalid_body("display_name", "1 to 64 characters are wanted"));
    }
    match b.kind.as_str() {
        "link" if !b.file_id.is_empty() => Err(Error::invalid_body("file_id", "a link has no file")),
        "link" => check_url("link_url", &b.link_url),
        "file" if !b.link_url.is_empty() => Err(Error::invalid_body("link_url", "a file has no link")),
        "file" if b.file_id.is_empty() => Err(Error::invalid_body("file_id", "a file is wanted")),
        "file" => Ok(()),
        _ => Err(Error::invalid_body("type", "link or file")),
    }?;
    if b.image_url.is_empty() { Ok(()) } else { check_url("image_url", &b.image_url) }
}

/// Web and mail addresses only: a bookmark is clicked by others.
fn check_url(field: &str, text: &str) -> Result<()> {
    let good = url::Url::parse(text).is_ok_and(|u| ["http", "https", "mailto"].contains(&u.scheme()));
    if good && text.len() <= 1024 {
        return Ok(());
    }
    Err(Error::invalid_body(field, "an address that begins with http or https is wanted"))
}

/// The bookmark with the changes of `patch`.
pub fn patched(mut b: Bookmark, patch: BookmarkPatch) -> Bookmark {
    b.display_name = patch.display_name.unwrap_or(b.display_name);
    b.file_id = patch.file_id.unwrap_or(b.file_id);
    b.link_url = patch.link_url.unwrap_or(b.link_url);
    b.image_url = patch.image_url.unwrap_or(b.image_url);
    b.emoji = patch.emoji.map(|e| e.trim_matches(':').to_owned()).unwrap_or(b.emoji);
    b
}

/// The ids in their new order after `id` moved to `place`.
pub fn moved(mut ids: Vec<String>, id: &str, place: usize) -> Vec<String> {
    ids.retain(|i| i != id);
    ids.insert(place.min(ids.len()), id.to_owned());
    ids
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_and_files() {
        let link = Bookmark {
            kind: "link".into(),
            display_name: "Plan".into(),
            link_url: "https://plan.example".into(),
            ..Bookmark::default()
        };
        assert!(check(&link).is_ok());
        for bad in [
            Bookmark { link_url: "javascript:alert(1)".into(), ..link.clone() },
            Bookmark { link_url: String::new(), ..link.clone() },
            Bookmark { display_name: " ".into(), ..link.clone() },
            Bookmark { kind: "file".into(), ..link.clone() },
            Bookmark { kind: "board".into(), ..link.clone() },
        ] {
            assert!(check(&bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_bookmark_moves_between_the_others() {
        let ids = ["a", "b", "c"].map(str::to_owned).to_vec();
        assert_eq!(moved(ids.clone(), "c", 0), ["c", "a", "b"]);
        assert_eq!(moved(ids.clone(), "a", 9), ["b", "c", "a"]);
        assert_eq!(moved(ids, "b", 1), ["a", "b", "c"]);
    }
}
