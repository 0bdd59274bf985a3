//! Where text goes: bounded, with its white space put in order.

use crate::Extracted;
use std::fmt;

/// Collects text up to a number of characters. Writing to a full one is an error, so that readers stop.
pub struct Sink {
    text: String,
    left: usize,
    cut: bool,
    /// White space that comes before the next word, if one comes.
    gap: Option<char>,
}

impl Sink {
    pub fn new(max_chars: usize) -> Self {
        Self { text: String::new(), left: max_chars, cut: false, gap: None }
    }

    /// Adds text; false when nothing more is wanted.
    pub fn push(&mut self, text: &str) -> bool {
        for c in text.chars() {
            if c == '\n' || c == '\u{2029}' {
                self.gap = Some('\n');
            } else if c.is_whitespace() || c.is_control() {
                self.gap = self.gap.or(Some(' '));
            } else if !self.put(c) {
                return false;
            }
        }
        !self.cut
    }

    fn put(&mut self, c: char) -> bool {
        let gap = self.gap.take().filter(|_| !self.text.is_empty());
        let wanted = 1 + usize::from(gap.is_some());
        if self.left < wanted {
            self.cut = true;
            return false;
        }
        self.left -= wanted;
        self.text.extend(gap);
        self.text.push(c);
        true
    }

    pub fn is_full(&self) -> bool {
        self.cut
    }

    /// Notes that something was left out.
    pub fn cut(&mut self) {
        self.cut = true;
    }

    pub fn finish(self) -> Extracted {
        Extracted { text: self.text, cut: self.cut }
    }
}

impl fmt::Write for &mut Sink {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if self.push(text) { Ok(()) } else { Err(fmt::Error) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_is_put_in_order_and_length_bounded() {
        let mut sink = Sink::new(8);
        assert!(sink.push("  a \t b\r\n\n c"));
        assert!(sink.push("水"));
        assert!(!sink.push("xyz"));
        assert_eq!(sink.finish(), Extracted { text: "a b\nc水xyz".chars().take(8).collect(), cut: true });
    }
}
