//! Every statement on `profile_fields` and `profile_values`.

use db::{Conn, Result, Row, Sql, Tx, params};
use serde_json::Value;
use wire::{ProfileField, Props};

macro_rules! select {
    ($rest:literal) => {
        Sql::new(concat!(
            "SELECT id, name, type, attrs, create_at, update_at FROM profile_fields WHERE delete_at = 0 ",
            $rest
        ))
    };
}

const ALL: Sql = select!("ORDER BY create_at, id");
const BY_ID: Sql = select!("AND id = $1");
const INSERT: Sql = Sql::new(
    "INSERT INTO profile_fields (id, name, type, attrs, create_at, update_at) VALUES ($1, $2, $3, $4, $5, $5)",
);
const UPDATE: Sql =
    Sql::new("UPDATE profile_fields SET name = $2, type = $3, attrs = $4, update_at = $5 WHERE id = $1");
const DELETE: Sql = Sql::new("UPDATE profile_fields SET delete_at = $2, update_at = $2 WHERE id = $1");
const FORGET: Sql = Sql::new("DELETE FROM profile_values WHERE field_id = $1");
const VALUES: Sql = Sql::new(
    "SELECT v.field_id, v.value FROM profile_values v JOIN profile_fields f ON f.id = v.field_id AND f.delete_at = 0
     WHERE v.user_id = $1 ORDER BY v.field_id",
);
const SET: Sql = Sql::new(
    "INSERT INTO profile_values (field_id, user_id, value, update_at) VALUES ($1, $2, $3, $4)
     ON CONFLICT (field_id, user_id) DO UPDATE SET value = excluded.value, update_at = excluded.update_at",
);
const CLEAR: Sql = Sql::new("DELETE FROM profile_values WHERE field_id = $1 AND user_id = $2");

fn field(row: Row) -> Result<ProfileField> {
    let mut r = row.read();
    Ok(ProfileField {
        id: r.get()?,
        name: r.get()?,
        kind: r.get()?,
        attrs: serde_json::from_value(r.get()?).unwrap_or_default(),
        create_at: r.get()?,
        update_at: r.get()?,
        ..ProfileField::default()
    })
}

pub async fn all(conn: &mut Conn) -> Result<Vec<ProfileField>> {
    conn.fetch(&ALL, params![], field).await
}

pub async fn get(conn: &mut Conn, id: &str) -> Result<Option<ProfileField>> {
    conn.fetch_optional(&BY_ID, params![id], field).await
}

pub async fn insert(tx: &mut Tx, f: &ProfileField) -> Result<()> {
    tx.execute(&INSERT, params![&f.id, &f.name, &f.kind, serde_json::json!(f.attrs), f.create_at]).await?;
    Ok(())
}

pub async fn update(tx: &mut Tx, f: &ProfileField) -> Result<()> {
    tx.execute(&UPDATE, params![&f.id, &f.name, &f.kind, serde_json::json!(f.attrs), f.update_at]).await?;
    Ok(())
}

pub async fn delete(tx: &mut Tx, id: &str, now: i64) -> Result<()> {
    tx.execute(&DELETE, params![id, now]).await?;
    forget(tx, id).await
}

/// Deletes what everybody filled in.
pub async fn forget(tx: &mut Tx, id: &str) -> Result<()> {
    tx.execute(&FORGET, params![id]).await?;
    Ok(())
}

/// What a user filled in, by field id.
pub async fn values(conn: &mut Conn, user: &str) -> Result<Props> {
    let decode = |row: Row| {
        let mut r = row.read();
        Ok((r.get::<String>()?, r.get::<Value>()?))
    };
    Ok(conn.fetch(&VALUES, params![user], decode).await?.into_iter().collect())
}

pub async fn set(tx: &mut Tx, field: &str, user: &str, value: &Value, now: i64) -> Result<()> {
    if value.is_null() {
        tx.execute(&CLEAR, params![field, user]).await?;
    } else {
        tx.execute(&SET, params![field, user, value.clone(), now]).await?;
    }
    Ok(())
}
