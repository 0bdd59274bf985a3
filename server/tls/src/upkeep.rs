//! Reading, making and renewing what connections are served with, at the start and from then on.

use crate::files::{self, Pair};
use crate::{Error, Mode, Tls, acme, authority};
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// Brings the current certificate up to date.
///
/// # Errors
/// Which file is wrong, and why; the current certificate stays.
pub fn load(tls: &Tls, now: i64) -> Result<(), Error> {
    match tls.settings.mode {
        Mode::Off => {}
        Mode::Files => {
            let s = &tls.settings;
            set(tls, files::load(&s.certificate, &s.key, tls.place.host().as_ref(), now)?, false);
        }
        Mode::LocalCa => set(tls, local(tls, now)?, true),
        Mode::Acme => match acme::stored(&tls.settings, &tls.place, now) {
            Ok(pair) => set(tls, pair, false),
            // Even one that has ended is known to whoever made an exception for it; nothing better is there.
            Err(_) => set(tls, local(tls, now)?, true),
        },
    }
    Ok(())
}

fn local(tls: &Tls, now: i64) -> Result<Pair, Error> {
    let (settings, place) = (&tls.settings, &tls.place);
    authority::ensure(settings, place, &authority::wanted(settings, place)?, now)?;
    let folder = &place.folder;
    files::load(&folder.join(authority::SERVER), &folder.join(authority::SERVER_KEY), None, now)
}

fn set(tls: &Tls, pair: Pair, local: bool) {
    if tls.facts().is_some_and(|old| old.fingerprint == pair.facts.fingerprint) {
        return;
    }
    let ends = crate::certificate::day(pair.facts.ends);
    tracing::info!(subject = %pair.facts.subject, issuer = %pair.facts.issuer, %ends, "new connections get this certificate");
    tls.current.set(pair, local);
}

/// Looks every `check_seconds`, and when the process is sent SIGHUP.
pub async fn run(tls: Tls, stop: CancellationToken) {
    if tls.settings.mode == Mode::Acme {
        tokio::spawn(acme::run(tls.clone(), stop.clone()));
    }
    let every = Duration::from_secs(tls.settings.check_seconds.max(1));
    let mut hangup = match signal(SignalKind::hangup()) {
        Ok(hangup) => hangup,
        Err(error) => return tracing::error!(%error, "certificates are not looked at again"),
    };
    let mut told = String::new();
    loop {
        tokio::select! {
            () = tokio::time::sleep(every) => {}
            _ = hangup.recv() => tracing::info!("hangup received, looking at certificates"),
            () = stop.cancelled() => return,
        }
        let looked = tls.clone();
        let said = match tokio::task::spawn_blocking(move || looked.refresh()).await {
            Ok(Ok(())) => String::new(),
            Ok(Err(error)) => error.to_string(),
            Err(error) => error.to_string(),
        };
        // Once, not every ten seconds.
        if said != told && !said.is_empty() {
            tracing::error!(reason = %said, "the certificate in use stays");
        }
        told = said;
    }
}
