//! Which permissions channel moderation is about.

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
}

fn is_moderated(permission: &str) -> bool {
    ALL.iter().any(|m| m.public.contains(&permission) || m.private.contains(&permission))
}

/// What the role `own` of a channel's scheme allows under `above`, the role that it stands for: what moderation is about
/// when both do, everything else as above.
pub fn below(own: &[String], above: &[String]) -> Vec<String> {
    above.iter().filter(|p| !is_moderated(p) || own.contains(p)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_takes_away_and_never_adds() {
        let list = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>();
        let above = list(&["read_channel", "create_post", "add_reaction"]);
        assert_eq!(below(&list(&["create_post", "use_channel_mentions"]), &above), ["read_channel", "create_post"]);
        assert_eq!(below(&[], &above), ["read_channel"]);
    }
}
