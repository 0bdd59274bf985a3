//! Reads an import file in batches of one type, each applied in a transaction of its own. Memory is bounded by a batch;
//! what grows are only the names of teams, channels and users.

use super::check::{self, Problem};
use super::line::{Line, text};
use super::names::Names;
use super::posts::{self, Thread};
use super::source::{Files, Numbered, Source};
use super::{people, pictures, places, powers, store};
use chat::auth::password;
use chat::{Error, Result, Site, emoji, schemes};
use std::collections::BTreeMap;
use tokio_util::sync::CancellationToken;

/// Lines of a batch, posts with their replies, and bytes of their text.
const BATCH_LINES: usize = 500;
const BATCH_POSTS: usize = 2000;
const BATCH_BYTES: usize = 8 << 20;
/// Problems that a dry run lists.
const MOST_PROBLEMS: usize = 100;

/// What an import did, or a dry run would do.
#[derive(Clone, Debug, Default, serde::Serialize)]
pub struct Summary {
    /// Lines by type.
    pub lines: BTreeMap<String, u64>,
    pub posts_new: u64,
    pub posts_known: u64,
    /// Lines that this server has no place for.
    pub skipped: BTreeMap<String, u64>,
    pub problems: Vec<Problem>,
    /// Stopped before the end on request.
    pub stopped: bool,
}

/// How far it is.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    pub line: u64,
    pub read: u64,
    pub size: u64,
    pub posts: u64,
}

struct Import<'a> {
    site: &'a Site,
    files: Files,
    names: Names,
    summary: Summary,
    dry: bool,
    batch: Vec<(u64, Line)>,
    bytes: usize,
    posts: usize,
}

/// Imports, or with `dry` only checks. The first line that is wrong ends an import, with what came before it kept; a dry
/// run goes on and lists up to 100. `tell` hears of every batch.
///
/// # Errors
/// When the file cannot be read, an attachment is missing or the database fails.
pub async fn run(
    site: &Site,
    mut source: Source,
    dry: bool,
    stop: &CancellationToken,
    tell: &mut (dyn FnMut(Progress) + Send),
) -> Result<Summary> {
    let mut import = Import {
        site,
        files: source.files,
        names: known_names(site).await?,
        summary: Summary::default(),
        dry,
        batch: Vec::new(),
        bytes: 0,
        posts: 0,
    };
    let mut place = None;
    let (mut number, mut read) = (0, 0);
    while let Some(next) = source.lines.recv().await {
        if stop.is_cancelled() {
            import.summary.stopped = true;
            break;
        }
        let next = next.map_err(|e| Error::invalid("app.import.bulk_import.read.error", e.to_string()))?;
        (number, read) = (next.number, next.read);
        if next.text.trim().is_empty() {
            continue;
        }
        if let Err(problem) = import.take(&next, &mut place).await? {
            import.summary.problems.push(problem);
            if !dry || import.summary.problems.len() >= MOST_PROBLEMS {
                break;
            }
        }
        if import.is_full() {
            import.flush().await?;
            tell(Progress { line: number, read, size: source.size, posts: import.summary.posts_new });
        }
    }
    import.flush().await?;
    if number == 0 {
        let problem = ("version".to_owned(), "the file is empty".to_owned());
        import.summary.problems.push(told(1, "", problem));
    }
    if !dry {
        let mut tx = site.db.write().await?;
        store::settle(&mut tx).await?;
        tx.commit().await?;
    }
    tell(Progress { line: number, read, size: source.size, posts: import.summary.posts_new });
    Ok(import.summary)
}

fn told(line: u64, kind: &str, (field, reason): check::Fault) -> Problem {
    Problem { line, kind: kind.into(), field, reason }
}

async fn known_names(site: &Site) -> Result<Names> {
    let mut names = Names::default();
    let (teams, channels, users) = store::names(&mut site.db.read().await?).await?;
    teams.iter().for_each(|(name, id)| names.add_team(name, id));
    channels.iter().for_each(|(team, name, id)| names.add_channel(team, name, id));
    users.iter().for_each(|(name, id)| names.add_user(name, id));
    for scheme in schemes::all(&mut site.db.read().await?).await? {
        names.add_scheme(&scheme.scope, &scheme.name, &scheme.id);
    }
    Ok(names)
}

impl Import<'_> {
    /// Checks a line and puts it into the batch; a line of another type than the batch's applies the batch first.
    async fn take(&mut self, next: &Numbered, place: &mut Option<usize>) -> Result<std::result::Result<(), Problem>> {
        let mut json = serde_json::Deserializer::from_str(&next.text);
        let line: Line = match serde_path_to_error::deserialize(&mut json) {
            Ok(line) => line,
            Err(e) => {
                let path = e.path().to_string();
                return Ok(Err(told(next.number, "", (path, e.into_inner().to_string()))));
            }
        };
        let kind = line.kind().to_owned();
        let refuse = |fault| Ok(Err(told(next.number, &kind, fault)));
        match (check::place(&kind), *place) {
            (Some(0), Some(_)) => {
                return refuse(("type".into(), "a second version line".into()));
            }
            (Some(n), None) if n > 0 => {
                return refuse(("type".into(), "the first line must be of type version".into()));
            }
            (Some(n), Some(before)) if n < before => {
                let reason = format!("{kind} lines must not come after lines of a later type");
                return refuse(("type".into(), reason));
            }
            (Some(n), _) => *place = Some(n),
            // The check says what is wrong with the type.
            (None, _) => {}
        }
        if self.batch.first().is_some_and(|(_, first)| first.kind() != kind) {
            self.flush().await?;
        }
        if let Err(fault) = check::line(&line, &self.names, self.site.config().max_post_runes) {
            return refuse(fault);
        }
        *self.summary.lines.entry(kind).or_default() += 1;
        if self.dry {
            self.expect(&line);
            return Ok(Ok(()));
        }
        let post = line.post.as_ref().or(line.direct_post.as_ref());
        self.posts += post.map_or(0, |p| 1 + p.replies.as_ref().map_or(0, Vec::len));
        self.bytes += next.text.len();
        self.batch.push((next.number, line));
        Ok(Ok(()))
    }

    fn is_full(&self) -> bool {
        self.batch.len() >= BATCH_LINES || self.posts >= BATCH_POSTS || self.bytes >= BATCH_BYTES
    }

    /// A dry run counts names as known from their lines on.
    fn expect(&mut self, line: &Line) {
        if let Some(s) = &line.scheme {
            self.names.add_scheme(text(&s.scope), text(&s.name), text(&s.name));
        }
        if let Some(t) = &line.team {
            self.names.add_team(text(&t.name), text(&t.name));
            for channel in ["town-square", "off-topic"] {
                self.names.add_channel(text(&t.name), channel, channel);
            }
        }
        if let Some(c) = &line.channel {
            let team = self.names.team(text(&c.team)).unwrap_or_default().to_owned();
            self.names.add_channel(&team, text(&c.name), text(&c.name));
        }
        if let Some(name) = line.user.as_ref().and_then(|u| u.username.as_deref()) {
            self.names.add_user(name, name);
        }
        if let Some(name) = line.bot.as_ref().and_then(|b| b.username.as_deref()) {
            self.names.add_user(name, name);
        }
    }

    async fn flush(&mut self) -> Result<()> {
        let batch = std::mem::take(&mut self.batch);
        (self.bytes, self.posts) = (0, 0);
        let Some((_, first)) = batch.first() else { return Ok(()) };
        match first.kind() {
            "version" => Ok(()),
            "emoji" => self.emoji(&batch).await,
            "post" | "direct_post" => self.write_posts(batch).await,
            "role" | "scheme" => self.powers(&batch).await,
            _ => self.people(&batch).await,
        }
    }

    async fn powers(&mut self, batch: &[(u64, Line)]) -> Result<()> {
        let mut tx = self.site.db.write().await?;
        for (_, line) in batch {
            if let Some(role) = &line.role {
                powers::role(self.site, &mut tx, role).await?;
            } else if let Some(scheme) = &line.scheme {
                powers::scheme(self.site, &mut tx, &mut self.names, scheme).await?;
            }
        }
        self.site.roles.changed(&mut tx).await?;
        Ok(tx.commit().await?)
    }

    async fn emoji(&mut self, batch: &[(u64, Line)]) -> Result<()> {
        for (number, e) in batch.iter().filter_map(|(n, l)| l.emoji.as_ref().map(|e| (n, e))) {
            let mut conn = self.site.db.read().await?;
            if store::has_emoji(&mut conn, text(&e.name)).await? {
                continue;
            }
            let creator = store::first_admin(&mut conn).await?.unwrap_or_default();
            drop(conn);
            let bad = |reason: String| {
                Error::invalid("app.import.emoji.bad_file.error", format!("line {number}, emoji.image: {reason}"))
            };
            let bytes = self.files.read(text(&e.image), 1 << 20).await.map_err(bad)?;
            emoji::add(self.site, creator, text(&e.name).to_owned(), bytes).await?;
        }
        Ok(())
    }

    async fn people(&mut self, batch: &[(u64, Line)]) -> Result<()> {
        // Hashes and pictures first: nothing but SQL may be waited for while a transaction is open.
        let mut hashes = Vec::new();
        let mut portraits = Vec::new();
        for (number, line) in batch {
            let given = line.user.as_ref().and_then(|u| u.password.clone()).filter(|p| !p.is_empty());
            hashes.push(match given {
                Some(text) => Some(password::hash(text).await?),
                None => None,
            });
            match pictures::prepare(&self.files, *number, line).await {
                Ok(picture) => portraits.extend(picture),
                Err(_) => *self.summary.skipped.entry("profile_image".into()).or_default() += 1,
            }
        }
        let mut tx = self.site.db.write().await?;
        for ((_, line), hash) in batch.iter().zip(hashes) {
            let names = &mut self.names;
            if let Some(t) = &line.team {
                places::team(self.site, &mut tx, names, t).await?;
            } else if let Some(c) = &line.channel {
                places::channel(self.site, &mut tx, names, c).await?;
            } else if let Some(u) = &line.user {
                people::user(self.site, &mut tx, names, u, hash).await?;
            } else if let Some(b) = &line.bot {
                people::bot(self.site, &mut tx, names, b).await?;
            } else if let Some(d) = &line.direct_channel {
                places::direct_channel(self.site, &mut tx, names, d).await?;
            }
        }
        let scheme = |line: &Line| {
            let of_team = line.team.as_ref().is_some_and(|t| t.scheme.is_some());
            of_team || line.channel.as_ref().is_some_and(|c| c.scheme.is_some())
        };
        if batch.iter().any(|(_, line)| scheme(line)) {
            self.site.roles.changed(&mut tx).await?;
        }
        tx.commit().await?;
        pictures::apply(self.site, &self.names, portraits).await
    }

    async fn write_posts(&mut self, batch: Vec<(u64, Line)>) -> Result<()> {
        let mut threads = Vec::with_capacity(batch.len());
        let mut tx = None;
        for (number, line) in batch {
            if let Some(root) = line.post {
                let channel = self.names.channel(text(&root.team), text(&root.channel)).unwrap_or_default();
                threads.push(Thread { channel: channel.to_owned(), root, line: number });
            } else if let Some(root) = line.direct_post {
                let members = root.channel_members.clone().unwrap_or_default();
                let channel = match self.names.direct(&members) {
                    Some(id) => id.to_owned(),
                    None => {
                        let tx = match &mut tx {
                            Some(tx) => tx,
                            none => none.insert(self.site.db.write().await?),
                        };
                        places::direct(self.site, tx, &mut self.names, &members).await?
                    }
                };
                threads.push(Thread { channel, root, line: number });
            }
        }
        if let Some(tx) = tx {
            tx.commit().await?;
        }
        let counted = posts::apply(self.site, &self.names, &self.files, threads).await?;
        self.summary.posts_new += counted.new;
        self.summary.posts_known += counted.known;
        Ok(())
    }
}
