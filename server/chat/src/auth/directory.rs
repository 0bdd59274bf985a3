//! Accounts that a directory answers for. A crate that stands on this one speaks with the directory; without it nobody is
//! in one, and accounts that were opened by it wait.

use super::Address;
use super::login::{failed, inactive, take_attempt, wrong};
use crate::users::credentials::{self, Credentials};
use crate::users::vouched::{self, Vouched};
use crate::{Error, Result, Site, error::Kind, users};
use futures::future::BoxFuture;
use wire::User;

/// Somebody whom the directory knows.
#[derive(Clone, Debug)]
pub struct Person {
    /// What the directory calls the entry; it is logged in with.
    pub entry: String,
    pub vouched: Vouched,
}

/// Who knows people and their passwords. Every call that leaves the machine has a deadline of the implementation's own.
pub trait Directory: Send + Sync {
    /// `auth_service` of its accounts.
    fn service(&self) -> &'static str;

    /// Keys of the client configuration that tell of it.
    fn told(&self) -> Vec<(&'static str, String)>;

    /// Whether it says this field of a profile (`first_name`), so that people cannot.
    fn keeps(&self, field: &str) -> bool;

    /// Who logs in by this name.
    fn find<'a>(&'a self, login: &'a str) -> BoxFuture<'a, Result<Option<Person>>>;

    /// Whom it knows by this id, which is `auth_data` of the account.
    fn by_id<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Option<Person>>>;

    /// Whether it is the person's password.
    fn proves<'a>(&'a self, person: &'a Person, password: &'a str) -> BoxFuture<'a, Result<bool>>;

    /// The person has proved to be the user: what else follows from the directory, such as groups. Failures are its own.
    fn admitted<'a>(&'a self, site: &'a Site, user: &'a User, person: &'a Person) -> BoxFuture<'a, ()>;
}

/// That there is no directory.
pub(super) fn not_available() -> Error {
    let message = "This site has no directory to log in by.";
    Error::new(Kind::NotImplemented, "api.user.login_ldap.not_available.app_error", message)
}

/// Whether the directory, and nothing here, says if somebody may come in: for its own accounts, for names that no account
/// has, and when the client wants nothing else.
pub(super) fn decides(site: &Site, found: Option<&User>, only: bool) -> bool {
    match found {
        Some(user) if user.is_bot => false,
        Some(user) => only || site.directory().is_some_and(|d| d.service() == user.auth_service),
        None => only || site.directory().is_some(),
    }
}

/// The account of whoever the directory knows by `login`, made when it is their first time here.
///
/// # Errors
/// 401 for a wrong name or password, 503 when the directory does not answer.
pub(super) async fn prove(
    site: &Site,
    found: Option<&User>,
    login: &str,
    password: &str,
    address: Address,
) -> Result<(User, Credentials)> {
    let directory = site.directory().ok_or_else(not_available)?;
    let own = found.filter(|u| u.auth_service == directory.service());
    let mut person = if login.trim().is_empty() { None } else { directory.find(login.trim()).await? };
    if let (None, Some(user)) = (&person, own) {
        // By the e-mail address, or another name than the directory's.
        person = directory.by_id(&user.auth_data).await?;
    }
    let Some(person) = person else {
        site.throttle().failed(address, site.clock.now_ms());
        return Err(wrong());
    };
    let known = users::by_auth(&mut site.db.read().await?, directory.service(), &person.vouched.id).await?;
    if let Some(user) = &known {
        take_attempt(site, &user.id, address).await?;
    }
    let proved = directory.proves(&person, password).await;
    if let (Err(_), Some(user)) = (&proved, &known) {
        // The directory is away: nobody has failed.
        let mut tx = site.db.write().await?;
        credentials::give_back(&mut tx, &user.id).await?;
        tx.commit().await?;
    }
    if !proved? {
        let who = known.map(|u| u.id).unwrap_or_default();
        return Err(failed(site, &who, address, "wrong password", wrong()).await?);
    }
    if known.is_some_and(|u| u.delete_at != 0) {
        return Err(inactive());
    }
    let mut tx = site.db.write().await?;
    let user = vouched::admit(site, &mut tx, &person.vouched).await?;
    let known = credentials::get(&mut tx, &user.id).await?.ok_or_else(users::missing)?;
    tx.commit().await?;
    directory.admitted(site, &user, &person).await;
    Ok((user, known))
}
