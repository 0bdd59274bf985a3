//! Every statement on `invitations` and `invitation_uses`.

use db::{Conn, Result, Row, Sql, Tx, params};
use wire::{Invitation, InvitationUse};

macro_rules! select {
    ($rest:literal) => {
        Sql::new(concat!(
            "SELECT id, team_id, creator_id, guest, channel_ids, email, note, create_at, expires_at, max_uses, uses, ",
            "revoked_at, magic FROM invitations ",
            $rest
        ))
    };
}

const BY_ID: Sql = select!("WHERE id = $1");
const BY_TOKEN: Sql = select!("WHERE token_hash = $1");
/// Of one maker, or of everybody when $2 is empty.
const OF_TEAM: Sql =
    select!("WHERE team_id = $1 AND ($2 = '' OR creator_id = $2) ORDER BY create_at DESC, id LIMIT $3 OFFSET $4");
const COUNT_OPEN: Sql = Sql::new(
    "SELECT COUNT(*) FROM invitations WHERE team_id = $1 AND revoked_at = 0 AND expires_at > $2 AND (max_uses = 0 OR uses < max_uses)",
);
const INSERT: Sql = Sql::new(
    "INSERT INTO invitations (id, token_hash, team_id, creator_id, guest, channel_ids, email, note, create_at, expires_at, max_uses, magic)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
);
const TAKE: Sql = Sql::new(
    "UPDATE invitations SET uses = uses + 1
     WHERE id = $1 AND revoked_at = 0 AND expires_at > $2 AND (max_uses = 0 OR uses < max_uses)",
);
const REVOKE: Sql = Sql::new("UPDATE invitations SET revoked_at = $2 WHERE id = $1 AND revoked_at = 0");
const REVOKE_MAILED: Sql = Sql::new("UPDATE invitations SET revoked_at = $1 WHERE email <> '' AND revoked_at = 0");
const USED: Sql = Sql::new(
    "INSERT INTO invitation_uses (invitation_id, user_id, used_at) VALUES ($1, $2, $3)
     ON CONFLICT (invitation_id, user_id) DO NOTHING",
);
const USES: Sql = Sql::new(
    "SELECT invitation_id, user_id, used_at FROM invitation_uses WHERE invitation_id IN LIST($1) ORDER BY used_at, user_id",
);
/// Of invitations that ended long ago.
const FORGET_USES: Sql =
    Sql::new("DELETE FROM invitation_uses WHERE invitation_id IN (SELECT id FROM invitations WHERE expires_at < $1)");
const FORGET: Sql = Sql::new("DELETE FROM invitations WHERE expires_at < $1");

fn invitation(row: Row) -> Result<Invitation> {
    let mut r = row.read();
    Ok(Invitation {
        id: r.get()?,
        team_id: r.get()?,
        creator_id: r.get()?,
        guest: r.get()?,
        channel_ids: serde_json::from_value(r.get()?).unwrap_or_default(),
        email: r.get()?,
        note: r.get()?,
        create_at: r.get()?,
        expires_at: r.get()?,
        max_uses: r.get()?,
        uses: r.get()?,
        revoked_at: r.get()?,
        magic: r.get()?,
        ..Invitation::default()
    })
}

pub async fn get(conn: &mut Conn, id: &str) -> Result<Option<Invitation>> {
    conn.fetch_optional(&BY_ID, params![id], invitation).await
}

pub async fn by_token(conn: &mut Conn, token_hash: &str) -> Result<Option<Invitation>> {
    conn.fetch_optional(&BY_TOKEN, params![token_hash], invitation).await
}

/// Newest first, with who came by each; of everybody when `creator` is empty.
pub async fn of_team(conn: &mut Conn, team: &str, creator: &str, limit: i64, offset: i64) -> Result<Vec<Invitation>> {
    let mut found = conn.fetch(&OF_TEAM, params![team, creator, limit, offset], invitation).await?;
    let ids: Vec<String> = found.iter().map(|i| i.id.clone()).collect();
    let used = |row: Row| {
        let mut r = row.read();
        Ok((r.get::<String>()?, InvitationUse { user_id: r.get()?, used_at: r.get()? }))
    };
    for (id, by) in conn.fetch(&USES, params![ids], used).await? {
        if let Some(one) = found.iter_mut().find(|i| i.id == id) {
            one.used_by.push(by);
        }
    }
    Ok(found)
}

/// How many invitations of a team can still be used.
pub async fn count_open(conn: &mut Conn, team: &str, now: i64) -> Result<i64> {
    Ok(conn.fetch_optional(&COUNT_OPEN, params![team, now], Row::only).await?.unwrap_or(0))
}

pub async fn insert(tx: &mut Tx, i: &Invitation, token_hash: &str) -> Result<()> {
    let values = params![
        &i.id,
        token_hash,
        &i.team_id,
        &i.creator_id,
        i.guest,
        serde_json::json!(i.channel_ids),
        &i.email,
        &i.note,
        i.create_at,
        i.expires_at,
        i.max_uses,
        i.magic
    ];
    tx.execute(&INSERT, values).await?;
    Ok(())
}

/// Takes one use; false when none is left.
pub async fn take(tx: &mut Tx, id: &str, now: i64) -> Result<bool> {
    Ok(tx.execute(&TAKE, params![id, now]).await? > 0)
}

pub async fn used(tx: &mut Tx, id: &str, user: &str, now: i64) -> Result<()> {
    tx.execute(&USED, params![id, user, now]).await?;
    Ok(())
}

/// False when it was revoked before.
pub async fn revoke(tx: &mut Tx, id: &str, now: i64) -> Result<bool> {
    Ok(tx.execute(&REVOKE, params![id, now]).await? > 0)
}

/// Revokes every invitation that was mailed.
pub async fn revoke_mailed(tx: &mut Tx, now: i64) -> Result<()> {
    tx.execute(&REVOKE_MAILED, params![now]).await?;
    Ok(())
}

/// Deletes invitations that ended before `time` (Unix milliseconds), and who came by them.
pub async fn forget_before(tx: &mut Tx, time: i64) -> Result<()> {
    tx.execute(&FORGET_USES, params![time]).await?;
    tx.execute(&FORGET, params![time]).await?;
    Ok(())
}
