//! Logging in and out, second factors, and the sessions of a user.

mod address;
mod apps;
mod codes;
mod codes_by_mail;
mod device;
mod directory;
mod directory_switch;
mod entry;
mod lifetime;
mod links;
mod login;
mod magic;
mod mfa;
pub mod password;
mod services;
mod sessions;
mod settings;
mod throttle;

pub use address::Address;
pub use apps::{ForApp, open_to_apps, session_for_app};
pub(crate) use codes::forget_before as forget_codes_before;
pub use device::{NOTIFICATIONS_DISABLED, VOIP};
pub use directory::{Directory, Person};
pub use entry::{Entrance, cookies, enter, told};
pub use lifetime::{Times, keep_alive, run, sweep};
pub use links::{is_encrypted, link};
pub use magic::{SERVICE as MAGIC_SERVICE, path as magic_path};
pub use mfa::{mfa_is_missing, mfa_required, open_without_mfa};
pub use services::{BrowserLogin, Follow, LoginService, switch_to};
pub use sessions::{Made, bot_token, end, end_all, end_old_bot_sessions, end_others, set_roles};
pub use settings::Settings;
pub use throttle::Throttle;

use crate::Site;
use axum::Router;
use axum::routing::{get, post, put};

/// Routes of this domain.
pub fn router() -> Router<Site> {
    Router::new()
        .route("/users/login", post(login::login))
        .route("/users/login/type", post(magic::login_type))
        .route("/users/login/one_time_link", post(login::one_time_link))
        .route("/users/login/switch", post(services::switch))
        .route("/users/{user_id}/auth", put(services::set))
        .route("/users/password/reset", post(codes::reset))
        .route("/users/password/reset/send", post(codes_by_mail::send_reset))
        .route("/muster/users/{user_id}/password_reset", post(codes::make_reset))
        .route("/users/email/verify", post(codes::verify))
        .route("/users/email/verify/send", post(codes_by_mail::send_verification))
        .route("/users/{user_id}/email/verify/member", post(codes::verify_member))
        .route("/users/{user_id}/mfa", put(mfa::set))
        .route("/users/{user_id}/mfa/generate", post(mfa::generate))
        .route("/users/{user_id}/reset_failed_attempts", post(login::reset_failed_attempts))
        .route("/users/sessions/device", put(device::attach))
        .route("/users/sessions/revoke/all", post(sessions::revoke_everybodys))
        .route("/users/logout", post(login::logout))
        .route("/users/{user_id}/sessions", get(sessions::list))
        .route("/users/{user_id}/sessions/revoke", post(sessions::revoke))
        .route("/users/{user_id}/sessions/revoke/all", post(sessions::revoke_all))
}
