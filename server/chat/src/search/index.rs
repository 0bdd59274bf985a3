//! Fills the indexes behind the writer: some rows at a time, each batch one short transaction. Whatever is not in the index
//! yet is searched without it (see [`super::find`]), so nothing is lost by waiting, and a killed server goes on where the
//! last transaction left off.

use super::store::{self, Batch, Entry, Item, Subject};
use super::words::{self, Text};
use crate::{Result, Site};
use db::{Conn, Engine};
use std::collections::HashMap;
use std::fmt::Write as _;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// How often it is looked whether something waits.
const EVERY: Duration = Duration::from_secs(2);
/// While posts keep coming, this many are let gather: a few large batches cost less than many small ones.
const GATHER: i64 = 1000;
/// Rows of a batch: posts, and files, whose texts may be long.
const AT_ONCE: (i64, i64) = (500, 8);
/// Most words of one `tsvector`, which has places for 16,383; the next part begins with the last of the one before, so that
/// phrases are found.
const PART: usize = 16_000;
const OVERLAP: usize = 64;
/// Most bytes of one part; PostgreSQL takes a megabyte with its own numbers.
const PART_BYTES: usize = 400_000;
/// Places of one word that PostgreSQL keeps.
const PLACES: usize = 255;
/// Stands between a file's name and its text, so that no phrase reaches over it.
const BORDER: &str = "\u{e005}";

/// Posts and files that wait to be put into the index.
///
/// # Errors
/// When the database fails.
pub async fn waiting(conn: &mut Conn, engine: Engine) -> Result<i64> {
    let posts = store::waiting(conn, engine, Subject::Posts).await?;
    Ok(posts + store::waiting(conn, engine, Subject::Files).await?)
}

/// Fills the indexes until `stop`.
pub async fn run(site: Site, stop: CancellationToken) {
    let (mut before, mut told) = (0, false);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
        let done = async {
            let mut now = waiting(&mut site.db.read().await?, site.db.engine()).await?;
            if now > before && now < GATHER {
                return Ok(now);
            }
            told = now > 100 * GATHER;
            if told {
                tracing::info!(waiting = now, "the index for searching is being built; searches are slower until then");
            }
            while now > 0 && !stop.is_cancelled() {
                let begun = Instant::now();
                if do_some(&site).await? == 0 {
                    break;
                }
                // Others write at least half of the time.
                tokio::time::sleep(begun.elapsed()).await;
                now = waiting(&mut site.db.read().await?, site.db.engine()).await?;
            }
            if told {
                tracing::info!("the index for searching is complete");
            }
            Ok::<_, crate::Error>(now)
        };
        match done.await {
            Ok(now) => before = now,
            Err(error) => tracing::warn!(%error, "the index for searching falls behind; the next round tries again"),
        }
    }
}

/// Puts some of what waits into the indexes; how many rows were looked at.
///
/// # Errors
/// When the database fails; then nothing of that batch is in the index.
pub async fn do_some(site: &Site) -> Result<usize> {
    Ok(some_of(site, Subject::Posts, AT_ONCE.0).await? + some_of(site, Subject::Files, AT_ONCE.1).await?)
}

async fn some_of(site: &Site, subject: Subject, limit: i64) -> Result<usize> {
    let engine = site.db.engine();
    let mut conn = site.db.read().await?;
    let mut batch = Batch::default();
    for (number, id) in store::changed(&mut conn, subject, limit).await? {
        batch.changes.push(number);
        batch.ids.push(id);
    }
    batch.fresh = store::fresh(&mut conn, engine, subject, limit).await?;
    batch.ids.extend(batch.fresh.iter().cloned());
    batch.ids.sort_unstable();
    batch.ids.dedup();
    if batch.ids.is_empty() {
        return Ok(0);
    }
    let items = store::items(&mut conn, subject, &batch.ids).await?;
    drop(conn);
    let entries = tokio::task::spawn_blocking(move || items.into_iter().map(|i| entry(i, subject, engine)).collect());
    let entries: Vec<Entry> = entries.await.map_err(|_| crate::Error::from(db::Error::Closed))?;
    let mut tx = site.db.write().await?;
    store::put(&mut tx, engine, subject, &batch, entries).await?;
    tx.commit().await?;
    Ok(batch.ids.len())
}

/// The text of a row as it is searched.
pub(super) fn text_of(subject: Subject, text: &str, more: &str) -> Text {
    if subject == Subject::Posts {
        return Text::of(text, more);
    }
    let mut all = Text::of(text, "");
    if !more.is_empty() {
        all.words.push(BORDER.into());
        all.words.extend(words::words(more));
    }
    all
}

/// A word that all rows of this channel have.
pub(super) fn channel_mark(id: &str) -> String {
    format!("\u{e003}{id}")
}

/// A word that all rows of this author have.
pub(super) fn author_mark(id: &str) -> String {
    format!("\u{e002}{id}")
}

/// A word that all rows have.
pub(super) const MARK: &str = "\u{e004}";

fn entry(item: Item, subject: Subject, engine: Engine) -> Entry {
    let mut text = text_of(subject, &item.text, &item.more);
    let parts = match engine {
        Engine::Sqlite => {
            text.words.append(&mut text.tags);
            text.words.extend([channel_mark(&item.channel), author_mark(&item.author), MARK.into()]);
            vec![text.words.join(" ")]
        }
        Engine::Postgres => vectors(&text),
    };
    Entry { id: item.id, parts }
}

/// A text as `tsvector`s, the hashtags in the first.
fn vectors(text: &Text) -> Vec<String> {
    let (mut out, mut from) = (Vec::new(), 0);
    loop {
        let mut bytes = 0;
        let rest = &text.words[from..];
        let fits = rest.iter().take(PART).take_while(|w| {
            bytes += w.len();
            bytes <= PART_BYTES
        });
        let part = &rest[..fits.count()];
        out.push(vector(part, if out.is_empty() { &text.tags } else { &[] }));
        if part.len() == rest.len() {
            return out;
        }
        from += part.len() - OVERLAP.min(part.len() / 2);
    }
}

fn vector(words: &[String], tags: &[String]) -> String {
    let mut places: HashMap<&str, Vec<usize>> = HashMap::new();
    for (n, word) in words.iter().enumerate() {
        places.entry(word).or_default().push(n + 1);
    }
    let mut out = String::new();
    let mut write = |text: std::fmt::Arguments<'_>| out.write_fmt(text).unwrap_or_default();
    for (word, places) in &places {
        let list: Vec<String> = places.iter().take(PLACES).map(usize::to_string).collect();
        write(format_args!("'{word}':{} ", list.join(",")));
    }
    for tag in tags {
        write(format_args!("'{tag}' "));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_several_vectors_that_overlap() {
        assert_eq!(vectors(&Text::default()), [""]);
        assert_eq!(vectors(&Text::of("b a b", "#x")).len(), 1);
        assert!(vectors(&Text::of("b a b", ""))[0].contains("'b':1,3 "));
        let long: Vec<String> = (0..PART + 10).map(|n| format!("w{n}")).collect();
        let parts = vectors(&Text { words: long, tags: vec!["t".into()] });
        assert_eq!(parts.len(), 2);
        assert!(parts[0].contains("'t' ") && !parts[1].contains("'t' "));
        assert!(
            parts[1].contains(&format!("'w{}':1 ", PART - OVERLAP)) && parts[1].contains(&format!("'w{}':", PART + 9))
        );
        let wide: Vec<String> = (0..5000).map(|n| format!("{n:0>250}")).collect();
        assert!(vectors(&Text { words: wide, tags: vec![] }).iter().all(|p| p.len() < 1 << 20));
    }
}
