//! Every statement on `commands` and `command_responses`.

use chat::Result;
use chat::keys::{COMMAND_TOKEN, Keys};
use db::{Conn, Row, Sql, Tx, params};
use wire::Command;

macro_rules! select {
    ($rest:literal) => {
        Sql::new(concat!(
            "SELECT id, token, create_at, update_at, delete_at, creator_id, team_id, trigger_word, method, username, icon_url, ",
            "auto_complete, auto_complete_desc, auto_complete_hint, display_name, description, url FROM commands ",
            $rest
        ))
    };
}

const ONE: Sql = select!("WHERE id = $1 AND delete_at = 0");
const OF_TEAM: Sql = select!("WHERE team_id = $1 AND delete_at = 0 ORDER BY trigger_word");
const BY_TRIGGER: Sql = select!("WHERE team_id = $1 AND trigger_word = $2 AND delete_at = 0");
const INSERT: Sql = Sql::new(
    "INSERT INTO commands (id, token, create_at, update_at, creator_id, team_id, trigger_word, method, username, icon_url,
     auto_complete, auto_complete_desc, auto_complete_hint, display_name, description, url)
     VALUES ($1, $2, $3, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
);
const UPDATE: Sql = Sql::new(
    "UPDATE commands SET token = $2, update_at = $3, delete_at = $4, team_id = $5, trigger_word = $6, method = $7,
     username = $8, icon_url = $9, auto_complete = $10, auto_complete_desc = $11, auto_complete_hint = $12,
     display_name = $13, description = $14, url = $15 WHERE id = $1",
);
const REMEMBER: Sql = Sql::new(
    "INSERT INTO command_responses (id, create_at, command_id, user_id, channel_id, root_id) VALUES ($1, $2, $3, $4, $5, $6)",
);
const FORGET: Sql = Sql::new("DELETE FROM command_responses WHERE create_at < $1");
const RESPONSE: Sql = Sql::new(
    "SELECT command_id, user_id, channel_id, root_id FROM command_responses WHERE id = $1 AND create_at >= $2",
);
const USE: Sql = Sql::new("UPDATE command_responses SET uses = uses + 1 WHERE id = $1 AND uses < $2");

fn command(row: Row) -> db::Result<Command> {
    let mut r = row.read();
    Ok(Command {
        id: r.get()?,
        token: r.get()?,
        create_at: r.get()?,
        update_at: r.get()?,
        delete_at: r.get()?,
        creator_id: r.get()?,
        team_id: r.get()?,
        trigger: r.get()?,
        method: r.get()?,
        username: r.get()?,
        icon_url: r.get()?,
        auto_complete: r.get()?,
        auto_complete_desc: r.get()?,
        auto_complete_hint: r.get()?,
        display_name: r.get()?,
        description: r.get()?,
        url: r.get()?,
    })
}

fn opened(keys: &Keys, mut command: Command) -> Result<Command> {
    command.token = keys.open(&COMMAND_TOKEN, &command.id, &command.token)?;
    Ok(command)
}

/// The command, unless it was deleted.
pub async fn get(conn: &mut Conn, keys: &Keys, id: &str) -> Result<Option<Command>> {
    conn.fetch_optional(&ONE, params![id], command).await?.map(|c| opened(keys, c)).transpose()
}

pub async fn of_team(conn: &mut Conn, keys: &Keys, team: &str) -> Result<Vec<Command>> {
    conn.fetch(&OF_TEAM, params![team], command).await?.into_iter().map(|c| opened(keys, c)).collect()
}

pub async fn by_trigger(conn: &mut Conn, keys: &Keys, team: &str, trigger: &str) -> Result<Option<Command>> {
    conn.fetch_optional(&BY_TRIGGER, params![team, trigger], command).await?.map(|c| opened(keys, c)).transpose()
}

pub async fn insert(tx: &mut Tx, keys: &Keys, c: &Command) -> Result<()> {
    let values = params![
        &c.id,
        keys.close(&COMMAND_TOKEN, &c.id, &c.token)?,
        c.create_at,
        &c.creator_id,
        &c.team_id,
        &c.trigger,
        &c.method,
        &c.username,
        &c.icon_url,
        c.auto_complete,
        &c.auto_complete_desc,
        &c.auto_complete_hint,
        &c.display_name,
        &c.description,
        &c.url
    ];
    tx.execute(&INSERT, values).await?;
    Ok(())
}

pub async fn update(tx: &mut Tx, keys: &Keys, c: &Command) -> Result<()> {
    let values = params![
        &c.id,
        keys.close(&COMMAND_TOKEN, &c.id, &c.token)?,
        c.update_at,
        c.delete_at,
        &c.team_id,
        &c.trigger,
        &c.method,
        &c.username,
        &c.icon_url,
        c.auto_complete,
        &c.auto_complete_desc,
        &c.auto_complete_hint,
        &c.display_name,
        &c.description,
        &c.url
    ];
    tx.execute(&UPDATE, values).await?;
    Ok(())
}

/// Where a command was given, for answers that come later.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    pub command_id: String,
    pub user_id: String,
    pub channel_id: String,
    pub root_id: String,
}

/// Remembers a place under a new id, and forgets those from before `oldest`.
pub async fn remember(tx: &mut Tx, id: &str, place: &Place, now: i64, oldest: i64) -> Result<()> {
    tx.execute(&FORGET, params![oldest]).await?;
    let Place { command_id, user_id, channel_id, root_id } = place;
    tx.execute(&REMEMBER, params![id, now, command_id, user_id, channel_id, root_id]).await?;
    Ok(())
}

/// The place of an answer, if it was made since `oldest`.
pub async fn place(conn: &mut Conn, id: &str, oldest: i64) -> Result<Option<Place>> {
    let decode = |row: Row| {
        let mut r = row.read();
        Ok(Place { command_id: r.get()?, user_id: r.get()?, channel_id: r.get()?, root_id: r.get()? })
    };
    Ok(conn.fetch_optional(&RESPONSE, params![id, oldest], decode).await?)
}

/// Counts one use more; false when there were `most` already.
pub async fn count_use(tx: &mut Tx, id: &str, most: i64) -> Result<bool> {
    Ok(tx.execute(&USE, params![id, most]).await? == 1)
}
