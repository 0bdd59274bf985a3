//! Every statement on `sidebar_categories` and `sidebar_channels`.

use super::rules::{self, Placed};
use db::{Conn, Result, Row, Sql, Tx, params};
use wire::SidebarCategory;

const OF_USER: Sql = Sql::new(
    "SELECT id, user_id, team_id, sort_order, sorting, type, display_name, muted, collapsed FROM sidebar_categories
     WHERE user_id = $1 AND team_id = $2 ORDER BY sort_order, id",
);
const PLACED: Sql = Sql::new(
    "SELECT channel_id, category_id FROM sidebar_channels WHERE user_id = $1 AND team_id = $2 ORDER BY sort_order, channel_id",
);
const INSERT: Sql = Sql::new(
    "INSERT INTO sidebar_categories (id, user_id, team_id, sort_order, sorting, type, display_name, muted, collapsed)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (id) DO NOTHING",
);
const UPDATE: Sql = Sql::new(
    "UPDATE sidebar_categories SET sorting = $3, display_name = $4, muted = $5, collapsed = $6 WHERE id = $1 AND user_id = $2",
);
const SET_ORDER: Sql = Sql::new("UPDATE sidebar_categories SET sort_order = $3 WHERE id = $1 AND user_id = $2");
const DELETE: Sql = Sql::new("DELETE FROM sidebar_categories WHERE id = $1 AND user_id = $2 AND type = 'custom'");
const EMPTY: Sql = Sql::new("DELETE FROM sidebar_channels WHERE user_id = $1 AND team_id = $2 AND category_id = $3");
const PLACE: Sql = Sql::new(
    "INSERT INTO sidebar_channels (channel_id, user_id, team_id, category_id, sort_order) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (channel_id, user_id, team_id) DO UPDATE SET category_id = excluded.category_id, sort_order = excluded.sort_order",
);
const UNPLACE: Sql = Sql::new(
    "DELETE FROM sidebar_channels WHERE channel_id = $1 AND user_id = $2 AND team_id = $3 AND category_id = $4",
);

fn category(row: Row) -> Result<SidebarCategory> {
    let mut r = row.read();
    Ok(SidebarCategory {
        id: r.get()?,
        user_id: r.get()?,
        team_id: r.get()?,
        sort_order: r.get()?,
        sorting: r.get()?,
        kind: r.get()?,
        display_name: r.get()?,
        muted: r.get()?,
        collapsed: r.get()?,
        ..SidebarCategory::default()
    })
}

pub async fn of_user(conn: &mut Conn, user: &str, team: &str) -> Result<Vec<SidebarCategory>> {
    conn.fetch(&OF_USER, params![user, team], category).await
}

pub async fn placed(conn: &mut Conn, user: &str, team: &str) -> Result<Vec<Placed>> {
    let decode = |row: Row| {
        let mut r = row.read();
        Ok(Placed { channel_id: r.get()?, category_id: r.get()? })
    };
    conn.fetch(&PLACED, params![user, team], decode).await
}

pub async fn insert(tx: &mut Tx, c: &SidebarCategory) -> Result<()> {
    let values = params![
        &c.id,
        &c.user_id,
        &c.team_id,
        c.sort_order,
        &c.sorting,
        &c.kind,
        &c.display_name,
        c.muted,
        c.collapsed
    ];
    tx.execute(&INSERT, values).await?;
    Ok(())
}

/// Makes rows for the built-in categories, so that they can be changed.
pub async fn ensure_built_in(tx: &mut Tx, user: &str, team: &str) -> Result<()> {
    for (kind, name, place) in rules::BUILT_IN {
        insert(tx, &rules::built_in(kind, name, place, user, team)).await?;
    }
    Ok(())
}

pub async fn update(tx: &mut Tx, c: &SidebarCategory) -> Result<()> {
    tx.execute(&UPDATE, params![&c.id, &c.user_id, &c.sorting, &c.display_name, c.muted, c.collapsed]).await?;
    Ok(())
}

pub async fn set_order(tx: &mut Tx, user: &str, ids: &[String]) -> Result<()> {
    for (place, id) in (0_i64..).step_by(10).zip(ids) {
        tx.execute(&SET_ORDER, params![id, user, place]).await?;
    }
    Ok(())
}

/// Deletes an own category; its channels fall back to where they belong by kind.
pub async fn delete(tx: &mut Tx, user: &str, team: &str, id: &str) -> Result<bool> {
    tx.execute(&EMPTY, params![user, team, id]).await?;
    Ok(tx.execute(&DELETE, params![id, user]).await? > 0)
}

/// Makes `channel_ids` what is in the category, in this order; a channel leaves the category that it was in.
pub async fn fill(tx: &mut Tx, user: &str, team: &str, category_id: &str, channel_ids: &[String]) -> Result<()> {
    tx.execute(&EMPTY, params![user, team, category_id]).await?;
    for (place, channel) in (0_i64..).step_by(10).zip(channel_ids) {
        tx.execute(&PLACE, params![channel, user, team, category_id, place]).await?;
    }
    Ok(())
}

/// Takes one channel out of one category.
pub async fn take_out(tx: &mut Tx, user: &str, team: &str, category_id: &str, channel: &str) -> Result<()> {
    tx.execute(&UNPLACE, params![channel, user, team, category_id]).await?;
    Ok(())
}
