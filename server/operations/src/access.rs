//! Who may administer: one question, asked by every route of this crate.

use chat::roles::{self, Permission};
use chat::{Actor, Error, Result};

/// Lets through whoever holds any of these permissions for the whole site.
///
/// # Errors
/// 403.
pub fn require(actor: &Actor, any_of: &[&'static str]) -> Result<()> {
    let allowed = actor.is_system_admin() || any_of.iter().any(|p| roles::system_can(actor, Permission(p)));
    if allowed { Ok(()) } else { Err(Error::forbidden()) }
}

/// The permission that administrators alone have.
///
/// # Errors
/// 403.
pub fn require_admin(actor: &Actor) -> Result<()> {
    require(actor, &["manage_system"])
}
