//! Groups that another program keeps, such as a directory: it makes them here, says who is in them, and takes them away.

use super::{link_store, store};
use crate::{Result, Site, users};
use db::{Conn, Tx};
use std::collections::BTreeSet;
use wire::{Event, Group, GroupMember};

/// Most signs of a name, with room for a number.
const NAME: usize = 56;

/// A word that a group can be mentioned by.
fn slug(display_name: &str) -> String {
    let allowed = |c: char| if c.is_ascii_lowercase() || c.is_ascii_digit() || c == '.' { c } else { '-' };
    let name: String = display_name.trim().to_lowercase().chars().map(allowed).take(NAME).collect();
    let name = name.trim_matches(['-', '.']);
    if name.is_empty() { "group".into() } else { name.to_owned() }
}

async fn free_name(conn: &mut Conn, display_name: &str) -> Result<String> {
    let wanted = slug(display_name);
    let mut name = wanted.clone();
    let mut number = 1;
    while super::RESERVED.contains(&name.as_str())
        || store::by_name(conn, &name).await?.is_some()
        || !users::by_usernames(conn, std::slice::from_ref(&name)).await?.is_empty()
    {
        number += 1;
        name = format!("{wanted}-{number}");
    }
    Ok(name)
}

/// The group that `source` knows by `remote_id`: made, brought back, or under its new name.
///
/// # Errors
/// When the database fails.
pub async fn link(site: &Site, tx: &mut Tx, source: &str, remote_id: &str, display_name: &str) -> Result<Group> {
    let now = site.clock.now_ms();
    let display_name: String = display_name.chars().take(128).collect();
    let group = match by_remote(tx, source, remote_id).await? {
        Some(group) if group.delete_at == 0 && group.display_name == display_name => return Ok(group),
        Some(old) => {
            let group = Group { display_name, delete_at: 0, update_at: now, ..old };
            store::update(tx, &group).await?;
            group
        }
        None => {
            let group = Group {
                id: kit::id::new(),
                name: free_name(tx, &display_name).await?,
                display_name,
                source: source.into(),
                remote_id: Some(remote_id.into()),
                create_at: now,
                update_at: now,
                ..Group::default()
            };
            store::insert(tx, &group).await?;
            group
        }
    };
    super::change::say(site, tx, group).await
}

/// Takes the group away; it is archived, and its links bring nobody any more. Whether it was there.
///
/// # Errors
/// When the database fails.
pub async fn unlink(site: &Site, tx: &mut Tx, source: &str, remote_id: &str) -> Result<bool> {
    let Some(group) = by_remote(tx, source, remote_id).await?.filter(|g| g.delete_at == 0) else { return Ok(false) };
    let now = site.clock.now_ms();
    let group = Group { delete_at: now, update_at: now, ..group };
    store::update(tx, &group).await?;
    super::change::say(site, tx, group).await?;
    Ok(true)
}

/// The group that `source` knows by `remote_id`, archived or not.
///
/// # Errors
/// When the database fails.
pub async fn by_remote(conn: &mut Conn, source: &str, remote_id: &str) -> Result<Option<Group>> {
    Ok(store::by_remote(conn, source, remote_id).await?)
}

/// Every group of `source` that is not archived.
///
/// # Errors
/// When the database fails.
pub async fn all(conn: &mut Conn, source: &str) -> Result<Vec<Group>> {
    Ok(store::of_source(conn, source).await?)
}

async fn put_in(site: &Site, tx: &mut Tx, group: &str, user: &str) -> Result<()> {
    let now = site.clock.now_ms();
    if store::join(tx, group, user, now).await? {
        let member =
            GroupMember { group_id: group.into(), user_id: user.into(), create_at: now, ..GroupMember::default() };
        site.emit(tx, Event::new("group_member_add").with_encoded("group_member", &member).to_user(user));
    }
    Ok(())
}

async fn take_out(site: &Site, tx: &mut Tx, group: &str, user: &str) -> Result<()> {
    if let Some(member) = store::leave(tx, group, user, site.clock.now_ms()).await? {
        link_store::forget_leaver(tx, group, user).await?;
        site.emit(tx, Event::new("group_member_deleted").with_encoded("group_member", &member).to_user(user));
    }
    Ok(())
}

/// Makes `wanted` the members of the group; how many came and went.
///
/// # Errors
/// When the database fails.
pub async fn set_members(site: &Site, tx: &mut Tx, group: &str, wanted: &BTreeSet<String>) -> Result<(usize, usize)> {
    let known: BTreeSet<String> = store::everybody(tx, group).await?.into_iter().collect();
    for user in wanted.difference(&known) {
        put_in(site, tx, group, user).await?;
    }
    for user in known.difference(wanted) {
        take_out(site, tx, group, user).await?;
    }
    Ok((wanted.difference(&known).count(), known.difference(wanted).count()))
}

/// Makes `wanted` the groups of `source` that the user is in.
///
/// # Errors
/// When the database fails.
pub async fn set_groups(site: &Site, tx: &mut Tx, source: &str, user: &str, wanted: &BTreeSet<String>) -> Result<()> {
    let all: Vec<Group> = store::of_user(tx, user).await?.into_iter().filter(|g| g.source == source).collect();
    for group in all.iter().filter(|g| !wanted.contains(&g.id)) {
        take_out(site, tx, &group.id, user).await?;
    }
    for group in wanted {
        put_in(site, tx, group, user).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::slug;

    #[test]
    fn a_directorys_name_becomes_a_word() {
        for (name, word) in [("Field Team", "field-team"), (" R&D ", "r-d"), ("Ärzte", "rzte"), ("§", "group")] {
            assert_eq!(slug(name), word);
        }
    }
}
