//! What a client keeps of a user and of the server beside messages: preferences, roles, groups, teams, the sidebar, drafts,
//! and what `GET /config/client` and `GET /license/client` tell.
//!
//! Much of it is deleted without a trace and all of it is small, so that it is not told by time: the client names the
//! revision that it has of each section, and gets those whole that differ. The result is right whatever happened between.

use crate::{Actor, Result, Site, drafts, groups, preferences, sidebar, system, teams};
use db::Conn;
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use wire::{Draft, Role, SidebarCategories};

/// Longest section, bytes; a longer one is asked for by its own routes, which have pages.
const MAX_BYTES: usize = 1 << 20;

/// The sections that differ from what the client has.
#[derive(Debug, Default, Serialize)]
pub struct Sections {
    /// What the client has after this answer; to be said again in the next request.
    revisions: BTreeMap<&'static str, String>,
    /// Names of those that are too long for an answer and differ.
    too_long: Vec<&'static str>,
    #[serde(flatten)]
    changed: BTreeMap<&'static str, Value>,
}

impl Sections {
    fn add(&mut self, known: &BTreeMap<String, String>, name: &'static str, section: &impl Serialize) -> Result<()> {
        let value = serde_json::to_value(section).map_err(crate::Error::internal)?;
        let text = value.to_string();
        let mut revision = data_encoding::HEXLOWER.encode(&Sha256::digest(text.as_bytes()));
        revision.truncate(16);
        if known.get(name) != Some(&revision) {
            if text.len() > MAX_BYTES {
                self.too_long.push(name);
            } else {
                self.changed.insert(name, value);
            }
        }
        self.revisions.insert(name, revision);
        Ok(())
    }
}

/// Sections of the actor; `known` are the revisions that the client has, `team` narrows the sidebar and drafts to one team.
pub async fn changed(
    site: &Site,
    conn: &mut Conn,
    actor: &Actor,
    team: &str,
    known: &BTreeMap<String, String>,
) -> Result<Sections> {
    let user = actor.user_id.as_str();
    let mut sections = Sections::default();
    sections.add(known, "preferences", &preferences::of_user(conn, user).await?)?;
    let mut roles: Vec<Role> = site.roles.roles().all().cloned().collect();
    roles.sort_by(|a, b| a.name.cmp(&b.name));
    sections.add(known, "roles", &roles)?;
    sections.add(known, "groups", &groups::of_user(conn, user).await?)?;
    let all = teams::seen_of_user(conn, actor, user).await?;
    sections.add(known, "teams", &all)?;
    sections.add(known, "team_members", &teams::memberships(conn, user).await?)?;
    let mut sidebars: BTreeMap<&str, SidebarCategories> = BTreeMap::new();
    // Drafts of direct messages are among those of every team.
    let mut unsent: BTreeMap<(String, String), Draft> = BTreeMap::new();
    for one in all.iter().filter(|t| team.is_empty() || t.id == team) {
        sidebars.insert(&one.id, sidebar::of_team(conn, user, &one.id).await?);
        let found = drafts::of_team(conn, user, &one.id).await?;
        unsent.extend(found.into_iter().map(|d| ((d.channel_id.clone(), d.root_id.clone()), d)));
    }
    sections.add(known, "categories", &sidebars)?;
    sections.add(known, "drafts", &unsent.into_values().collect::<Vec<_>>())?;
    sections.add(known, "config", &system::told_here(site, &site.config()))?;
    sections.add(known, "license", &system::licence_for(site, Some(actor)))?;
    Ok(sections)
}
