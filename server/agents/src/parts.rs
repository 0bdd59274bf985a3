//! Cutting text to what a model can read at once. Lengths are characters. Pure.

/// The first `max` characters.
pub fn head(text: &str, max: usize) -> &str {
    text.char_indices().nth(max).map_or(text, |(at, _)| &text[..at])
}

/// Cuts a text into parts of at most `max` characters: at line ends; in a line that is too long after a sentence, else
/// between words, else anywhere. Nothing is lost.
pub fn cut(text: &str, max: usize) -> Vec<String> {
    let max = max.max(1);
    let mut parts = Vec::new();
    let mut part = String::new();
    let mut length = 0;
    for line in text.split_inclusive('\n') {
        let mut rest = line;
        while !rest.is_empty() {
            let piece = first_piece(rest, max);
            let count = piece.chars().count();
            if length + count > max {
                parts.push(std::mem::take(&mut part));
                length = 0;
            }
            part.push_str(piece);
            length += count;
            rest = &rest[piece.len()..];
        }
    }
    if !part.is_empty() {
        parts.push(part);
    }
    parts
}

/// The start of a line, at most `max` characters.
fn first_piece(line: &str, max: usize) -> &str {
    let most = head(line, max);
    if most.len() == line.len() {
        return line;
    }
    // A short piece wastes a question to the model, so an early sentence end does not count.
    let sentence = most.rfind(". ").map(|at| at + 2).filter(|at| *at > most.len() / 2);
    let end = sentence.or_else(|| most.rfind(' ').map(|at| at + 1)).unwrap_or(most.len());
    &most[..end]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lines_stay_whole_when_they_can() {
        assert_eq!(cut("one\ntwo\nthree\n", 8), ["one\ntwo\n", "three\n"]);
        assert_eq!(cut("abcdef", 4), ["abcd", "ef"]);
        assert_eq!(cut("It is here. Take it all away", 15), ["It is here. ", "Take it all ", "away"]);
        assert!(cut("", 4).is_empty());
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_no_part_is_too_long(text in "[a-zé🦀 \n]{0,200}", max in 1usize..40) {
            let parts = cut(&text, max);
            prop_assert_eq!(parts.concat(), text);
            prop_assert!(parts.iter().all(|p| !p.is_empty() && p.chars().count() <= max));
        }
    }
}
