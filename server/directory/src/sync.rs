//! The job `ldap_sync`: accounts and groups become what the directory says. It can begin again at any time without harm.

use crate::client::{Failure, Session};
use crate::{Directory, SERVICE, groups, people, store};
use chat::auth::Person;
use chat::users::vouched;
use chat::{Error, Result, Site};
use operations::jobs::{self, Ended, Report, Runner, Status};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use wire::User;

/// Type of the job.
pub const JOB: &str = "ldap_sync";
/// Accounts changed in one transaction, so that other writers wait a moment at most.
const BATCH: i64 = 100;

/// Says who does this job.
pub fn register(runner: &Runner, directory: &Directory) {
    let directory = directory.clone();
    runner.register(
        JOB,
        Arc::new(move |site, _, report| {
            let directory = directory.clone();
            Box::pin(async move { run(&site, &directory, &report).await })
        }),
    );
}

/// Puts the job into the queue, unless it waits there already.
///
/// # Errors
/// When the database fails.
pub async fn ask_for(site: &Site) -> Result<()> {
    for status in [Status::Pending, Status::InProgress] {
        if !jobs::page(&mut site.db.read().await?, JOB, status.name(), 1, 0).await?.is_empty() {
            return Ok(());
        }
    }
    jobs::create(site, JOB, jobs::Data::new()).await.map(|_| ())
}

/// Asks for it every so many minutes, until `stop`.
pub async fn now_and_then(site: Site, minutes: u64, stop: CancellationToken) {
    let mut every = tokio::time::interval(Duration::from_secs(minutes.saturating_mul(60)));
    loop {
        tokio::select! {
            _ = every.tick() => {}
            () = stop.cancelled() => return,
        }
        if let Err(error) = ask_for(&site).await {
            tracing::error!(%error, "a synchronisation with the directory could not be asked for");
        }
    }
}

/// What the directory knows of its people.
struct Known {
    by_id: HashMap<String, Person>,
    /// Id by the name of the entry.
    by_entry: HashMap<String, String>,
    /// Id by the login name in lower case.
    by_login: HashMap<String, String>,
}

#[derive(Default)]
struct Counts {
    updated: usize,
    deactivated: usize,
    returned: usize,
    warnings: usize,
}

async fn run(site: &Site, directory: &Directory, report: &Report) -> Result<Ended> {
    let config = &*directory.config();
    let failed = |e: Failure| e.explained();
    let mut session = Session::open(config).await.map_err(failed)?;
    let all = people::everybody(&mut session, config).await.map_err(failed)?;
    let mut known = Known { by_id: HashMap::new(), by_entry: HashMap::new(), by_login: HashMap::new() };
    for (login, person) in all {
        let id = person.vouched.id.clone();
        known.by_entry.insert(groups::plain(&person.entry), id.clone());
        known.by_login.insert(login.to_lowercase(), id.clone());
        known.by_id.insert(id, person);
    }
    report.note("directory_people", known.by_id.len().to_string());
    if known.by_id.is_empty() {
        // A filter that fits nobody would lock everybody out.
        let message = "The directory knows nobody who fits user_filter; nothing was changed.";
        return Err(Error::invalid("ent.ldap.syncronize.get_all.app_error", message));
    }
    let mut counts = Counts::default();
    if !accounts(site, &known, &mut counts, report).await? {
        return Ok(Ended::Stopped);
    }
    report.progress(60).await?;
    let linked = chat::groups::remote::all(&mut site.db.read().await?, SERVICE).await?;
    if !linked.is_empty() {
        let found = groups::with_members(&mut session, config).await.map_err(failed)?;
        members(site, &known, &linked, &found, report).await?;
    }
    report.progress(80).await?;
    let settled = chat::groups::settle(site, "").await?;
    for (name, count) in [
        ("updated", counts.updated),
        ("deactivated", counts.deactivated),
        ("reactivated", counts.returned),
        ("memberships_added", settled.brought),
        ("memberships_removed", settled.removed),
    ] {
        report.note(name, count.to_string());
    }
    Ok(if counts.warnings > 0 { Ended::WithWarnings } else { Ended::Well })
}

/// Goes through all accounts of the directory; false when the job is to stop.
async fn accounts(site: &Site, known: &Known, counts: &mut Counts, report: &Report) -> Result<bool> {
    let mut after = String::new();
    loop {
        if report.stop.is_cancelled() {
            return Ok(false);
        }
        let page = chat::users::of_service(&mut site.db.read().await?, SERVICE, &after, BATCH).await?;
        let Some(last) = page.last() else { return Ok(true) };
        after.clone_from(&last.id);
        let (here, gone): (Vec<User>, Vec<User>) =
            page.into_iter().partition(|user| known.by_id.contains_key(&user.auth_data));
        let mut tx = site.db.write().await?;
        for user in &here {
            let Some(person) = known.by_id.get(&user.auth_data) else { continue };
            // Whom an administrator deactivated stays so.
            if user.delete_at != 0 && store::is_gone(&mut tx, &user.id).await? {
                chat::users::turn(site, &mut tx, &user.id, true).await?;
                store::set_gone(&mut tx, &user.id, 0).await?;
                counts.returned += 1;
            }
            let user = chat::users::get(&mut tx, &user.id).await?.unwrap_or_default();
            counts.updated += usize::from(vouched::refresh(site, &mut tx, &user, &person.vouched).await?);
        }
        tx.commit().await?;
        for user in gone.iter().filter(|u| u.delete_at == 0) {
            deactivate(site, user, counts).await?;
        }
    }
}

/// A transaction of its own: the last administrator is refused in it.
async fn deactivate(site: &Site, user: &User, counts: &mut Counts) -> Result<()> {
    let mut tx = site.db.write().await?;
    match chat::users::turn(site, &mut tx, &user.id, false).await {
        Ok(()) => {
            store::set_gone(&mut tx, &user.id, site.clock.now_ms()).await?;
            let by = chat::audits::By::default();
            let info = format!("user_id={} active=false: gone from the directory", user.id);
            chat::audits::record(site, &mut tx, by, "ldap_sync", &info).await?;
            tx.commit().await?;
            counts.deactivated += 1;
            Ok(())
        }
        Err(error) if error.kind == chat::error::Kind::Invalid => {
            tracing::warn!(user.id = %user.id, %error, "an account whose entry is gone stays");
            counts.warnings += 1;
            Ok(())
        }
        Err(error) => Err(error),
    }
}

/// Says who is in the linked groups; those that the directory has no more are taken away.
async fn members(
    site: &Site,
    known: &Known,
    linked: &[wire::Group],
    found: &[groups::Group],
    report: &Report,
) -> Result<()> {
    let by_entry: HashMap<String, &groups::Group> = found.iter().map(|g| (groups::plain(&g.dn), g)).collect();
    let mut accounts: HashMap<String, String> = HashMap::new();
    let mut after = String::new();
    loop {
        let page = chat::users::of_service(&mut site.db.read().await?, SERVICE, &after, 1000).await?;
        let Some(last) = page.last() else { break };
        after.clone_from(&last.id);
        accounts.extend(page.into_iter().filter(|u| u.delete_at == 0).map(|u| (u.auth_data, u.id)));
    }
    for group in linked {
        let remote_id = group.remote_id.as_deref().unwrap_or_default();
        let mut tx = site.db.write().await?;
        match found.iter().find(|g| g.id == remote_id) {
            Some(theirs) => {
                chat::groups::remote::link(site, &mut tx, SERVICE, remote_id, &theirs.name).await?;
                let ids = groups::resolve(theirs, &by_entry, &known.by_entry, &known.by_login);
                let wanted: BTreeSet<String> = ids.iter().filter_map(|id| accounts.get(id).cloned()).collect();
                chat::groups::remote::set_members(site, &mut tx, &group.id, &wanted).await?;
            }
            None => {
                chat::groups::remote::unlink(site, &mut tx, SERVICE, remote_id).await?;
                report.note("groups_gone", group.display_name.clone());
            }
        }
        tx.commit().await?;
    }
    Ok(())
}
