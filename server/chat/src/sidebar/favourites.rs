//! Favourites are kept twice: as a category, and as a preference that older clients read and write. Both follow each other.

use super::{rules, store};
use crate::{Result, Site, channels, preferences, teams};
use db::Tx;
use std::collections::HashSet;
use wire::{Event, Preference, SidebarCategory};

/// Category of the preferences; their name is a channel id.
pub const CATEGORY: &str = "favorite_channel";

/// Writes and deletes preferences for channels that came into or left the favourites.
pub async fn follow_categories(
    site: &Site,
    tx: &mut Tx,
    user: &str,
    before: &[SidebarCategory],
    after: &[SidebarCategory],
) -> Result<()> {
    let favourites = |all: &[SidebarCategory]| -> HashSet<String> {
        all.iter().filter(|c| c.kind == "favorites").flat_map(|c| c.channel_ids.clone()).collect()
    };
    let (was, is) = (favourites(before), favourites(after));
    let preference = |id: &String| Preference {
        user_id: user.into(),
        category: CATEGORY.into(),
        name: id.clone(),
        value: "true".into(),
    };
    let added: Vec<Preference> = is.difference(&was).map(preference).collect();
    let removed: Vec<Preference> = was.difference(&is).map(preference).collect();
    for p in &added {
        preferences::set(tx, p).await?;
    }
    for p in &removed {
        preferences::unset(tx, p).await?;
    }
    for (event, list) in [("preferences_changed", added), ("preferences_deleted", removed)] {
        if !list.is_empty() {
            site.emit(tx, Event::new(event).with_encoded("preferences", &list).to_user(user));
        }
    }
    Ok(())
}

/// Puts a channel into the favourites or takes it out, because a client wrote the preference.
///
/// # Errors
/// When the database fails.
pub async fn follow_preference(tx: &mut Tx, user: &str, channel_id: &str, favourite: bool) -> Result<()> {
    let Some(channel) = channels::get(tx, channel_id).await? else { return Ok(()) };
    // Direct and group channels are in the sidebar of every team.
    let teams = if channel.team_id.is_empty() { teams::ids_of(tx, user).await? } else { vec![channel.team_id] };
    for team in teams {
        let id = rules::built_in_id("favorites", user, &team);
        if favourite {
            store::ensure_built_in(tx, user, &team).await?;
            let placed = store::placed(tx, user, &team).await?;
            let mut inside: Vec<String> =
                placed.into_iter().filter(|p| p.category_id == id).map(|p| p.channel_id).collect();
            if !inside.iter().any(|c| c == channel_id) {
                inside.insert(0, channel_id.to_owned());
                store::fill(tx, user, &team, &id, &inside).await?;
            }
        } else {
            store::take_out(tx, user, &team, &id, channel_id).await?;
        }
    }
    Ok(())
}
