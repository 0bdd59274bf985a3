//! Schemes that come from another site: known by their names, with the permissions of their roles.

use super::{ROLES, check, make, store};
use crate::{Error, Result, Site, roles};
use db::Tx;
use std::collections::BTreeMap;
use wire::Scheme;

/// Permissions of the roles of a scheme, by the built-in role that each stands for.
pub type Permissions = BTreeMap<String, Vec<String>>;

/// The roles of a scheme: which built-in role each stands for, and its name.
pub fn roles_of(scheme: &Scheme) -> Vec<(&'static str, String)> {
    let mut scheme = scheme.clone();
    let named = ROLES.iter().map(|(built_in, _, _, place)| (*built_in, std::mem::take(place(&mut scheme))));
    named.filter(|(_, name)| !name.is_empty()).collect()
}

/// Makes the scheme, or brings the one of this name in line with it. A role that `permissions` says nothing of stays as it
/// is. The caller says [`roles::Book::changed`] when all are there.
///
/// # Errors
/// 400 for a scheme that cannot be, or that was deleted here or is of another scope.
pub async fn bring(site: &Site, tx: &mut Tx, new: Scheme, permissions: &Permissions) -> Result<Scheme> {
    let Some(old) = store::by_name(tx, &new.name).await? else {
        return make(site, tx, new, None, |role| permissions.get(role).cloned()).await;
    };
    if old.delete_at != 0 || old.scope != new.scope {
        let why = if old.delete_at != 0 { "was deleted here" } else { "is of another scope here" };
        let message = format!("The scheme {} {why}.", new.name);
        return Err(Error::invalid("app.import.import_scheme.scope_change.error", message));
    }
    let now = site.clock.now_ms();
    let scheme = Scheme { display_name: new.display_name, description: new.description, update_at: now, ..old };
    check(&scheme)?;
    store::update(tx, &scheme).await?;
    for (built_in, name) in roles_of(&scheme) {
        let Some(permissions) = permissions.get(built_in) else { continue };
        let Some(mut role) = roles::by_name(tx, &name).await? else { continue };
        role.permissions.clone_from(permissions);
        role.update_at = now;
        roles::update(tx, &role).await?;
    }
    Ok(scheme)
}
