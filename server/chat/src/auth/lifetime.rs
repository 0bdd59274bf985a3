//! How long a session lasts: its days, counted anew by use, an end that use does not move, and the patience with idleness.

use super::Settings;
use crate::{Actor, Result, Site, audits, invitations};
use db::{Row, Sql, params};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often ended sessions are looked for.
const EVERY: Duration = Duration::from_secs(60);
/// Use is noted when the last note is this old, milliseconds; each note is a write.
const NOTE_AFTER_MS: i64 = 5 * 60 * 1000;
/// Sessions ended in one transaction.
const AT_ONCE: i64 = 500;

const TOUCH: Sql = Sql::new("UPDATE sessions SET last_activity_at = $2, expires_at = $3 WHERE id = $1");
/// Sessions that never expire (of the products' workers) may idle.
const ENDED: Sql = Sql::new(
    "SELECT id, user_id FROM sessions WHERE expires_at > 0 AND (expires_at <= $1 OR last_activity_at < $2) LIMIT $3",
);
const DELETE: Sql = Sql::new("DELETE FROM sessions WHERE id IN LIST($1)");
const ENDED_TOKENS: Sql = Sql::new(
    "SELECT id, user_id FROM user_access_tokens WHERE expires_at > $1 AND expires_at <= $2 AND is_active = TRUE",
);
/// Tokens that ended up to this long before a round are looked at, milliseconds.
const TOKENS_BACK_MS: i64 = 10 * 60 * 1000;

/// When a session began, ends and was used; Unix milliseconds.
#[derive(Clone, Copy, Debug, Default)]
pub struct Times {
    pub create_at: i64,
    /// 0: never.
    pub expires_at: i64,
    pub last_activity_at: i64,
}

/// What a use at `now` does to a session.
#[derive(Debug, PartialEq, Eq)]
enum Use {
    Ended,
    Nothing,
    /// The new end.
    Note(i64),
}

fn used(times: &Times, length_ms: i64, settings: &Settings, now: i64) -> Use {
    let idle = now - times.last_activity_at;
    let patience = settings.idle_ms().filter(|_| times.expires_at > 0);
    if patience.is_some_and(|most| idle > most) {
        return Use::Ended;
    }
    if idle < patience.map_or(NOTE_AFTER_MS, |most| NOTE_AFTER_MS.min(most / 4)) {
        return Use::Nothing;
    }
    if times.expires_at == 0 || !settings.session_extend {
        return Use::Note(times.expires_at);
    }
    let end = settings.session_max_ms().map_or(i64::MAX, |most| times.create_at.saturating_add(most));
    Use::Note((now + length_ms).min(end))
}

/// False when the session has ended of idleness; otherwise its use is noted from time to time.
///
/// # Errors
/// When the database fails.
pub async fn keep_alive(site: &Site, actor: &Actor, times: &Times, now: i64) -> Result<bool> {
    // A program gets a new session with its refresh token, which can be taken back; use does not prolong the old one.
    let fixed = actor.is_app().then(|| Settings { session_extend: false, ..site.config().accounts.clone() });
    let config = site.config();
    let settings = fixed.as_ref().unwrap_or(&config.accounts);
    match used(times, config.session_length_ms, settings, now) {
        Use::Ended => return Ok(false),
        Use::Nothing => {}
        Use::Note(expires_at) => {
            let mut tx = site.db.write().await?;
            tx.execute(&TOUCH, params![&actor.session_id, now, expires_at]).await?;
            tx.commit().await?;
        }
    }
    Ok(true)
}

/// Ends what has run out, until `stop`.
pub async fn run(site: Site, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
        if let Err(error) = sweep(&site).await {
            tracing::warn!(%error, "ended sessions could not be removed; the next round tries again");
        }
    }
}

fn id_and_user(row: Row) -> db::Result<(String, String)> {
    let mut r = row.read();
    Ok((r.get()?, r.get()?))
}

/// Ends sessions and access tokens that have run out, with their sockets, and forgets old entries; how many sessions.
///
/// # Errors
/// When the database fails.
pub async fn sweep(site: &Site) -> Result<usize> {
    let (now, settings) = (site.clock.now_ms(), &site.config().accounts);
    let idle_before = settings.idle_ms().map_or(i64::MIN, |most| now - most);
    let mut count = 0;
    loop {
        let mut tx = site.db.write().await?;
        let ended = tx.fetch(&ENDED, params![now, idle_before, AT_ONCE], id_and_user).await?;
        let ids: Vec<String> = ended.iter().map(|(id, _)| id.clone()).collect();
        tx.execute(&DELETE, params![ids]).await?;
        let (hub, more) = (site.hub.clone(), ended.len());
        tx.after_commit(move || ended.iter().for_each(|(id, user)| hub.end_sessions(user, Some(id))));
        tx.commit().await?;
        count += more;
        if more < usize::try_from(AT_ONCE).unwrap_or(usize::MAX) {
            break;
        }
    }
    let tokens = site.db.read().await?.fetch(&ENDED_TOKENS, params![now - TOKENS_BACK_MS, now], id_and_user).await?;
    tokens.iter().for_each(|(id, user)| site.hub.end_sessions(user, Some(id)));
    forget(site, now).await?;
    Ok(count)
}

/// Deletes what only history would ask for.
async fn forget(site: &Site, now: i64) -> Result<()> {
    let mut tx = site.db.write().await?;
    if let Some(kept) = site.config().accounts.audit_ms() {
        audits::forget_before(&mut tx, now - kept).await?;
        invitations::forget_before(&mut tx, now - kept).await?;
    }
    super::forget_codes_before(&mut tx, now - TOKENS_BACK_MS).await?;
    Ok(tx.commit().await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000;
    const DAY: i64 = 24 * HOUR;

    #[test]
    fn use_prolongs_a_session_up_to_its_end() {
        let settings = Settings { session_max_days: 40, ..Settings::default() };
        let times = Times { create_at: 0, expires_at: 30 * DAY, last_activity_at: 0 };
        assert_eq!(used(&times, 30 * DAY, &settings, 60_000), Use::Nothing);
        assert_eq!(used(&times, 30 * DAY, &settings, DAY), Use::Note(31 * DAY));
        assert_eq!(used(&times, 30 * DAY, &settings, 20 * DAY), Use::Note(40 * DAY));
        let fixed = Settings { session_extend: false, ..Settings::default() };
        assert_eq!(used(&times, 30 * DAY, &fixed, DAY), Use::Note(30 * DAY));
    }

    #[test]
    fn an_idle_session_ends_but_a_workers_does_not() {
        let settings = Settings { session_idle_minutes: 60, ..Settings::default() };
        let times = Times { create_at: 0, expires_at: 30 * DAY, last_activity_at: 0 };
        assert_eq!(used(&times, 30 * DAY, &settings, HOUR + 1), Use::Ended);
        assert_eq!(used(&times, 30 * DAY, &settings, HOUR / 2), Use::Note(30 * DAY + HOUR / 2));
        assert_eq!(used(&Times { expires_at: 0, ..times }, 30 * DAY, &settings, 9 * DAY), Use::Note(0));
    }
}
