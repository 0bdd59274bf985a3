//! The paging of every list here.

use serde::Deserialize;

/// Query of a list.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Page {
    pub page: i64,
    pub per_page: Option<i64>,
    pub team_id: String,
    pub channel_id: String,
    pub include_total_count: bool,
}

impl Page {
    /// Limit and offset.
    pub fn range(&self) -> (i64, i64) {
        chat::paging::limits(self.page, self.per_page)
    }
}
