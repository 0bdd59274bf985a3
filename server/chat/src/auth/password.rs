//! Argon2id (19 MiB, 2 passes, 1 lane) on a blocking thread, a few at a time: a login costs memory and tens of
//! milliseconds on purpose.

use crate::{Error, Result};
use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use tokio::sync::{OnceCell, Semaphore};

/// Logins that may wait for a slot; more are turned away.
const MAX_WAITING: usize = 256;
/// Hashes at a time; further logins wait, so that a flood of them cannot take all memory.
static SLOTS: Semaphore = Semaphore::const_new(4);
static QUEUE: Semaphore = Semaphore::const_new(MAX_WAITING);
/// A hash that fits no password, made once.
static NOBODYS: OnceCell<String> = OnceCell::const_new();

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    let Ok(_place) = QUEUE.try_acquire() else {
        let message = "Too many people are logging in at this moment; try again in a few seconds.";
        return Err(Error::unavailable("api.user.login.busy.app_error", message));
    };
    let _slot = SLOTS.acquire().await.map_err(Error::internal)?;
    tokio::task::spawn_blocking(work).await.map_err(Error::internal)
}

/// A PHC string with a salt of its own.
///
/// # Errors
/// When hashing fails.
pub async fn hash(password: String) -> Result<String> {
    let hashed = blocking(move || Argon2::default().hash_password(password.as_bytes()).map(|h| h.to_string())).await?;
    hashed.map_err(|e| Error::internal(e.to_string()))
}

/// Whether `password` belongs to `hash`; an account without a password (bots) matches nothing.
///
/// # Errors
/// When the work cannot be done.
pub async fn verify(password: String, hash: String) -> Result<bool> {
    blocking(move || {
        PasswordHash::new(&hash)
            .is_ok_and(|known| Argon2::default().verify_password(password.as_bytes(), &known).is_ok())
    })
    .await
}

/// Takes as long as [`verify`], for accounts that do not exist: the time of an answer tells nobody which ones do.
///
/// # Errors
/// When the work cannot be done.
pub async fn verify_nothing(password: String) -> Result<()> {
    let nobodys = NOBODYS.get_or_try_init(|| hash(kit::id::new())).await?.clone();
    verify(password, nobodys).await.map(drop)
}

#[cfg(test)]
mod tests {
    #[tokio::test]
    async fn a_hash_fits_its_password_only() {
        let hash = super::hash("Correct-horse-9".into()).await.unwrap();
        assert!(hash.starts_with("$argon2id$"), "{hash}");
        assert!(super::verify("Correct-horse-9".into(), hash.clone()).await.unwrap());
        assert!(!super::verify("correct-horse-9".into(), hash).await.unwrap());
        assert!(!super::verify(String::new(), String::new()).await.unwrap());
    }
}
