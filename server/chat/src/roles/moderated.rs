//! What channel moderation is about, and what it comes to.
//!
//! A moderated channel has a scheme of its own, whose roles say what moderation has left. The roles above it, of the team's
//! scheme or the built-in ones, decide everything else, and what they do not allow no channel allows.

use wire::{ChannelModeratedRole, ChannelModeratedRoles, ChannelModeration};

/// A thing that members of a channel can be kept from, as clients name it.
#[derive(Clone, Copy, Debug)]
pub struct Moderated {
    pub name: &'static str,
    /// In a public channel.
    pub public: &'static [&'static str],
    /// In a private channel.
    pub private: &'static [&'static str],
    /// Whether it is decided for guests too.
    pub guests: bool,
}

/// In the order in which clients show them.
pub const ALL: [Moderated; 5] = [
    Moderated { name: "create_post", public: &["create_post"], private: &["create_post"], guests: true },
    Moderated {
        name: "create_reactions",
        public: &["add_reaction", "remove_reaction"],
        private: &["add_reaction", "remove_reaction"],
        guests: true,
    },
    Moderated {
        name: "manage_members",
        public: &["manage_public_channel_members"],
        private: &["manage_private_channel_members"],
        guests: false,
    },
    Moderated {
        name: "use_channel_mentions",
        public: &["use_channel_mentions"],
        private: &["use_channel_mentions"],
        guests: true,
    },
    Moderated {
        name: "manage_bookmarks",
        public: &[
            "add_bookmark_public_channel",
            "edit_bookmark_public_channel",
            "delete_bookmark_public_channel",
            "order_bookmark_public_channel",
        ],
        private: &[
            "add_bookmark_private_channel",
            "edit_bookmark_private_channel",
            "delete_bookmark_private_channel",
            "order_bookmark_private_channel",
        ],
        guests: false,
    },
];

impl Moderated {
    /// The permissions that this is about in a channel of `kind`.
    pub fn permissions(&self, kind: &str) -> &'static [&'static str] {
        if kind == "O" { self.public } else { self.private }
    }

    /// The permissions that this is about in any channel.
    fn everywhere(&self) -> impl Iterator<Item = &'static str> {
        self.public.iter().chain(self.private).copied()
    }

    fn is_in(&self, kind: &str, role: &[String]) -> bool {
        self.permissions(kind).iter().any(|p| role.iter().any(|r| r == p))
    }
}

fn is_moderated(permission: &str) -> bool {
    ALL.iter().any(|m| m.everywhere().any(|p| p == permission))
}

/// What the role `own` of a channel's scheme allows under `above`, the role that it stands for: what moderation is about
/// when both do, everything else as above.
pub fn below(own: &[String], above: &[String]) -> Vec<String> {
    above.iter().filter(|p| !is_moderated(p) || own.contains(p)).cloned().collect()
}

/// A role from which moderation has taken nothing.
pub fn untouched() -> Vec<String> {
    let mut all: Vec<String> = ALL.iter().flat_map(Moderated::everywhere).map(str::to_owned).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// Whether moderation has taken nothing from `own`; from guests only what is decided for them can be taken.
pub fn is_untouched(own: &[String], guests: bool) -> bool {
    let decided = ALL.iter().filter(|m| m.guests || !guests);
    decided.flat_map(Moderated::everywhere).all(|p| own.iter().any(|o| o == p))
}

/// Allows or takes `what` in the role `own`, in public and in private channels, so that a channel which is converted keeps
/// its moderation. What the role above does not allow in a channel of `kind` is not the channel's to decide: it stays.
pub fn decide(own: &mut Vec<String>, above: &[String], kind: &str, what: &Moderated, allow: bool) {
    if !what.is_in(kind, above) {
        return;
    }
    own.retain(|p| !what.everywhere().any(|w| w == p));
    if allow {
        own.extend(what.everywhere().map(str::to_owned));
        own.sort_unstable();
        own.dedup();
    }
}

/// Roles of guests and of members.
#[derive(Clone, Copy, Debug)]
pub struct Pair<'a> {
    pub guests: &'a [String],
    pub members: &'a [String],
}

/// What clients are shown of a channel of `kind`: `effective` is what its roles come to, `above` the roles over them.
pub fn shown(kind: &str, effective: Pair<'_>, above: Pair<'_>) -> Vec<ChannelModeration> {
    let role = |what: &Moderated, effective: &[String], above: &[String]| ChannelModeratedRole {
        value: what.is_in(kind, effective),
        enabled: what.is_in(kind, above),
    };
    let entry = |what: &Moderated| ChannelModeration {
        name: what.name.into(),
        roles: ChannelModeratedRoles {
            guests: what.guests.then(|| role(what, effective.guests, above.guests)),
            members: role(what, effective.members, above.members),
        },
    };
    ALL.iter().map(entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::{BTreeMap, BTreeSet};

    #[test]
    fn a_channel_takes_away_and_never_adds() {
        let list = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>();
        let above = list(&["read_channel", "create_post", "add_reaction"]);
        assert_eq!(below(&list(&["create_post", "use_channel_mentions"]), &above), ["read_channel", "create_post"]);
        assert_eq!(below(&[], &above), ["read_channel"]);
    }

    /// What an administrator does, to the site's roles or to the channel.
    #[derive(Clone, Debug)]
    enum Step {
        /// Writes under the role above.
        Above {
            permission: usize,
            on: bool,
        },
        Moderate {
            what: usize,
            allow: bool,
        },
        Convert,
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            (0..untouched().len(), any::<bool>()).prop_map(|(permission, on)| Step::Above { permission, on }),
            (0..ALL.len(), any::<bool>()).prop_map(|(what, allow)| Step::Moderate { what, allow }),
            Just(Step::Convert),
        ];
        proptest::collection::vec(step, 0..60)
    }

    proptest! {
        /// The model: each thing is allowed until somebody who could decide took it, and a member has a permission exactly
        /// when both the role above and the moderation allow it. A scheme that says nothing is removed, and nobody notices.
        #[test]
        fn a_permission_is_there_when_both_allow_it(steps in steps()) {
            let every = untouched();
            let mut above: BTreeSet<String> = every.iter().cloned().chain(["read_channel".to_owned()]).collect();
            let mut taken: BTreeMap<&str, bool> = BTreeMap::new();
            let mut kind = "O";
            let mut own: Option<Vec<String>> = None;
            for step in steps {
                match step {
                    Step::Above { permission, on: true } => { above.insert(every[permission].clone()); }
                    Step::Above { permission, on: false } => { above.remove(&every[permission]); }
                    Step::Convert => kind = if kind == "O" { "P" } else { "O" },
                    Step::Moderate { what, allow } => {
                        let what = &ALL[what];
                        let list: Vec<String> = above.iter().cloned().collect();
                        let mut role = own.take().unwrap_or_else(untouched);
                        decide(&mut role, &list, kind, what, allow);
                        own = (!is_untouched(&role, false)).then_some(role);
                        if what.permissions(kind).iter().any(|p| above.contains(*p)) {
                            taken.insert(what.name, !allow);
                        }
                    }
                }
                let list: Vec<String> = above.iter().cloned().collect();
                let effective = own.as_ref().map_or_else(|| list.clone(), |own| below(own, &list));
                for what in &ALL {
                    let allowed = !taken.get(what.name).copied().unwrap_or_default();
                    for permission in what.everywhere() {
                        let there = effective.iter().any(|p| p == permission);
                        prop_assert_eq!(there, above.contains(permission) && allowed, "{}", permission);
                    }
                }
                prop_assert!(effective.iter().any(|p| p == "read_channel"), "the rest is as above");
                let (effective, above) = (Pair { guests: &[], members: &effective }, Pair { guests: &[], members: &list });
                for entry in shown(kind, effective, above) {
                    prop_assert!(entry.roles.members.enabled || !entry.roles.members.value, "{:?}", entry);
                }
            }
        }
    }
}
