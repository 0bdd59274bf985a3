//! Every statement on `oauth_apps` and `oauth_authorizations`.

use chat::Result;
use chat::keys::{Keys, OAUTH_SECRET};
use db::{Conn, Row, Sql, Tx, params};
use serde_json::json;
use wire::OAuthApp;

macro_rules! select {
    ($rest:literal) => {
        Sql::new(concat!(
            "SELECT id, creator_id, create_at, update_at, client_secret, name, description, icon_url, callback_urls, homepage, ",
            "is_trusted, is_public FROM oauth_apps ",
            $rest
        ))
    };
}

const ONE: Sql = select!("WHERE id = $1");
const LIST: Sql = select!("WHERE ($1 = '' OR creator_id = $1) ORDER BY create_at, id LIMIT $2 OFFSET $3");
const AUTHORIZED: Sql = select!(
    "WHERE id IN (SELECT a.app_id FROM oauth_authorizations a WHERE a.user_id = $1) ORDER BY name, id LIMIT $2 OFFSET $3"
);
const INSERT: Sql = Sql::new(
    "INSERT INTO oauth_apps (id, creator_id, create_at, update_at, client_secret, name, description, icon_url, callback_urls,
     homepage, is_trusted, is_public) VALUES ($1, $2, $3, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
);
const UPDATE: Sql = Sql::new(
    "UPDATE oauth_apps SET update_at = $2, client_secret = $3, name = $4, description = $5, icon_url = $6,
     callback_urls = $7, homepage = $8, is_trusted = $9 WHERE id = $1",
);
const DELETE: Sql = Sql::new("DELETE FROM oauth_apps WHERE id = $1");
const DELETE_AUTHORIZATIONS: Sql = Sql::new("DELETE FROM oauth_authorizations WHERE app_id = $1");
const AUTHORIZE: Sql = Sql::new(
    "INSERT INTO oauth_authorizations (user_id, app_id, scope, create_at) VALUES ($1, $2, $3, $4)
     ON CONFLICT (user_id, app_id) DO UPDATE SET scope = excluded.scope, create_at = excluded.create_at",
);
const IS_AUTHORIZED: Sql = Sql::new("SELECT scope FROM oauth_authorizations WHERE user_id = $1 AND app_id = $2");
const DEAUTHORIZE: Sql = Sql::new("DELETE FROM oauth_authorizations WHERE user_id = $1 AND app_id = $2");

fn app(row: Row) -> db::Result<OAuthApp> {
    let mut r = row.read();
    Ok(OAuthApp {
        id: r.get()?,
        creator_id: r.get()?,
        create_at: r.get()?,
        update_at: r.get()?,
        client_secret: r.get()?,
        name: r.get()?,
        description: r.get()?,
        icon_url: r.get()?,
        callback_urls: serde_json::from_value(r.get()?).unwrap_or_default(),
        homepage: r.get()?,
        is_trusted: r.get()?,
        is_public: r.get()?,
        ..OAuthApp::default()
    })
}

fn opened(keys: &Keys, mut app: OAuthApp) -> Result<OAuthApp> {
    app.client_secret = keys.open(&OAUTH_SECRET, &app.id, &app.client_secret)?;
    Ok(app)
}

pub async fn get(conn: &mut Conn, keys: &Keys, id: &str) -> Result<Option<OAuthApp>> {
    conn.fetch_optional(&ONE, params![id], app).await?.map(|app| opened(keys, app)).transpose()
}

/// Of a creator, who may be empty.
pub async fn list(conn: &mut Conn, keys: &Keys, creator: &str, (limit, offset): (i64, i64)) -> Result<Vec<OAuthApp>> {
    let all = conn.fetch(&LIST, params![creator, limit, offset], app).await?;
    all.into_iter().map(|app| opened(keys, app)).collect()
}

/// The apps that a user lets act for them; their secrets stay sealed.
pub async fn authorized(conn: &mut Conn, user: &str, (limit, offset): (i64, i64)) -> Result<Vec<OAuthApp>> {
    Ok(conn.fetch(&AUTHORIZED, params![user, limit, offset], app).await?)
}

pub async fn insert(tx: &mut Tx, keys: &Keys, a: &OAuthApp) -> Result<()> {
    let values = params![
        &a.id,
        &a.creator_id,
        a.create_at,
        keys.close(&OAUTH_SECRET, &a.id, &a.client_secret)?,
        &a.name,
        &a.description,
        &a.icon_url,
        json!(a.callback_urls),
        &a.homepage,
        a.is_trusted,
        a.is_public
    ];
    tx.execute(&INSERT, values).await?;
    Ok(())
}

pub async fn update(tx: &mut Tx, keys: &Keys, a: &OAuthApp) -> Result<()> {
    let values = params![
        &a.id,
        a.update_at,
        keys.close(&OAUTH_SECRET, &a.id, &a.client_secret)?,
        &a.name,
        &a.description,
        &a.icon_url,
        json!(a.callback_urls),
        &a.homepage,
        a.is_trusted
    ];
    tx.execute(&UPDATE, values).await?;
    Ok(())
}

/// Deletes an app and what users let it do.
pub async fn delete(tx: &mut Tx, id: &str) -> Result<()> {
    tx.execute(&DELETE, params![id]).await?;
    tx.execute(&DELETE_AUTHORIZATIONS, params![id]).await?;
    Ok(())
}

pub async fn authorize(tx: &mut Tx, user: &str, app: &str, scope: &str, now: i64) -> Result<()> {
    tx.execute(&AUTHORIZE, params![user, app, scope, now]).await?;
    Ok(())
}

/// Whether the user lets the app do this already.
pub async fn is_authorized(conn: &mut Conn, user: &str, app: &str, scope: &str) -> Result<bool> {
    let known: Option<String> = conn.fetch_optional(&IS_AUTHORIZED, params![user, app], Row::only).await?;
    Ok(known.as_deref() == Some(scope))
}

pub async fn deauthorize(tx: &mut Tx, user: &str, app: &str) -> Result<()> {
    tx.execute(&DEAUTHORIZE, params![user, app]).await?;
    Ok(())
}
