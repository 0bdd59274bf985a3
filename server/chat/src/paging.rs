//! Pages of lists, as most of the protocol's lists take them.

use serde::Deserialize;

/// Entries of a page when the request does not say, and at most.
const USUAL: i64 = 60;
const MOST: i64 = 200;

/// `page` (from 0) and `per_page`; what is out of range is brought into it.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Page {
    pub page: i64,
    pub per_page: Option<i64>,
}

/// LIMIT and OFFSET of a page, for queries that ask for more than a page.
pub fn limits(page: i64, per_page: Option<i64>) -> (i64, i64) {
    let limit = per_page.unwrap_or(USUAL).clamp(1, MOST);
    (limit, page.max(0).saturating_mul(limit))
}

impl Page {
    /// LIMIT and OFFSET.
    pub fn limits(&self) -> (i64, i64) {
        limits(self.page, self.per_page)
    }

    /// This page of a list that is in memory.
    pub fn of<T>(&self, list: Vec<T>) -> Vec<T> {
        let (limit, offset) = self.limits();
        let size = |n: i64| usize::try_from(n).unwrap_or(usize::MAX);
        list.into_iter().skip(size(offset)).take(size(limit)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Page;

    #[test]
    fn pages_are_cut_to_what_a_server_answers() {
        let page = |page, per_page| Page { page, per_page };
        assert_eq!(page(0, None).limits(), (60, 0));
        assert_eq!(page(2, Some(100_000)).limits(), (200, 400));
        assert_eq!(page(-1, Some(0)).limits(), (1, 0));
        assert_eq!(page(1, Some(2)).of(vec![1, 2, 3]), [3]);
        assert!(page(i64::MAX, Some(200)).of(vec![1]).is_empty());
    }
}
