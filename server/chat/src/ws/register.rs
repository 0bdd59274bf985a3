//! Who is connected, and which channels and teams each is in.

use super::connection::Connection;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use wire::Event;

/// Shared text: the same ids stand in many lists.
pub type Id = Arc<str>;

/// What a user's place in the site lets events through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Gets what is for administrators only.
    pub administers: bool,
    /// A guest: hears only of people in the own channels.
    pub sees_few: bool,
}

#[derive(Default)]
pub struct User {
    pub connections: Vec<Arc<Connection>>,
    pub channels: HashSet<Id>,
    pub teams: HashSet<Id>,
    pub standing: Standing,
    /// Connections whose places are being read, and what the user left meanwhile.
    pub arriving: usize,
    pub left: HashSet<String>,
}

#[derive(Default)]
pub struct Register {
    pub connections: HashMap<Id, Arc<Connection>>,
    pub users: HashMap<Id, User>,
    /// Connected members only.
    pub channels: HashMap<Id, HashSet<Id>>,
    pub teams: HashMap<Id, HashSet<Id>>,
    /// Connected users who do not see everybody.
    pub guests: BTreeSet<Id>,
}

#[derive(Clone, Copy)]
pub enum Place {
    Channel,
    Team,
}

impl Register {
    pub fn receivers(&self, event: &Event) -> Vec<Arc<Connection>> {
        let to = &event.broadcast;
        let mut found = Vec::new();
        let mut add = |user: &User| {
            found.extend(user.connections.iter().filter(|c| c.wants(event, user.standing)).cloned());
        };
        if !to.connection_id.is_empty() {
            let one = self.connections.get(to.connection_id.as_str());
            let standing = one.and_then(|c| self.users.get(&c.user_id)).map_or_else(Standing::default, |u| u.standing);
            return one.filter(|c| c.wants(event, standing)).cloned().into_iter().collect();
        }
        if !to.user_id.is_empty() {
            self.users.get(to.user_id.as_str()).into_iter().for_each(add);
        } else if !to.channel_id.is_empty() || !to.team_id.is_empty() {
            let members = if to.channel_id.is_empty() {
                self.teams.get(to.team_id.as_str())
            } else {
                self.channels.get(to.channel_id.as_str())
            };
            members.into_iter().flatten().filter_map(|id| self.users.get(id)).for_each(add);
        } else {
            self.users.values().for_each(&mut add);
        }
        found
    }

    fn places(&mut self, kind: Place) -> &mut HashMap<Id, HashSet<Id>> {
        match kind {
            Place::Channel => &mut self.channels,
            Place::Team => &mut self.teams,
        }
    }

    pub fn join(&mut self, kind: Place, id: &str, user_id: &str) {
        let Some(user_id) = self.users.get_key_value(user_id).map(|(id, _)| id.clone()) else { return };
        let places = self.places(kind);
        let id: Id = places.get_key_value(id).map_or_else(|| id.into(), |(id, _)| id.clone());
        places.entry(id.clone()).or_default().insert(user_id.clone());
        if let Some(user) = self.users.get_mut(&user_id) {
            user.left.remove(&*id);
            match kind {
                Place::Channel => user.channels.insert(id),
                Place::Team => user.teams.insert(id),
            };
        }
    }

    pub fn leave(&mut self, kind: Place, id: &str, user_id: &str) {
        let Some(user) = self.users.get_mut(user_id) else { return };
        match kind {
            Place::Channel => user.channels.remove(id),
            Place::Team => user.teams.remove(id),
        };
        if user.arriving > 0 {
            user.left.insert(id.to_owned());
        }
        let places = self.places(kind);
        if let Some(members) = places.get_mut(id) {
            members.remove(user_id);
            if members.is_empty() {
                places.remove(id);
            }
        }
    }

    pub fn set_standing(&mut self, user_id: &Id, standing: Standing) {
        if let Some(user) = self.users.get_mut(user_id) {
            user.standing = standing;
            if standing.sees_few {
                self.guests.insert(user_id.clone())
            } else {
                self.guests.remove(user_id)
            };
        }
    }

    pub fn forget(&mut self, connection: &Connection) {
        self.connections.remove(&connection.id);
        if let Some(user) = self.users.get_mut(&connection.user_id) {
            user.connections.retain(|c| c.id != connection.id);
        }
        self.forget_if_gone(&connection.user_id);
    }

    pub fn forget_if_gone(&mut self, user_id: &Id) {
        if self.users.get(user_id).is_none_or(|u| !u.connections.is_empty() || u.arriving > 0) {
            return;
        }
        let Some(user) = self.users.remove(user_id) else { return };
        self.guests.remove(user_id);
        for (places, of_user) in [(&mut self.channels, user.channels), (&mut self.teams, user.teams)] {
            for id in of_user {
                if let Some(members) = places.get_mut(&id) {
                    members.remove(user_id);
                    if members.is_empty() {
                        places.remove(&id);
                    }
                }
            }
        }
    }
}
