//! Keys and values of one sequence, in pages, so that a token costs no copy and memory follows need.

/// Tokens that one page holds.
pub(crate) const PAGE: usize = 64;

/// What a layer's attention remembers of one sequence.
///
/// A page holds [`PAGE`] tokens of every layer; within a layer, per key-value head, the tokens lie one after the other
/// (`[layer][head][token][dim]`), which is the order in which attention reads them.
#[derive(Debug)]
pub struct KvCache {
    pages: Vec<Page>,
    len: usize,
    layers: usize,
    heads: usize,
    dim: usize,
}

#[derive(Debug)]
struct Page {
    keys: Box<[f32]>,
    values: Box<[f32]>,
}

impl KvCache {
    pub(crate) fn new(layers: usize, heads: usize, dim: usize) -> Self {
        Self { pages: Vec::new(), len: 0, layers, heads, dim }
    }

    /// Tokens remembered.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether nothing is remembered.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Bytes allocated.
    pub fn bytes(&self) -> usize {
        self.pages.len() * 2 * self.page_numbers() * size_of::<f32>()
    }

    fn page_numbers(&self) -> usize {
        self.layers * self.heads * PAGE * self.dim
    }

    /// Makes room for `more` tokens after the present ones.
    pub(crate) fn reserve(&mut self, more: usize) {
        let needed = (self.len + more).div_ceil(PAGE);
        let numbers = self.page_numbers();
        while self.pages.len() < needed {
            let zeros = || vec![0.0; numbers].into_boxed_slice();
            self.pages.push(Page { keys: zeros(), values: zeros() });
        }
    }

    /// Writes keys and values (`heads * dim` numbers each) of the token at `position` for one layer.
    pub(crate) fn write(&mut self, layer: usize, position: usize, keys: &[f32], values: &[f32]) {
        let (page, slot) = (position / PAGE, position % PAGE);
        for head in 0..self.heads {
            let at = ((layer * self.heads + head) * PAGE + slot) * self.dim;
            let from = head * self.dim;
            self.pages[page].keys[at..at + self.dim].copy_from_slice(&keys[from..from + self.dim]);
            self.pages[page].values[at..at + self.dim].copy_from_slice(&values[from..from + self.dim]);
        }
    }

    /// Keys and values of one head page by page, until `tokens` tokens are given out.
    pub(crate) fn read(&self, layer: usize, head: usize, tokens: usize) -> impl Iterator<Item = (&[f32], &[f32])> {
        let start = (layer * self.heads + head) * PAGE * self.dim;
        let dim = self.dim;
        self.pages.iter().enumerate().take(tokens.div_ceil(PAGE)).map(move |(index, page)| {
            let end = start + (tokens - index * PAGE).min(PAGE) * dim;
            (&page.keys[start..end], &page.values[start..end])
        })
    }

    /// Counts `more` written tokens as remembered.
    pub(crate) fn advance(&mut self, more: usize) {
        self.len += more;
    }

    /// Forgets everything after the first `len` tokens and frees their pages.
    pub fn truncate(&mut self, len: usize) {
        if len < self.len {
            self.len = len;
            self.pages.truncate(len.div_ceil(PAGE));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_across_pages() {
        let mut cache = KvCache::new(2, 2, 2);
        cache.reserve(PAGE + 3);
        for position in 0..PAGE + 3 {
            let p = position as f32;
            cache.write(1, position, &[p, p + 0.1, p + 0.2, p + 0.3], &[-p, -p, p, p]);
        }
        cache.advance(PAGE + 3);
        let keys: Vec<f32> = cache.read(1, 1, PAGE + 2).flat_map(|(k, _)| k.to_vec()).collect();
        assert_eq!(keys.len(), (PAGE + 2) * 2);
        assert_eq!(keys[2 * (PAGE + 1)..], [(PAGE + 1) as f32 + 0.2, (PAGE + 1) as f32 + 0.3]);
        assert!(cache.read(0, 0, 2).flat_map(|(k, _)| k.to_vec()).all(|k| k == 0.0));
        cache.truncate(3);
        assert_eq!((cache.len(), cache.pages.len()), (3, 1));
    }
}
