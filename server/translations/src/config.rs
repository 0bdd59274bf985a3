//! Settings of channel translation.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Settings of channel translation.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Whether channels can be translated at all.
    pub enabled: bool,
    /// Address of the translation service: any server of LibreTranslate's HTTP API; empty: the server's llm_url.
    pub llm_url: String,
    /// Key that is sent to the service; empty: none.
    pub llm_api_key: String,
    /// Codes of the languages that are offered, separated by commas; empty: all that the service has.
    pub languages: String,
    /// Posts translated at the same time.
    pub max_parallel: usize,
    /// Posts that may wait; newer ones are left untranslated.
    pub max_queue: i64,
    /// Seconds that one text may take.
    pub timeout_s: u64,
    /// Hours after which a post that could not be translated is left as it is.
    pub give_up_hours: i64,
    /// Latest posts of a channel that are translated for a reader who has a new language.
    pub catch_up_posts: i64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            enabled: true,
            llm_url: String::new(),
            llm_api_key: String::new(),
            languages: String::new(),
            max_parallel: 2,
            max_queue: 10_000,
            timeout_s: 60,
            give_up_hours: 24,
            catch_up_posts: 30,
        }
    }
}
