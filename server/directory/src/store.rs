//! Every statement on `directory_people`.

use db::{Conn, Result, Row, Sql, Tx, params};

const GONE: Sql = Sql::new("SELECT gone_at FROM directory_people WHERE user_id = $1");
const SET_GONE: Sql = Sql::new(
    "INSERT INTO directory_people (user_id, gone_at) VALUES ($1, $2)
     ON CONFLICT (user_id) DO UPDATE SET gone_at = excluded.gone_at",
);
const PICTURE: Sql = Sql::new("SELECT picture FROM directory_people WHERE user_id = $1");
const SET_PICTURE: Sql = Sql::new(
    "INSERT INTO directory_people (user_id, picture) VALUES ($1, $2)
     ON CONFLICT (user_id) DO UPDATE SET picture = excluded.picture",
);

/// Whether the account was deactivated because its entry was gone.
pub async fn is_gone(conn: &mut Conn, user: &str) -> Result<bool> {
    Ok(conn.fetch_optional(&GONE, params![user], Row::only::<i64>).await?.is_some_and(|at| at > 0))
}

/// `at`: when the entry was found missing, Unix milliseconds; 0: it is there.
pub async fn set_gone(tx: &mut Tx, user: &str, at: i64) -> Result<()> {
    tx.execute(&SET_GONE, params![user, at]).await?;
    Ok(())
}

/// The hash of the picture that the account has from the directory; empty for none.
pub async fn picture(conn: &mut Conn, user: &str) -> Result<String> {
    Ok(conn.fetch_optional(&PICTURE, params![user], Row::only).await?.unwrap_or_default())
}

pub async fn set_picture(tx: &mut Tx, user: &str, hash: &str) -> Result<()> {
    tx.execute(&SET_PICTURE, params![user, hash]).await?;
    Ok(())
}
