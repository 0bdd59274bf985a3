//! Tokens by which an app gets the session of a login that happened in a browser: good once, and for three minutes. Only
//! their hashes are kept.

use crate::flow::Challenge;
use chat::actor::hash_token;
use data_encoding::BASE64URL_NOPAD;
use db::{Result, Row, Sql, Tx, params};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// Milliseconds that a token is good for.
pub const LENGTH_MS: i64 = 3 * 60 * 1000;
/// Characters of a token.
const LENGTH: usize = 64;

const INSERT: Sql = Sql::new(
    "INSERT INTO sso_tokens (token_hash, kind, user_id, service, challenge, state, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
);
const FORGET: Sql = Sql::new("DELETE FROM sso_tokens WHERE expires_at < $1");
const GET: Sql = Sql::new(
    "SELECT user_id, service, challenge, state, expires_at FROM sso_tokens WHERE token_hash = $1 AND kind = $2",
);
const DELETE: Sql = Sql::new("DELETE FROM sso_tokens WHERE token_hash = $1 AND kind = $2");

/// For whom a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Desktop,
    /// A mobile app that has a verifier.
    Code,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Desktop => "desktop",
            Self::Code => "code",
        }
    }
}

/// What a token stood for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stood {
    pub user_id: String,
    pub service: String,
    challenge: String,
    state: String,
    expires_at: i64,
}

impl Stood {
    /// Whether it was used in time.
    pub fn in_time(&self, now: i64) -> bool {
        now < self.expires_at
    }

    /// Whether whoever uses it is the one who began the login.
    pub fn belongs_to(&self, verifier: &str, state: &str) -> bool {
        let given = BASE64URL_NOPAD.encode(&Sha256::digest(verifier.as_bytes()));
        let right = given.as_bytes().ct_eq(self.challenge.as_bytes()) & state.as_bytes().ct_eq(self.state.as_bytes());
        !self.challenge.is_empty() && right.into()
    }
}

/// Makes a token.
///
/// # Errors
/// When the database fails.
pub async fn make(
    tx: &mut Tx,
    kind: Kind,
    user_id: &str,
    service: &str,
    challenge: Option<&Challenge>,
    now: i64,
) -> Result<String> {
    let token = kit::id::secret(LENGTH);
    let (challenge, state) = challenge.map_or(("", ""), |c| (c.challenge.as_str(), c.state.as_str()));
    tx.execute(&FORGET, params![now]).await?;
    let values = params![hash_token(&token), kind.name(), user_id, service, challenge, state, now + LENGTH_MS];
    tx.execute(&INSERT, values).await?;
    Ok(token)
}

/// Uses a token up, whatever comes of it; `None` when there is none (any more).
///
/// # Errors
/// When the database fails.
pub async fn take(tx: &mut Tx, kind: Kind, token: &str) -> Result<Option<Stood>> {
    let decode = |row: Row| {
        let mut r = row.read();
        Ok(Stood { user_id: r.get()?, service: r.get()?, challenge: r.get()?, state: r.get()?, expires_at: r.get()? })
    };
    let hash = hash_token(token);
    let found = tx.fetch_optional(&GET, params![&hash, kind.name()], decode).await?;
    let taken = tx.execute(&DELETE, params![&hash, kind.name()]).await? > 0;
    Ok(found.filter(|_| taken))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_token_is_good_once_and_for_three_minutes() {
        for (engine, db) in db::testing::databases().await {
            db::migrate(&db, chat::schema::MIGRATIONS).await.unwrap();
            let now = 1_800_000_000_000;
            let mut tx = db.write().await.unwrap();
            let token = make(&mut tx, Kind::Desktop, "ana", "openid", None, now).await.unwrap();
            assert_eq!(take(&mut tx, Kind::Code, &token).await.unwrap(), None, "{engine}: it is for something else");
            let stood = take(&mut tx, Kind::Desktop, &token).await.unwrap().unwrap();
            assert!(stood.in_time(now + LENGTH_MS - 1) && !stood.in_time(now + LENGTH_MS), "{engine}");
            assert!(!stood.belongs_to("", ""), "{engine}: it has no challenge to meet");
            assert_eq!(take(&mut tx, Kind::Desktop, &token).await.unwrap(), None, "{engine}: used");
            make(&mut tx, Kind::Desktop, "ana", "openid", None, now).await.unwrap();
            make(&mut tx, Kind::Desktop, "ana", "openid", None, now + LENGTH_MS + 1).await.unwrap();
            let left = tx.fetch(&Sql::new("SELECT token_hash FROM sso_tokens"), vec![], Row::only::<String>).await;
            assert_eq!(left.unwrap().len(), 1, "{engine}: what has run out is forgotten");
        }
    }

    #[test]
    fn a_code_is_of_use_only_to_whoever_began() {
        // RFC 7636, appendix B.
        let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM".to_owned();
        let stood =
            Stood { user_id: "ana".into(), service: "openid".into(), challenge, state: "abc".into(), expires_at: 0 };
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        assert!(stood.belongs_to(verifier, "abc"));
        assert!(!stood.belongs_to(verifier, "abd") && !stood.belongs_to("another", "abc"));
    }
}
