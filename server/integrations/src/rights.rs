//! Who may make and change what. An integration has an owner; others need the stronger permission.

use chat::roles::Permission;
use chat::{Actor, Error, Result, teams};
use db::Conn;

/// The permissions of one kind of integration.
#[derive(Clone, Copy, Debug)]
pub struct Rights {
    own: Permission,
    others: Permission,
}

pub const INCOMING: Rights =
    Rights { own: Permission("manage_own_incoming_webhooks"), others: Permission("manage_others_incoming_webhooks") };
pub const OUTGOING: Rights =
    Rights { own: Permission("manage_own_outgoing_webhooks"), others: Permission("manage_others_outgoing_webhooks") };
pub const COMMANDS: Rights =
    Rights { own: Permission("manage_own_slash_commands"), others: Permission("manage_others_slash_commands") };

impl Rights {
    /// The actor may make integrations in this team; an empty team means the whole site.
    ///
    /// # Errors
    /// 403.
    pub async fn require(self, conn: &mut Conn, actor: &Actor, team_id: &str) -> Result<()> {
        teams::require(conn, actor, team_id, self.own).await
    }

    /// Whether the actor may see and change those of others in this team.
    pub async fn over_others(self, conn: &mut Conn, actor: &Actor, team_id: &str) -> bool {
        teams::require(conn, actor, team_id, self.others).await.is_ok()
    }

    /// The actor may see and change an integration of `owner`.
    ///
    /// # Errors
    /// 403.
    pub async fn require_over(self, conn: &mut Conn, actor: &Actor, team_id: &str, owner: &str) -> Result<()> {
        self.require(conn, actor, team_id).await?;
        if owner == actor.user_id || self.over_others(conn, actor, team_id).await {
            return Ok(());
        }
        Err(Error::forbidden())
    }
}

/// 400 when a text is longer than `most` characters.
///
/// # Errors
/// As said; the id is `model.{model}.{field}.app_error`.
pub fn check_length(model: &str, field: &str, text: &str, most: usize) -> Result<()> {
    if text.chars().count() <= most {
        return Ok(());
    }
    let message = format!("Invalid {field}: it is longer than {most} characters.");
    Err(Error::invalid(&format!("model.{model}.{field}.app_error"), message))
}
