//! Which language a speaker speaks, found once and kept until the text stops making sense.

/// Finding the language costs a second encoding, so a speaker's language is fixed after two agreeing finds, and opened
/// again when the model grows unsure of its words, as it does when somebody switches.
#[derive(Clone, Debug, Default)]
pub struct LanguageTracker {
    candidate: Option<String>,
    fixed: Option<String>,
    unsure: u32,
}

/// Shortest utterance, in milliseconds, whose language is believed.
const SHORTEST_MS: u64 = 1500;
/// Mean log probability under which words are doubtful.
const DOUBTFUL: f32 = -0.9;

impl LanguageTracker {
    /// A tracker that asks for no detection because the language is known.
    pub fn fixed(language: &str) -> Self {
        Self { fixed: Some(language.to_owned()), ..Self::default() }
    }

    /// The language to ask for; `None` means that the model should find out.
    pub fn language(&self) -> Option<&str> {
        self.fixed.as_deref()
    }

    /// Takes in the outcome of an utterance of `duration_ms`.
    pub fn learn(&mut self, detected: &str, avg_logprob: f32, duration_ms: u64) {
        if duration_ms < SHORTEST_MS || detected.is_empty() {
            return;
        }
        let doubtful = avg_logprob < DOUBTFUL;
        match &self.fixed {
            Some(_) if doubtful && self.unsure >= 1 => *self = Self::default(),
            Some(_) => self.unsure = if doubtful { self.unsure + 1 } else { 0 },
            None if doubtful => {}
            None if self.candidate.as_deref() == Some(detected) => self.fixed = self.candidate.take(),
            None => self.candidate = Some(detected.to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_agreeing_finds_fix_the_language_and_two_doubtful_texts_open_it() {
        let mut speaker = LanguageTracker::default();
        speaker.learn("pt", -0.3, 800);
        assert_eq!(speaker.language(), None, "too short to believe");
        speaker.learn("pt", -0.3, 3000);
        speaker.learn("en", -0.3, 3000);
        assert_eq!(speaker.language(), None, "they disagree");
        speaker.learn("en", -0.3, 3000);
        assert_eq!(speaker.language(), Some("en"));
        speaker.learn("en", -1.2, 3000);
        speaker.learn("en", -0.2, 3000);
        speaker.learn("en", -1.2, 3000);
        assert_eq!(speaker.language(), Some("en"), "one doubtful text at a time is no switch");
        speaker.learn("en", -1.2, 3000);
        assert_eq!(speaker.language(), None);
    }
}
