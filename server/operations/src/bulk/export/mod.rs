//! Writes a site in the bulk format into a zip, from one consistent view of the database, a page at a time.

mod people;
mod posts;

use super::line::{self, Line};
use super::powers;
use super::reading as read;
use super::zipped::Archive;
use chat::{Error, Result, Site};
use db::Conn;
use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use tokio_util::sync::CancellationToken;

/// What goes into an export.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    /// Files of posts.
    pub attachments: bool,
    pub archived_channels: bool,
    /// Roles, schemes, and which team and channel has which.
    pub roles_and_schemes: bool,
    /// Pictures of people and bots.
    pub profile_pictures: bool,
}

impl Wanted {
    /// Everything that the format has a place for.
    pub const ALL: Self =
        Self { attachments: true, archived_channels: true, roles_and_schemes: true, profile_pictures: true };
}

/// What an export holds.
#[derive(Clone, Debug, Default, serde::Serialize)]
pub struct Written {
    pub lines: BTreeMap<String, u64>,
    pub posts: u64,
    pub files: u64,
    /// Files whose bytes are gone from the storage.
    pub missing_files: u64,
    pub stopped: bool,
}

struct Export<'a> {
    site: &'a Site,
    wanted: Wanted,
    out: Archive,
    written: Written,
    /// Path in the storage by path in the archive.
    files: Vec<(String, String)>,
    /// Live counts by channel.
    live: HashMap<String, (i64, i64)>,
}

/// Writes the archive to `path`; `tell` hears of every page with the number of posts so far.
///
/// # Errors
/// When the database, the storage or the disk fails.
pub async fn run(
    site: &Site,
    path: &Path,
    wanted: Wanted,
    stop: &CancellationToken,
    tell: &mut (dyn FnMut(u64) + Send),
) -> Result<Written> {
    let out = Archive::create(path)?;
    let mut e = Export { site, wanted, out, written: Written::default(), files: Vec::new(), live: HashMap::new() };
    let mut view = site.db.snapshot().await?;
    e.out.entry("import.jsonl").await?;
    let info = serde_json::json!({"generator": "muster", "version": env!("CARGO_PKG_VERSION"), "created": now(site)});
    e.line("version", Line { version: Some(1), info: Some(info), ..Line::default() }).await?;
    if wanted.roles_and_schemes {
        e.powers(&mut view).await?;
    }
    e.emoji(&mut view).await?;
    let channels = e.places(&mut view).await?;
    e.people(&mut view).await?;
    for channel in &channels {
        let place = |p: &mut line::Post| {
            p.team = Some(channel.team.clone());
            p.channel = Some(channel.name.clone());
        };
        e.posts(&mut view, &channel.id, "post", place, stop, tell).await?;
    }
    // All direct channels come before all direct posts, so that they are gone through twice.
    for posts in [false, true] {
        let mut after = String::new();
        loop {
            let page = read::direct(&mut view, &after).await?;
            let Some(last) = page.last() else { break };
            after.clone_from(&last.id);
            for channel in &page {
                let members = read::members(&mut view, &channel.id).await?;
                let names: Vec<String> = members.iter().map(|m| m.username.clone()).collect();
                if names.is_empty() {
                    continue;
                }
                if posts {
                    let place = |p: &mut line::Post| p.channel_members = Some(names.clone());
                    e.posts(&mut view, &channel.id, "direct_post", place, stop, tell).await?;
                } else {
                    e.direct(&mut view, channel, members, names).await?;
                }
            }
        }
    }
    drop(view);
    e.bytes().await?;
    e.out.finish().await?;
    e.written.stopped = stop.is_cancelled();
    Ok(e.written)
}

fn now(site: &Site) -> String {
    jiff::Timestamp::from_millisecond(site.clock.now_ms()).map(|t| t.to_string()).unwrap_or_default()
}

fn given(text: &str) -> Option<String> {
    Some(text.to_owned()).filter(|t| !t.is_empty())
}

impl Export<'_> {
    async fn line(&mut self, kind: &str, line: Line) -> Result<()> {
        let line = Line { r#type: Some(kind.to_owned()), ..line };
        let mut bytes = serde_json::to_vec(&line).map_err(Error::internal)?;
        bytes.push(b'\n');
        *self.written.lines.entry(kind.to_owned()).or_default() += 1;
        self.out.bytes(bytes).await
    }

    async fn powers(&mut self, view: &mut Conn) -> Result<()> {
        for role in powers::role_lines(view).await? {
            self.line("role", Line { role: Some(role), ..Line::default() }).await?;
        }
        for scheme in powers::scheme_lines(view).await? {
            self.line("scheme", Line { scheme: Some(scheme), ..Line::default() }).await?;
        }
        Ok(())
    }

    async fn emoji(&mut self, view: &mut Conn) -> Result<()> {
        for e in read::emoji(view).await? {
            let path = format!("emoji/{}.{}", e.id, e.mime_type.rsplit('/').next().unwrap_or("png"));
            self.files.push((format!("data/{path}"), format!("emoji/{}", e.id)));
            let emoji = line::Emoji { name: Some(e.name), image: Some(path) };
            self.line("emoji", Line { emoji: Some(emoji), ..Line::default() }).await?;
        }
        Ok(())
    }

    /// Teams and channels; the channels.
    async fn places(&mut self, view: &mut Conn) -> Result<Vec<read::Channel>> {
        for t in read::teams(view).await? {
            let team = line::Team {
                name: Some(t.name),
                display_name: Some(t.display_name),
                r#type: Some(t.kind),
                description: Some(t.description),
                allow_open_invite: Some(t.open),
                scheme: t.scheme.filter(|_| self.wanted.roles_and_schemes),
            };
            self.line("team", Line { team: Some(team), ..Line::default() }).await?;
        }
        let channels = read::channels(view, self.wanted.archived_channels).await?;
        for c in &channels {
            let channel = line::Channel {
                team: Some(c.team.clone()),
                name: Some(c.name.clone()),
                display_name: Some(c.display_name.clone()),
                r#type: Some(c.kind.clone()),
                header: Some(c.header.clone()),
                purpose: Some(c.purpose.clone()),
                scheme: c.scheme.clone().filter(|_| self.wanted.roles_and_schemes),
                deleted_at: Some(c.delete_at).filter(|t| *t > 0),
            };
            self.line("channel", Line { channel: Some(channel), ..Line::default() }).await?;
        }
        Ok(channels)
    }

    async fn live(&mut self, view: &mut Conn, channel: &str) -> Result<(i64, i64)> {
        if let Some(known) = self.live.get(channel) {
            return Ok(*known);
        }
        let uncounted: Vec<String> = chat::posts::COMING_AND_GOING.map(str::to_owned).to_vec();
        let counted = read::live(view, channel, &uncounted).await?;
        self.live.insert(channel.to_owned(), counted);
        Ok(counted)
    }

    /// The bytes of files, after all lines.
    async fn bytes(&mut self) -> Result<()> {
        for (inside, path) in std::mem::take(&mut self.files) {
            match chat::files::read(self.site, &path).await {
                Ok(bytes) => {
                    self.out.entry(&inside).await?;
                    self.out.bytes(bytes.to_vec()).await?;
                    self.written.files += 1;
                }
                Err(error) => {
                    tracing::warn!(%path, %error, "a file is missing from the export");
                    self.written.missing_files += 1;
                }
            }
        }
        Ok(())
    }
}
