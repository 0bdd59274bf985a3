//! Writes a site in the bulk format into a zip, from one consistent view of the database, a page at a time.

use super::line::{self, Line};
use super::people::settings_of;
use super::reading::{self as read, ChannelMembership, Post, User};
use super::zipped::Archive;
use chat::{Error, Result, Site};
use db::Conn;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;
use tokio_util::sync::CancellationToken;

/// What goes into an export.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    /// Files of posts.
    pub attachments: bool,
    pub archived_channels: bool,
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

fn roles(scope: &str, explicit: &str, guest: bool, user: bool, admin: bool) -> Option<String> {
    let built_in = [("guest", guest), ("user", user), ("admin", admin)];
    let built_in = built_in.into_iter().filter(|(_, has)| *has).map(|(name, _)| format!("{scope}_{name}"));
    Some(explicit.split_whitespace().map(str::to_owned).chain(built_in).collect::<Vec<_>>().join(" "))
}

fn texts(json: &serde_json::Value, names: &[(&str, &str)]) -> line::Texts {
    let rename = |key: &str| names.iter().find(|(ours, _)| *ours == key).map_or(key, |(_, theirs)| theirs).to_owned();
    let object = json.as_object().into_iter().flatten();
    object.filter_map(|(k, v)| v.as_str().map(|v| (rename(k), v.to_owned()))).collect()
}

impl Export<'_> {
    async fn line(&mut self, kind: &str, line: Line) -> Result<()> {
        let line = Line { r#type: Some(kind.to_owned()), ..line };
        let mut bytes = serde_json::to_vec(&line).map_err(Error::internal)?;
        bytes.push(b'\n');
        *self.written.lines.entry(kind.to_owned()).or_default() += 1;
        self.out.bytes(bytes).await
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
                scheme: None,
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
                scheme: None,
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

    async fn people(&mut self, view: &mut Conn) -> Result<()> {
        let mut after = String::new();
        loop {
            let page = read::users(view, &after).await?;
            let Some(last) = page.last() else { break };
            after.clone_from(&last.username);
            for user in &page {
                let line = self.user(view, user).await?;
                self.line("user", Line { user: Some(line), ..Line::default() }).await?;
            }
        }
        let (bots, details) = read::bots(view).await?;
        for b in bots {
            let detail = details.iter().find(|d| d.username == b.username);
            let bot = line::Bot {
                username: Some(b.username),
                display_name: Some(b.first_name),
                description: detail.map(|d| d.description.clone()),
                owner: detail.and_then(|d| d.owner.clone()),
                delete_at: Some(b.delete_at),
                profile_image: None,
            };
            self.line("bot", Line { bot: Some(bot), ..Line::default() }).await?;
        }
        Ok(())
    }

    async fn user(&mut self, view: &mut Conn, u: &User) -> Result<line::User> {
        let preferences = read::preferences(view, &u.id).await?;
        let find = |category: &str, name: &str| {
            preferences.iter().find(|p| p.category == category && p.name == name).map(|p| p.value.clone())
        };
        let favourites: HashSet<&str> = preferences
            .iter()
            .filter(|p| p.category == chat::sidebar::FAVOURITE && p.value == "true")
            .map(|p| p.name.as_str())
            .collect();
        let mut teams: Vec<line::UserTeam> = Vec::new();
        for m in read::memberships(view, &u.id).await? {
            teams.push(line::UserTeam {
                roles: roles("team", &m.roles, m.guest, m.user, m.admin),
                name: Some(m.team),
                theme: None,
                channels: Some(Vec::new()),
            });
        }
        for m in read::channel_memberships(view, &u.id, self.wanted.archived_channels).await? {
            let live = self.live(view, &m.channel_id).await?;
            let channel = channel_of(&m, live, favourites.contains(m.channel_id.as_str()));
            let team = teams.iter_mut().find(|t| t.name.as_deref() == Some(&m.team));
            if let Some(channels) = team.and_then(|t| t.channels.as_mut()) {
                channels.push(channel);
            }
        }
        let status = u.props.get("customStatus").and_then(|s| s.as_str()).filter(|s| !s.is_empty());
        let mut line = line::User {
            username: Some(u.username.clone()),
            email: Some(u.email.clone()),
            auth_service: given(&u.auth_service),
            auth_data: given(&u.auth_data),
            nickname: Some(u.nickname.clone()),
            first_name: Some(u.first_name.clone()),
            last_name: Some(u.last_name.clone()),
            position: Some(u.position.clone()),
            roles: Some(u.roles.clone()),
            locale: Some(u.locale.clone()),
            delete_at: Some(u.delete_at),
            tutorial_step: find("tutorial_step", &u.id),
            custom_status: status.and_then(|s| serde_json::from_str(s).ok()),
            notify_props: Some(texts(&u.notify_props, &[("push", "mobile"), ("push_status", "mobile_push_status")])),
            teams: Some(teams),
            ..line::User::default()
        };
        settings_of(&mut line, find);
        Ok(line)
    }

    async fn direct(
        &mut self,
        view: &mut Conn,
        channel: &read::Channel,
        members: Vec<read::Member>,
        names: Vec<String>,
    ) -> Result<()> {
        let (live, live_root) = self.live(view, &channel.id).await?;
        let (category, of): (_, Vec<String>) = if channel.kind == "G" {
            ("group_channel_show", vec![channel.id.clone()])
        } else {
            ("direct_channel_show", members.iter().map(|m| m.id.clone()).collect())
        };
        let mut shown: Vec<String> =
            read::preferring(view, category, &of, &names).await?.into_iter().map(|p| p.name).collect();
        shown.dedup();
        let favoured =
            read::preferring(view, chat::sidebar::FAVOURITE, std::slice::from_ref(&channel.id), &names).await?;
        let participant = |m: read::Member| line::Participant {
            username: Some(m.username),
            last_viewed_at: Some(m.last_viewed_at),
            msg_count: Some((live - m.unread).max(0)),
            msg_count_root: Some((live_root - m.unread_root).max(0)),
            mention_count: Some(m.mentions),
            mention_count_root: Some(m.mentions_root),
            notify_props: None,
        };
        let direct = line::DirectChannel {
            members: Some(names),
            participants: Some(members.into_iter().map(participant).collect()),
            favorited_by: Some(favoured.into_iter().map(|p| p.name).collect()),
            shown_by: Some(shown),
            header: Some(channel.header.clone()),
        };
        self.line("direct_channel", Line { direct_channel: Some(direct), ..Line::default() }).await
    }

    async fn posts(
        &mut self,
        view: &mut Conn,
        channel: &str,
        kind: &str,
        place: impl Fn(&mut line::Post) + Send,
        stop: &CancellationToken,
        tell: &mut (dyn FnMut(u64) + Send),
    ) -> Result<()> {
        let (mut at, mut id) = (-1, String::new());
        while !stop.is_cancelled() {
            let roots = read::roots(view, channel, at, &id).await?;
            let Some(last) = roots.last() else { break };
            (at, id) = (last.create_at, last.id.clone());
            let root_ids: Vec<String> = roots.iter().map(|p| p.id.clone()).collect();
            let replies = read::replies(view, &root_ids).await?;
            let ids: Vec<String> = roots.iter().chain(&replies).map(|p| p.id.clone()).collect();
            let mut parts = Parts::read(view, &ids, &root_ids).await?;
            self.written.posts += ids.len() as u64;
            let mut answers: HashMap<String, Vec<line::Post>> = HashMap::new();
            for reply in replies {
                let root = reply.root_id.clone();
                let line = self.post(reply, &mut parts);
                answers.entry(root).or_default().push(line);
            }
            for root in roots {
                let id = root.id.clone();
                let mut line = self.post(root, &mut parts);
                place(&mut line);
                line.replies = answers.remove(&id);
                line.thread_followers = parts.followers.remove(&id);
                let (post, direct_post) = if kind == "post" { (Some(line), None) } else { (None, Some(line)) };
                self.line(kind, Line { post, direct_post, ..Line::default() }).await?;
            }
            tell(self.written.posts);
        }
        Ok(())
    }

    fn post(&mut self, p: Post, parts: &mut Parts) -> line::Post {
        let mut attachments = Vec::new();
        for (file, name, path) in parts.files.remove(&p.id).into_iter().flatten() {
            if self.wanted.attachments {
                let inside = format!("files/{file}/{name}");
                self.files.push((format!("data/{inside}"), path));
                attachments.push(line::Attachment { path: Some(inside) });
            }
        }
        line::Post {
            user: Some(p.user),
            message: Some(p.message),
            create_at: Some(p.create_at),
            edit_at: Some(p.edit_at).filter(|t| *t > 0),
            r#type: given(&p.kind),
            props: Some(p.props).filter(|o| o.as_object().is_some_and(|o| !o.is_empty())),
            is_pinned: Some(p.pinned).filter(|p| *p),
            flagged_by: parts.flags.remove(&p.id),
            reactions: parts.reactions.remove(&p.id),
            attachments: Some(attachments).filter(|a| !a.is_empty()),
            ..line::Post::default()
        }
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

fn channel_of(m: &ChannelMembership, (live, live_root): (i64, i64), favourite: bool) -> line::UserChannel {
    line::UserChannel {
        name: Some(m.channel.clone()),
        roles: roles("channel", &m.roles, m.guest, m.user, m.admin),
        notify_props: Some(texts(&m.notify_props, &[("push", "mobile")])),
        favorite: Some(favourite),
        mention_count: Some(m.mention_count),
        mention_count_root: Some(m.mention_count_root),
        urgent_mention_count: Some(m.urgent),
        msg_count: Some((live - m.unread).max(0)),
        msg_count_root: Some((live_root - m.unread_root).max(0)),
        last_viewed_at: Some(m.last_viewed_at),
    }
}

/// What belongs to the posts of a page, by post.
struct Parts {
    reactions: HashMap<String, Vec<line::Reaction>>,
    flags: HashMap<String, Vec<String>>,
    followers: HashMap<String, Vec<line::Follower>>,
    files: HashMap<String, Vec<(String, String, String)>>,
}

impl Parts {
    async fn read(view: &mut Conn, ids: &[String], roots: &[String]) -> Result<Self> {
        let mut parts =
            Self { reactions: HashMap::new(), flags: HashMap::new(), followers: HashMap::new(), files: HashMap::new() };
        for r in read::reactions(view, ids).await? {
            let reaction =
                line::Reaction { user: Some(r.user), emoji_name: Some(r.emoji_name), create_at: Some(r.create_at) };
            parts.reactions.entry(r.post_id).or_default().push(reaction);
        }
        for f in read::flags(view, ids).await? {
            parts.flags.entry(f.of).or_default().push(f.name);
        }
        for f in read::followers(view, roots).await? {
            let follower =
                line::Follower { user: Some(f.user), last_viewed: Some(f.last_viewed), unread_mentions: None };
            parts.followers.entry(f.post_id).or_default().push(follower);
        }
        for f in read::files(view, ids).await? {
            parts.files.entry(f.post_id).or_default().push((f.id, f.name, f.path));
        }
        Ok(parts)
    }
}
