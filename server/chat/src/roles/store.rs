//! Every statement on `roles`, and what it needs of `schemes`.

use super::Roles;
use db::{Conn, Result, Row, Sql, Tx, params};
use std::collections::HashMap;
use wire::Role;

macro_rules! select {
    ($rest:literal) => {
        Sql::new(concat!(
            "SELECT id, name, display_name, description, create_at, update_at, delete_at, permissions, scheme_managed, built_in ",
            "FROM roles ",
            $rest
        ))
    };
}

const ALL: Sql = select!("WHERE delete_at = 0");
const BY_ID: Sql = select!("WHERE id = $1");
const BY_NAME: Sql = select!("WHERE name = $1 AND delete_at = 0");
const END: Sql = Sql::new("UPDATE roles SET delete_at = $2, update_at = $2 WHERE name IN LIST($1)");
const INSERT: Sql = Sql::new(
    "INSERT INTO roles (id, name, display_name, description, create_at, update_at, permissions, scheme_managed, built_in)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
);
const UPDATE: Sql = Sql::new(
    "UPDATE roles SET display_name = $2, description = $3, update_at = $4, delete_at = $5, permissions = $6 WHERE id = $1",
);
const VERSION: Sql = Sql::new("SELECT value FROM system WHERE name = 'roles_version'");
const SET_VERSION: Sql = Sql::new("UPDATE system SET value = $1 WHERE name = 'roles_version'");
/// For the roles of channels' own schemes, those of their teams' schemes.
const HIGHER: Sql = Sql::new(
    "SELECT DISTINCT s.channel_admin_role, s.channel_user_role, s.channel_guest_role, h.channel_admin_role,
     h.channel_user_role, h.channel_guest_role
     FROM channels c JOIN schemes s ON s.id = c.scheme_id LEFT JOIN teams t ON t.id = c.team_id
     LEFT JOIN schemes h ON h.id = t.scheme_id WHERE c.scheme_id IS NOT NULL",
);

fn role(row: Row) -> Result<Role> {
    let mut r = row.read();
    Ok(Role {
        id: r.get()?,
        name: r.get()?,
        display_name: r.get()?,
        description: r.get()?,
        create_at: r.get()?,
        update_at: r.get()?,
        delete_at: r.get()?,
        permissions: serde_json::from_value(r.get()?).unwrap_or_default(),
        scheme_managed: r.get()?,
        built_in: r.get()?,
    })
}

/// Every live role, as it is stored.
pub async fn all(conn: &mut Conn) -> Result<Vec<Role>> {
    conn.fetch(&ALL, params![], role).await
}

/// Every live role, as it takes effect.
pub async fn load(conn: &mut Conn) -> Result<Roles> {
    let version = version(conn).await?;
    let all = all(conn).await?;
    let pairs = |row: Row| {
        let mut r = row.read();
        let own: [String; 3] = [r.get()?, r.get()?, r.get()?];
        let above: [Option<String>; 3] = [r.get()?, r.get()?, r.get()?];
        Ok((own, above))
    };
    let mut higher: HashMap<String, Vec<String>> = HashMap::new();
    for (own, above) in conn.fetch(&HIGHER, params![], pairs).await? {
        let names = ["channel_admin", "channel_user", "channel_guest"];
        for ((own, above), built_in) in own.into_iter().zip(above).zip(names) {
            higher.entry(own).or_default().push(above.unwrap_or_else(|| built_in.to_owned()));
        }
    }
    Ok(Roles::new(all, &higher, version))
}

pub async fn version(conn: &mut Conn) -> Result<String> {
    Ok(conn.fetch_optional(&VERSION, params![], Row::only).await?.unwrap_or_default())
}

pub async fn new_version(tx: &mut Tx) -> Result<()> {
    tx.execute(&SET_VERSION, params![kit::id::new()]).await?;
    Ok(())
}

/// The role as it is stored, also a deleted one.
pub async fn get(conn: &mut Conn, id: &str) -> Result<Option<Role>> {
    conn.fetch_optional(&BY_ID, params![id], role).await
}

/// The live role of this name as it is stored, whatever takes effect of it.
pub async fn by_name(conn: &mut Conn, name: &str) -> Result<Option<Role>> {
    conn.fetch_optional(&BY_NAME, params![name], role).await
}

/// Deletes the roles of a scheme that ends.
pub async fn end(tx: &mut Tx, names: &[String], now: i64) -> Result<()> {
    tx.execute(&END, params![names, now]).await?;
    Ok(())
}

pub async fn insert(tx: &mut Tx, r: &Role) -> Result<()> {
    let values = params![
        &r.id,
        &r.name,
        &r.display_name,
        &r.description,
        r.create_at,
        r.update_at,
        serde_json::json!(r.permissions),
        r.scheme_managed,
        r.built_in
    ];
    tx.execute(&INSERT, values).await?;
    Ok(())
}

pub async fn update(tx: &mut Tx, r: &Role) -> Result<()> {
    let values =
        params![&r.id, &r.display_name, &r.description, r.update_at, r.delete_at, serde_json::json!(r.permissions)];
    tx.execute(&UPDATE, values).await?;
    Ok(())
}
