//! Accounts: who exists, what others may see of them, and the bots of the products.

mod admin;
mod avatar;
mod bots;
mod conversion;
mod create;
pub(crate) mod credentials;
mod guests;
mod portrait;
mod read;
mod remote;
mod rules;
pub mod sight;
mod store;
mod token_store;
mod tokens;
mod typing;
mod update;
pub mod vouched;
mod wanted;

pub use admin::turn;
pub(crate) use admin::{announce, leave_bots, no_admin_left, require_an_admin_left};
pub(crate) use create::guest_by_mail;
pub use create::{Newcomer, default_notify_props, default_timezone, ensure_bot, make_for_service};
pub use portrait::set_picture;
pub use remote::{admit_remote, portrait, update_remote};
pub(crate) use rules::{check_email, check_password};
pub use store::{
    admin_ids, by_auth, by_ids, by_login, by_usernames, count, count_people, get, of_service, search, set_props,
};

use crate::{Actor, Error, Result, Site, unoffered};
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get as GET, post, put};
use wire::User;

/// Resolves `me`; another user's id is allowed for system admins only.
///
/// # Errors
/// 403 for another user, 400 for what is no id.
pub fn me_or(actor: &Actor, user_id: &str) -> Result<String> {
    match user_id {
        "me" => Ok(actor.user_id.clone()),
        id if !kit::id::is_valid(id) => Err(Error::invalid(
            "api.context.invalid_url_param.app_error",
            "Invalid or missing user_id parameter in request URL.",
        )),
        id if id == actor.user_id || actor.is_system_admin() => Ok(id.to_owned()),
        _ => Err(Error::forbidden()),
    }
}

/// What `actor` may see of `user`: others' private fields are cleared.
pub fn sanitized(mut user: User, actor: &Actor) -> User {
    if user.id != actor.user_id && !actor.is_system_admin() {
        user.auth_data = String::new();
        user.notify_props = None;
        user.last_password_update = 0;
        user.failed_attempts = 0;
        user.last_login = 0;
        user.mfa_active = false;
        if !actor.privacy.show_email {
            user.email = String::new();
        }
        if !actor.privacy.show_full_name {
            user.first_name = String::new();
            user.last_name = String::new();
        }
    }
    user
}

/// The time zone that a user chose or whose device told, if it is known.
pub fn timezone(user: &User) -> Option<String> {
    let zone = user.timezone.as_ref()?;
    let automatic = zone.get("useAutomaticTimezone").is_none_or(|v| v == "true");
    let name = zone.get(if automatic { "automaticTimezone" } else { "manualTimezone" })?;
    (!name.is_empty()).then(|| name.clone())
}

/// An actor that acts as `user_id` inside this process (bots).
///
/// # Errors
/// 404 when there is no such user.
pub async fn actor_of(site: &Site, user_id: &str) -> Result<Actor> {
    let mut conn = site.db.read().await?;
    let user = get(&mut conn, user_id).await?.ok_or_else(missing)?;
    site.roles.refresh(&mut conn, site.clock.now_ms()).await?;
    Ok(Actor {
        book: site.roles.clone(),
        privacy: site.config().privacy,
        user_id: user.id,
        roles: user.roles.split_whitespace().map(str::to_owned).collect(),
        locale: user.locale,
        is_bot: user.is_bot,
        ..Actor::default()
    })
}

pub(crate) fn missing() -> Error {
    Error::not_found("app.user.missing_account.const", "Unable to find the user.")
}

/// Routes of this domain.
pub fn router() -> Router<Site> {
    Router::new()
        .route("/users", GET(read::list).post(create::handler))
        .route("/users/ids", post(read::ids))
        .route("/users/usernames", post(read::usernames))
        .route("/users/search", post(read::search))
        .route("/users/autocomplete", GET(read::autocomplete))
        .route("/users/stats", GET(read::stats))
        .route("/users/stats/filtered", GET(read::filtered_stats))
        .route("/users/known", GET(read::known))
        .route("/users/group_channels", post(read::group_channels))
        .route("/users/{user_id}", GET(read::one).put(update::replace).delete(admin::delete))
        .route("/users/{user_id}/active", put(admin::active))
        .route("/users/{user_id}/roles", put(admin::roles))
        .route("/users/{user_id}/demote", post(guests::demote))
        .route("/users/{user_id}/promote", post(guests::promote))
        .route("/users/{user_id}/tokens", GET(tokens::list).post(tokens::create))
        .route("/users/tokens", GET(tokens::all))
        .route("/users/tokens/{token_id}", GET(tokens::one))
        .route("/users/tokens/search", post(tokens::search))
        .route("/users/tokens/rotate", post(tokens::rotate))
        .route("/users/tokens/non_compliant/count", GET(tokens::count_non_compliant))
        .route("/users/tokens/non_compliant/revoke", post(tokens::revoke_non_compliant))
        .route("/users/tokens/revoke", post(tokens::revoke))
        .route("/users/tokens/disable", post(tokens::disable))
        .route("/users/tokens/enable", post(tokens::enable))
        .route("/bots", GET(bots::list).post(bots::create))
        .route("/bots/{user_id}", GET(bots::one).put(bots::patch))
        .route("/bots/{user_id}/disable", post(bots::disable))
        .route("/bots/{user_id}/enable", post(bots::enable))
        .route("/bots/{user_id}/assign/{owner_id}", post(bots::assign))
        .route("/bots/{user_id}/convert_to_user", post(conversion::convert_to_user))
        .route("/users/{user_id}/convert_to_bot", post(conversion::convert_to_bot))
        .route("/users/{user_id}/typing", post(typing::typing))
        .route("/users/{user_id}/patch", put(update::patch))
        .route("/users/{user_id}/password", put(update::password))
        .route(
            "/users/{user_id}/image",
            // The settings bound a picture, not the length of a JSON body.
            GET(avatar::image).post(portrait::upload).delete(portrait::delete).layer(DefaultBodyLimit::disable()),
        )
        .route("/users/{user_id}/image/default", GET(avatar::generated))
        // Not offered; without these lines they would be taken for users' ids.
        .route("/users/auth_data", GET(unoffered::unknown))
        .route("/users/invalid_emails", GET(unoffered::unknown))
        .route("/users/username/{username}", GET(read::by_username))
        .route("/users/email/{email}", GET(read::by_email))
}
