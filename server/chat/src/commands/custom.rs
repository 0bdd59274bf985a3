//! Commands that are not the server's own: people make them for a team, and another program carries them out. A crate that
//! stands on this one keeps them.

use crate::{Actor, Result, Site};
use futures::future::BoxFuture;
use wire::{Command, CommandArgs, CommandResponse};

/// The keeper of the custom commands.
pub trait Custom: Send + Sync {
    /// Every command of a team, with its secrets.
    fn of_team<'a>(&'a self, site: &'a Site, team_id: &'a str) -> BoxFuture<'a, Result<Vec<Command>>>;

    /// Carries out a line whose first word is `/trigger`; `None` when the team has no such command. The actor is known to
    /// have access to the channel.
    fn run<'a>(
        &'a self,
        site: &'a Site,
        actor: &'a Actor,
        args: &'a CommandArgs,
        trigger: &'a str,
        rest: &'a str,
    ) -> BoxFuture<'a, Result<Option<CommandResponse>>>;
}

/// What anybody of the team may see of the commands that want to be suggested.
pub(super) async fn suggested(site: &Site, team_id: &str) -> Result<Vec<Command>> {
    let Some(keeper) = site.custom_commands() else { return Ok(Vec::new()) };
    let all = keeper.of_team(site, team_id).await?;
    let shown = |c: Command| Command { token: String::new(), url: String::new(), creator_id: String::new(), ..c };
    Ok(all.into_iter().filter(|c| c.auto_complete).map(shown).collect())
}
