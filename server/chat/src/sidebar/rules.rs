//! What a sidebar looks like, from what is stored and which channels there are. No I/O.

use std::collections::{HashMap, HashSet};
use wire::{Channel, SidebarCategories, SidebarCategory};

/// Type, name and place of the categories that everybody has.
pub const BUILT_IN: [(&str, &str, i64); 3] =
    [("favorites", "Favorites", 0), ("channels", "Channels", 10), ("direct_messages", "Direct Messages", 20)];

/// Distance between two categories in the stored order.
pub const STEP: i64 = 10;

/// A channel that a user put somewhere; the order of a list of these is the order in the sidebar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    pub channel_id: String,
    pub category_id: String,
}

/// The id of a built-in category.
pub fn built_in_id(kind: &str, user: &str, team: &str) -> String {
    format!("{kind}_{user}_{team}")
}

/// A built-in category as it is before the user changes it.
pub fn built_in(kind: &str, display_name: &str, sort_order: i64, user: &str, team: &str) -> SidebarCategory {
    SidebarCategory {
        id: built_in_id(kind, user, team),
        user_id: user.into(),
        team_id: team.into(),
        sort_order,
        sorting: if kind == "direct_messages" { "recent" } else { "" }.into(),
        kind: kind.into(),
        display_name: display_name.into(),
        ..SidebarCategory::default()
    }
}

/// The whole sidebar: stored categories, the built-in ones that are not stored, and every live channel exactly once.
pub fn assemble(
    user: &str,
    team: &str,
    stored: Vec<SidebarCategory>,
    placed: &[Placed],
    channels: &[Channel],
) -> SidebarCategories {
    let mut categories = stored;
    for (kind, name, place) in BUILT_IN {
        if !categories.iter().any(|c| c.kind == kind) {
            categories.push(built_in(kind, name, place, user, team));
        }
    }
    categories.sort_by_key(|c| c.sort_order);
    let live: HashMap<&str, &Channel> = channels
        .iter()
        .filter(|c| c.delete_at == 0 && (c.team_id == team || c.team_id.is_empty()))
        .map(|c| (c.id.as_str(), c))
        .collect();
    let mut seen = HashSet::new();
    for place in placed.iter().filter(|p| live.contains_key(p.channel_id.as_str())) {
        if let Some(category) = categories.iter_mut().find(|c| c.id == place.category_id) {
            if seen.insert(place.channel_id.clone()) {
                category.channel_ids.push(place.channel_id.clone());
            }
        }
    }
    let mut rest: Vec<&Channel> = live.into_values().filter(|c| !seen.contains(&c.id)).collect();
    rest.sort_by_key(|c| (c.display_name.to_lowercase(), c.id.clone()));
    for channel in rest {
        let home = if channel.team_id.is_empty() { "direct_messages" } else { "channels" };
        if let Some(category) = categories.iter_mut().find(|c| c.kind == home) {
            category.channel_ids.push(channel.id.clone());
        }
    }
    SidebarCategories { order: categories.iter().map(|c| c.id.clone()).collect(), categories }
}

/// What of `wanted` a user may change of `current`: built-in categories keep their name, favourites are never muted.
pub fn changed(current: &SidebarCategory, wanted: &SidebarCategory, mine: &HashSet<String>) -> SidebarCategory {
    let mut next = current.clone();
    if current.kind == "custom" && !wanted.display_name.trim().is_empty() {
        next.display_name = wanted.display_name.trim().chars().take(64).collect();
    }
    if ["", "alpha", "recent", "manual"].contains(&wanted.sorting.as_str()) {
        next.sorting.clone_from(&wanted.sorting);
    }
    next.collapsed = wanted.collapsed;
    next.muted = wanted.muted && current.kind != "favorites";
    let mut seen = HashSet::new();
    next.channel_ids =
        wanted.channel_ids.iter().filter(|id| mine.contains(*id) && seen.insert((*id).clone())).cloned().collect();
    next
}

/// Channels that become muted (true) or heard again (false) because their category did, or because they moved.
pub fn muting(before: &[SidebarCategory], after: &[SidebarCategory]) -> Vec<(String, bool)> {
    let muted = |all: &[SidebarCategory]| -> HashMap<String, bool> {
        all.iter().flat_map(|c| c.channel_ids.iter().map(|id| (id.clone(), c.muted))).collect()
    };
    let was = muted(before);
    let mut changed: Vec<(String, bool)> =
        muted(after).into_iter().filter(|(id, now)| was.get(id).copied().unwrap_or(false) != *now).collect();
    changed.sort_unstable();
    changed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn channel(id: &str, team: &str, name: &str) -> Channel {
        Channel { id: id.into(), team_id: team.into(), display_name: name.into(), ..Channel::default() }
    }

    fn own(id: &str, place: i64) -> SidebarCategory {
        SidebarCategory { id: id.into(), kind: "custom".into(), sort_order: place, ..SidebarCategory::default() }
    }

    fn ids(sidebar: &SidebarCategories, category: &str) -> Vec<String> {
        sidebar.categories.iter().find(|c| c.id == category).unwrap().channel_ids.clone()
    }

    #[test]
    fn every_channel_has_exactly_one_place() {
        let channels = [
            channel("z", "t", "Zebra"),
            channel("a", "t", "Apple"),
            channel("d", "", "Ana"),
            channel("elsewhere", "t2", "Other team"),
        ];
        let placed = [("z", "mine"), ("z", "favorites_u_t"), ("gone", "mine"), ("a", "deleted category")]
            .map(|(c, to)| Placed { channel_id: c.into(), category_id: to.into() });
        let sidebar = assemble("u", "t", vec![own("mine", 5)], &placed, &channels);
        assert_eq!(sidebar.order, ["favorites_u_t", "mine", "channels_u_t", "direct_messages_u_t"]);
        assert_eq!(ids(&sidebar, "mine"), ["z"]);
        assert_eq!(ids(&sidebar, "channels_u_t"), ["a"]);
        assert_eq!(ids(&sidebar, "direct_messages_u_t"), ["d"]);
        assert!(ids(&sidebar, "favorites_u_t").is_empty());
    }

    #[test]
    fn a_muted_category_mutes_what_is_in_it_and_what_moves_there() {
        let with = |id: &str, muted: bool, channels: &[&str]| SidebarCategory {
            muted,
            channel_ids: channels.iter().map(|c| (*c).into()).collect(),
            ..own(id, 0)
        };
        let before = [with("quiet", true, &["a"]), with("loud", false, &["b", "c"])];
        let after = [with("quiet", true, &["a", "b"]), with("loud", false, &["c"])];
        assert_eq!(muting(&before, &after), [("b".to_owned(), true)]);
        let unmuted = [with("quiet", false, &["a"]), with("loud", false, &["b", "c"])];
        assert_eq!(muting(&before, &unmuted), [("a".to_owned(), false)]);
    }

    #[test]
    fn built_in_categories_keep_their_name() {
        let mine = HashSet::from(["a".to_owned()]);
        let wanted = SidebarCategory {
            display_name: "Mine".into(),
            muted: true,
            sorting: "rubbish".into(),
            channel_ids: vec!["a".into(), "a".into(), "foreign".into()],
            ..SidebarCategory::default()
        };
        let next = changed(&built_in("favorites", "Favorites", 0, "u", "t"), &wanted, &mine);
        assert_eq!((next.display_name.as_str(), next.muted, next.sorting.as_str()), ("Favorites", false, ""));
        assert_eq!(next.channel_ids, ["a"]);
        assert_eq!(changed(&own("x", 1), &wanted, &mine).display_name, "Mine");
    }
}
