//! Certificates from an ACME server (RFC 8555): one attempt at a time, longer waits after each that failed.

use crate::acme_http::Client;
use crate::files::{self, Pair};
use crate::names::Name;
use crate::resolver::Current;
use crate::{Challenge, Error, Place, Settings, Tls, store};
use instant_acme::{
    Account, AccountCredentials, AuthorizationStatus, ChallengeHandle, ChallengeType, Identifier, NewAccount, NewOrder,
    OrderStatus, RetryPolicy,
};
use rcgen::{CertificateParams, CustomExtension, KeyPair};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// File of the certificate and of what signed it.
pub const CERTIFICATE: &str = "acme.pem";
/// File of its key.
pub const KEY: &str = "acme.key.pem";
/// File of the account at the ACME server.
const ACCOUNT: &str = "acme-account.json";
/// A file that is there when somebody wants a new certificate now.
const WANTED: &str = "acme-renew";

const FIRST_WAIT: Duration = Duration::from_secs(60);

/// The account, and the server it is at.
#[derive(Serialize, Deserialize)]
struct Stored {
    directory: String,
    credentials: AccountCredentials,
}

fn failed(error: impl std::fmt::Display) -> Error {
    Error::Acme(error.to_string())
}

/// The names that are asked for.
///
/// # Errors
/// When there is none.
pub fn names(settings: &Settings, place: &Place) -> Result<BTreeSet<Name>, Error> {
    let mut all: BTreeSet<Name> = settings.extra_names()?.into_iter().collect();
    all.extend(place.host());
    if all.is_empty() {
        let reason = "mode = \"acme\" needs [server] site_url or names, to know what to ask for".into();
        return Err(Error::Setting { key: "names", reason });
    }
    Ok(all)
}

/// The certificate of an earlier attempt, if it holds and is for the names that are wanted.
///
/// # Errors
/// Why not.
pub fn stored(settings: &Settings, place: &Place, now: i64) -> Result<Pair, Error> {
    let path = place.folder.join(CERTIFICATE);
    let pair = files::load(&path, &place.folder.join(KEY), None, now)?;
    for name in names(settings, place)? {
        pair.facts.check(&path, Some(&name), now)?;
    }
    Ok(pair)
}

/// Asks the running server for a new certificate.
///
/// # Errors
/// When the folder cannot be written.
pub fn ask_for_renewal(place: &Place) -> Result<(), Error> {
    store::write(&place.folder.join(WANTED), "")
}

fn is_due(tls: &Tls) -> bool {
    let now = crate::now();
    let old = stored(&tls.settings, &tls.place, now);
    old.is_err() || old.is_ok_and(|pair| pair.facts.is_due(now)) || tls.place.folder.join(WANTED).exists()
}

/// How long to wait after so many attempts that failed in a row.
fn wait(failures: u32, longest: Duration) -> Duration {
    FIRST_WAIT.saturating_mul(2u32.saturating_pow(failures.saturating_sub(1).min(20))).min(longest.max(FIRST_WAIT))
}

/// Keeps the certificate until `stop`.
pub async fn run(tls: Tls, stop: CancellationToken) {
    let limit = Duration::from_secs(tls.settings.acme.attempt_seconds);
    let longest = Duration::from_secs(tls.settings.acme.max_wait_minutes.saturating_mul(60));
    let look = Duration::from_secs(tls.settings.check_seconds.max(1));
    let mut failures = 0;
    loop {
        let mut pause = look;
        if is_due(&tls) {
            let tried = tokio::select! {
                tried = tokio::time::timeout(limit, attempt(&tls)) => tried,
                () = stop.cancelled() => return,
            };
            tls.current.forget_challenges();
            let tried = tried.unwrap_or_else(|_| Err(failed(format!("no certificate within {} s", limit.as_secs()))));
            match tried.and_then(|()| tls.refresh()) {
                Ok(()) => {
                    failures = 0;
                    drop(std::fs::remove_file(tls.place.folder.join(WANTED)));
                }
                Err(error) => {
                    failures += 1;
                    pause = wait(failures, longest);
                    tracing::warn!(%error, again_in_s = pause.as_secs(), "no new certificate");
                }
            }
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = stop.cancelled() => return,
        }
    }
}

/// One order, from the account to the files.
async fn attempt(tls: &Tls) -> Result<(), Error> {
    let names = names(&tls.settings, &tls.place)?;
    let identifiers: Vec<Identifier> = names
        .iter()
        .map(|name| match name {
            Name::Host(host) => Identifier::Dns(host.clone()),
            Name::Address(address) => Identifier::Ip(*address),
        })
        .collect();
    let account = account(&tls.settings, &tls.place.folder).await?;
    let mut order = account.new_order(&NewOrder::new(&identifiers)).await.map_err(failed)?;
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let mut authorization = authorization.map_err(failed)?;
        match authorization.status {
            AuthorizationStatus::Pending => {}
            AuthorizationStatus::Valid => continue,
            other => return Err(failed(format!("an authorization is {other:?}"))),
        }
        let kind = match tls.settings.acme.challenge {
            Challenge::Http01 => ChallengeType::Http01,
            Challenge::TlsAlpn01 => ChallengeType::TlsAlpn01,
        };
        let no_such = || failed("the server does not offer the kind of challenge that is set");
        let mut challenge = authorization.challenge(kind).ok_or_else(no_such)?;
        prepare(&tls.current, tls.settings.acme.challenge, &challenge)?;
        challenge.set_ready().await.map_err(failed)?;
    }
    let policy = RetryPolicy::default().timeout(Duration::from_secs(tls.settings.acme.attempt_seconds));
    let status = order.poll_ready(&policy).await.map_err(failed)?;
    if status != OrderStatus::Ready {
        return Err(failed(refusal(&mut order).await));
    }
    let key = KeyPair::generate()?;
    let listed: Vec<String> = names.iter().map(Name::to_string).collect();
    let request = CertificateParams::new(listed)?.serialize_request(&key)?;
    order.finalize_csr(request.der()).await.map_err(failed)?;
    let chain = order.poll_certificate(&policy).await.map_err(failed)?;
    keep(&tls.place.folder, &chain, &key.serialize_pem())
}

/// What the ACME server says against the order.
async fn refusal(order: &mut instant_acme::Order) -> String {
    let mut reasons = Vec::new();
    let mut authorizations = order.authorizations();
    while let Some(Ok(authorization)) = authorizations.next().await {
        let errors = authorization.challenges.iter().filter_map(|c| c.error.as_ref());
        reasons.extend(errors.map(|problem| problem.to_string()));
    }
    if reasons.is_empty() { "the server refused the order".into() } else { reasons.join("; ") }
}

fn prepare(current: &Current, kind: Challenge, challenge: &ChallengeHandle<'_>) -> Result<(), Error> {
    let proof = challenge.key_authorization();
    match kind {
        Challenge::Http01 => current.expect_token(challenge.token.clone(), proof.as_str().to_owned()),
        Challenge::TlsAlpn01 => {
            let name = challenge.identifier().to_string();
            let key = KeyPair::generate()?;
            let mut params = CertificateParams::new([name.clone()])?;
            params.custom_extensions = vec![CustomExtension::new_acme_identifier(proof.digest().as_ref())];
            let made = params.self_signed(&key)?;
            current.expect_proof(name.to_lowercase(), files::proof(&made, &key)?);
        }
    }
    Ok(())
}

/// The chain last: until then the old pair does not fit together, and is looked at again.
fn keep(folder: &Path, chain: &str, key: &str) -> Result<(), Error> {
    store::write_private(&folder.join(KEY), key)?;
    store::write(&folder.join(CERTIFICATE), chain)
}

/// The account of before, or a new one.
async fn account(settings: &Settings, folder: &Path) -> Result<Account, Error> {
    let acme = &settings.acme;
    let builder = Account::builder_with_http(Box::new(Client::new(&acme.root)?));
    let path = folder.join(ACCOUNT);
    let known = store::read(&path).ok().and_then(|text| serde_json::from_str::<Stored>(&text).ok());
    if let Some(known) = known.filter(|known| known.directory == acme.directory) {
        return builder.from_credentials(known.credentials).await.map_err(failed);
    }
    let contact = format!("mailto:{}", acme.email);
    let contacts: &[&str] = if acme.email.is_empty() { &[] } else { &[&contact] };
    let wanted = NewAccount { contact: contacts, terms_of_service_agreed: acme.agree, only_return_existing: false };
    let (account, credentials) = builder.create(&wanted, acme.directory.clone(), None).await.map_err(failed)?;
    let text = serde_json::to_string_pretty(&Stored { directory: acme.directory.clone(), credentials });
    store::write_private(&path, &text.map_err(failed)?)?;
    Ok(account)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_failure_doubles_the_wait_up_to_the_longest() {
        let longest = Duration::from_secs(6 * 3600);
        let waits: Vec<u64> = [1, 2, 3, 9, 10, 4_000_000].map(|n| wait(n, longest).as_secs()).into();
        assert_eq!(waits, [60, 120, 240, 15_360, 21_600, 21_600]);
    }
}
