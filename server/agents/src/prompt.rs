//! The messages that a model reads, within a budget of characters. Pure.

use crate::parts;
use llm_client::Message;

/// One thing that was said, oldest first in a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// User name of the speaker.
    pub name: String,
    pub text: String,
    /// The agent said it.
    pub by_agent: bool,
}

impl Said {
    fn line(&self, named: bool) -> String {
        if self.by_agent || !named { self.text.clone() } else { format!("{}: {}", self.name, self.text) }
    }
}

/// Whether speakers have to be told apart. A small model takes a name before the only speaker's words for part of them.
fn several_speak(said: &[Said]) -> bool {
    let mut people = said.iter().filter(|s| !s.by_agent).map(|s| s.name.as_str());
    let first = people.next();
    people.any(|name| Some(name) != first)
}

/// The instructions and as much of the conversation as fits, oldest dropped first; the last thing said is always there,
/// cut at its end if it alone is too long. Neighbours of one role become one message, for models that want turns.
pub fn conversation(instructions: &str, said: &[Said], max_chars: usize) -> Vec<Message> {
    let named = several_speak(said);
    let instructions = parts::head(instructions, max_chars / 2);
    let mut left = max_chars.saturating_sub(instructions.chars().count());
    let mut kept: Vec<(bool, String)> = Vec::new();
    for (age, turn) in said.iter().rev().enumerate() {
        let mut line = turn.line(named);
        // One for the line break that may join it to its neighbour.
        let size = line.chars().count() + 1;
        if size > left {
            if age > 0 {
                break;
            }
            line = parts::head(&line, left.saturating_sub(1)).to_owned();
        }
        left = left.saturating_sub(size);
        kept.push((turn.by_agent, line));
    }
    kept.reverse();
    let mut turns: Vec<(bool, String)> = Vec::new();
    for (by_agent, line) in kept {
        match turns.last_mut() {
            Some((last, text)) if *last == by_agent => {
                text.push('\n');
                text.push_str(&line);
            }
            _ => turns.push((by_agent, line)),
        }
    }
    let turn = |(by_agent, text)| if by_agent { Message::assistant(text) } else { Message::user(text) };
    std::iter::once(Message::system(instructions)).chain(turns.into_iter().map(turn)).collect()
}

/// One instruction about one text that fits already.
pub fn about(instructions: &str, instruction: &str, text: &str) -> Vec<Message> {
    vec![Message::system(instructions), Message::user(format!("{instruction}\n\n{text}"))]
}

/// A conversation as lines to be read as one text.
pub fn lines(said: &[Said]) -> String {
    said.iter().map(|s| format!("{}: {}\n", s.name, s.text)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn said(name: &str, text: &str) -> Said {
        Said { name: name.into(), text: text.into(), by_agent: name == "muster" }
    }

    fn size(messages: &[Message]) -> usize {
        messages.iter().map(|m| m.text().chars().count()).sum()
    }

    #[test]
    fn speakers_are_named_and_roles_alternate() {
        let talk = [said("ana", "hi"), said("bruno", "what now?"), said("muster", "Wait."), said("ana", "why?")];
        let messages = conversation("Be brief.", &talk, 200);
        let got: Vec<(String, String)> = messages.iter().map(|m| (m.role.clone(), m.text())).collect();
        let expected = [
            ("system", "Be brief."),
            ("user", "ana: hi\nbruno: what now?"),
            ("assistant", "Wait."),
            ("user", "ana: why?"),
        ];
        assert_eq!(got, expected.map(|(r, t)| (r.to_owned(), t.to_owned())));
    }

    #[test]
    fn the_oldest_goes_first() {
        let talk = [said("bruno", "the very first thing"), said("ana", "second"), said("ana", "third")];
        let messages = conversation("x", &talk, 30);
        assert_eq!(messages[1].text(), "ana: second\nana: third");
    }

    #[test]
    fn one_speaker_needs_no_name() {
        let talk = [said("ana", "what is it?"), said("muster", "A pump."), said("ana", "and that?")];
        let texts: Vec<String> = conversation("x", &talk, 200).iter().map(Message::text).collect();
        assert_eq!(texts, ["x", "what is it?", "A pump.", "and that?"]);
    }

    proptest! {
        #[test]
        fn never_above_the_budget_and_the_newest_is_kept(
            texts in prop::collection::vec(("ana|bruno|muster", "[a-zé🦀 ]{0,40}"), 1..12),
            instructions in "[a-z ]{0,60}",
            max in 20usize..300,
        ) {
            let talk: Vec<Said> = texts.iter().map(|(n, t)| said(n, t)).collect();
            let messages = conversation(&instructions, &talk, max);
            prop_assert!(size(&messages) <= max, "{} > {max}", size(&messages));
            let newest = talk.last().unwrap().line(several_speak(&talk));
            let last = messages.last().unwrap().text();
            let kept = last.rsplit('\n').next().unwrap();
            prop_assert!(newest.starts_with(kept));
            let room = max - instructions.chars().count().min(max / 2);
            if newest.chars().count() < room {
                prop_assert_eq!(kept, newest);
            } else {
                prop_assert_eq!(kept.chars().count(), room - 1);
            }
        }
    }
}
