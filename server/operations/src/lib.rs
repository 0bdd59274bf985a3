//! What an administrator does with the site as a whole: jobs, import and export, backup, configuration, logs, metrics, checks.

use axum::Router;
use chat::Site;

/// Routes under `/api/v4`.
pub fn router() -> Router<Site> {
    Router::new()
}
