//! Stop texts: ends an answer before one, and holds back text that may be the beginning of one.

/// Watches one answer.
pub(crate) struct StopWatch {
    stops: Vec<String>,
    held: String,
}

impl StopWatch {
    pub(crate) fn new(stops: Vec<String>) -> Self {
        Self { stops: stops.into_iter().filter(|s| !s.is_empty()).collect(), held: String::new() }
    }

    /// Takes new text; returns what may be shown and whether a stop text was met.
    pub(crate) fn push(&mut self, text: &str) -> (String, bool) {
        self.held.push_str(text);
        if let Some(at) = self.stops.iter().filter_map(|stop| self.held.find(stop.as_str())).min() {
            self.held.truncate(at);
            return (std::mem::take(&mut self.held), true);
        }
        let keep = self.stops.iter().map(|stop| overlap(&self.held, stop)).max().unwrap_or(0);
        let rest = self.held.split_off(self.held.len() - keep);
        (std::mem::replace(&mut self.held, rest), false)
    }

    /// What was held back, once no more text comes.
    pub(crate) fn finish(&mut self) -> String {
        std::mem::take(&mut self.held)
    }
}

/// Length of the longest end of `text` that is a beginning of `stop`.
fn overlap(text: &str, stop: &str) -> usize {
    let lengths = stop.char_indices().map(|(at, _)| at).filter(|at| *at > 0 && *at <= text.len());
    lengths.rev().find(|at| text.ends_with(&stop[..*at])).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_stop_text_in_pieces_is_never_shown() {
        let mut watch = StopWatch::new(vec!["END".into()]);
        assert_eq!(watch.push("abcE"), ("abc".into(), false));
        assert_eq!(watch.push("N"), (String::new(), false));
        assert_eq!(watch.push("X"), ("ENX".into(), false));
        assert_eq!(watch.push("yENDz"), ("y".into(), true));
    }

    proptest! {
        #[test]
        fn pieces_give_the_text_before_the_first_stop(pieces in prop::collection::vec("[abé]{0,3}", 0..12), stop in "[abé]{1,3}") {
            let whole: String = pieces.concat();
            let expected = whole.find(&stop).map_or(whole.as_str(), |at| &whole[..at]);
            let mut watch = StopWatch::new(vec![stop.clone()]);
            let mut shown = String::new();
            let mut met = false;
            for piece in &pieces {
                let (text, stopped) = watch.push(piece);
                shown.push_str(&text);
                if stopped { met = true; break; }
            }
            if !met { shown.push_str(&watch.finish()); }
            prop_assert_eq!(shown, expected);
        }
    }
}
