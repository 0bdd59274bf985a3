//! The roles in memory: read on every request, replaced when a role or a scheme changes here, and read again when another
//! server changed one.

use super::{Permission, moderated, store};
use db::{Conn, Tx};
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, PoisonError, RwLock};
use wire::Role;

/// After this many milliseconds a server looks whether another one changed a role.
const LOOK_AGAIN_MS: i64 = 5_000;

/// Every role as it was at one moment.
#[derive(Debug, Default)]
pub struct Roles {
    by_name: HashMap<String, (Role, HashSet<String>)>,
    version: String,
}

impl Roles {
    /// `higher` names, for the role of a channel's own scheme, the role that the channel would have without it: that one
    /// decides all that channel moderation does not, and nothing is allowed beyond it. They are several when channels of
    /// teams with different schemes share one; then each of them must allow.
    pub(crate) fn new(all: Vec<Role>, higher: &HashMap<String, Vec<String>>, version: String) -> Self {
        let stored: HashMap<&str, &Role> = all.iter().map(|r| (r.name.as_str(), r)).collect();
        let effective = |role: &Role| -> Vec<String> {
            let names = higher.get(&role.name).into_iter().flatten();
            let mut above = names.filter_map(|name| stored.get(name.as_str()));
            let Some(first) = above.next() else { return role.permissions.clone() };
            let begun = moderated::below(&role.permissions, &first.permissions);
            above.fold(begun, |left, next| left.into_iter().filter(|p| next.permissions.contains(p)).collect())
        };
        let with_set = |role: &Role| {
            let permissions = effective(role);
            let set = permissions.iter().cloned().collect();
            (role.name.clone(), (Role { permissions, ..role.clone() }, set))
        };
        Self { by_name: all.iter().map(with_set).collect(), version }
    }

    /// Whether any of the roles (names, with spaces between) grants `permission`. Administrators of the system may do
    /// everything, whatever is written under their role: nobody can lock the site.
    pub fn grant<'a>(&self, names: impl IntoIterator<Item = &'a str>, permission: Permission) -> bool {
        names.into_iter().any(|name| {
            name == super::SYSTEM_ADMIN || self.by_name.get(name).is_some_and(|(_, set)| set.contains(permission.0))
        })
    }

    /// The role as clients see it.
    pub fn get(&self, name: &str) -> Option<&Role> {
        self.by_name.get(name).map(|(role, _)| role)
    }

    /// Every role.
    pub fn all(&self) -> impl Iterator<Item = &Role> {
        self.by_name.values().map(|(role, _)| role)
    }
}

#[derive(Debug, Default)]
struct Kept {
    roles: Arc<Roles>,
    /// Milliseconds; 0 when nothing was read yet.
    looked_at: i64,
}

/// The site's current [`Roles`]; clones are the same book.
#[derive(Clone, Debug, Default)]
pub struct Book(Arc<RwLock<Kept>>);

impl Book {
    /// The roles as this server knows them.
    pub fn roles(&self) -> Arc<Roles> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).roles.clone()
    }

    /// The next question reads the roles again, however short ago that was done.
    pub fn look_again(&self) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).looked_at = 0;
    }

    /// Reads the roles when they were never read, or when another server changed them a while ago.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn refresh(&self, conn: &mut Conn, now: i64) -> db::Result<()> {
        let (looked_at, known) = {
            let kept = self.0.read().unwrap_or_else(PoisonError::into_inner);
            (kept.looked_at, kept.roles.version.clone())
        };
        if looked_at != 0 && now - looked_at < LOOK_AGAIN_MS {
            return Ok(());
        }
        let changed = looked_at == 0 || store::version(conn).await? != known;
        let roles = if changed { Some(store::load(conn).await?) } else { None };
        let mut kept = self.0.write().unwrap_or_else(PoisonError::into_inner);
        kept.looked_at = now;
        if let Some(roles) = roles {
            kept.roles = Arc::new(roles);
        }
        Ok(())
    }

    /// What `tx` wrote about roles and schemes holds here once it is committed, and other servers will notice.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn changed(&self, tx: &mut Tx) -> db::Result<Arc<Roles>> {
        store::new_version(tx).await?;
        let roles = Arc::new(store::load(tx).await?);
        let (book, next) = (self.clone(), roles.clone());
        tx.after_commit(move || {
            book.0.write().unwrap_or_else(PoisonError::into_inner).roles = next;
        });
        Ok(roles)
    }
}
