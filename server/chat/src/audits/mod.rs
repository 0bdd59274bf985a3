//! Who did what to which account, when and from where. Other domains write with [`record`].

mod routes;
mod store;

pub use routes::router;
pub(crate) use store::forget_before;

use crate::auth::Address;
use crate::{Actor, Result, Site};
use db::Tx;
use wire::Audit;

/// Longest detail that is kept, characters.
const MAX_INFO: usize = 1024;

/// Whoever an entry is about: the one who acted.
#[derive(Clone, Debug, Default)]
pub struct By {
    pub user_id: String,
    pub session_id: String,
    pub address: Address,
}

impl From<&Actor> for By {
    fn from(actor: &Actor) -> Self {
        Self { user_id: actor.user_id.clone(), session_id: actor.session_id.clone(), address: actor.address }
    }
}

/// Writes an entry; it is kept when `tx` is. `action` is the path of the call as the protocol names it, e.g.
/// `/api/v4/users/login`; `info` says the rest in `key=value` words and never holds a secret.
///
/// # Errors
/// When the database fails.
pub async fn record(site: &Site, tx: &mut Tx, by: impl Into<By>, action: &str, info: &str) -> Result<()> {
    let by = by.into();
    let entry = Audit {
        id: kit::id::new(),
        create_at: site.clock.now_ms(),
        user_id: by.user_id,
        action: action.to_owned(),
        extra_info: info.chars().take(MAX_INFO).collect(),
        ip_address: by.address.to_string(),
        session_id: by.session_id,
    };
    Ok(store::insert(tx, &entry).await?)
}
