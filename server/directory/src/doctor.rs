//! What `server doctor` says of the directory.

use crate::config::Config;
use crate::{client::Failure, trial};
use operations::doctor::{Finding, Grade};
use std::time::Duration;

/// Longest that is waited for the whole of it.
const PATIENCE: Duration = Duration::from_secs(20);

/// One finding, or none when there is no directory.
pub async fn examine(config: &Config) -> Option<Finding> {
    if !config.enabled {
        return None;
    }
    let asked = async {
        config.check()?;
        trial::connection(config).await
    };
    let result = tokio::time::timeout(PATIENCE, asked).await.unwrap_or(Err(Failure::Late));
    let (grade, found, advice) = match result {
        Ok(0) => (
            Grade::Warning,
            format!("{} answers and knows nobody", config.url),
            "Check base_dn and user_filter: nobody can log in by the directory.".to_owned(),
        ),
        Ok(count) => (Grade::Good, format!("{} answers and knows {count} people", config.url), String::new()),
        Err(failure) => {
            let advice = match &failure {
                Failure::Login => "Check bind_dn and bind_password of [server.directory].",
                Failure::Settings(_) => "Correct the setting.",
                Failure::Refused { .. } => "Check base_dn and the filters, and what the reading user may see.",
                Failure::TooMany { .. } => "Raise the limit, or narrow the filter.",
                Failure::Unreachable(_) | Failure::Late => {
                    "Check url, start_tls and ca_file of [server.directory], and that the directory runs; who logs in by it waits until then."
                }
            };
            (Grade::Warning, failure.to_string(), advice.to_owned())
        }
    };
    Some(Finding { check: "directory".into(), grade, found, advice })
}
