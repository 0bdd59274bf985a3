//! The words of a transcript file without its timings: WebVTT, or text in blocks of times, speaker and words. Pure.

/// `speaker: words`, one line for each turn of a speaker; lines without a speaker as they are.
pub fn words(file: &str) -> String {
    let mut turns: Vec<(String, String)> = Vec::new();
    let mut speaker = String::new();
    let mut after_times = false;
    let mut in_note = false;
    let numbered = file.contains("-->");
    for line in file.trim_start_matches('\u{feff}').lines().map(str::trim) {
        if line.is_empty() {
            in_note = false;
            after_times = false;
            continue;
        }
        if line == "WEBVTT" || line.starts_with("WEBVTT ") || in_note {
            continue;
        }
        if ["NOTE", "STYLE", "REGION"].iter().any(|word| line.split(' ').next() == Some(*word)) {
            in_note = true;
        } else if is_times(line, "-->") {
            after_times = false;
            speaker.clear();
        } else if is_times(line, "->") {
            // The text format has the speaker on a line of its own.
            after_times = true;
        } else if after_times {
            speaker = line.to_owned();
            after_times = false;
        } else if !(numbered && line.chars().all(|c| c.is_ascii_digit())) {
            let (name, said) = voice(line);
            add(&mut turns, name.unwrap_or(&speaker), &said);
        }
    }
    let line = |(name, said): (String, String)| if name.is_empty() { said } else { format!("{name}: {said}") };
    turns.into_iter().map(line).collect::<Vec<_>>().join("\n")
}

fn add(turns: &mut Vec<(String, String)>, speaker: &str, said: &str) {
    if said.is_empty() {
        return;
    }
    match turns.last_mut() {
        Some((last, text)) if last == speaker => {
            text.push(' ');
            text.push_str(said);
        }
        _ => turns.push((speaker.to_owned(), said.to_owned())),
    }
}

/// `00:00:01.200 --> 00:00:03.400`, with or without hours, and what WebVTT allows behind it.
fn is_times(line: &str, arrow: &str) -> bool {
    let clock = |text: &str| {
        let text = text.trim().split(' ').next().unwrap_or_default();
        text.contains(':') && text.chars().all(|c| c.is_ascii_digit() || matches!(c, ':' | '.' | ','))
    };
    line.split_once(arrow).is_some_and(|(from, to)| clock(from) && clock(to))
}

/// The speaker of a voice span and what is said, without tags and with entities read.
fn voice(line: &str) -> (Option<&str>, String) {
    let Some((name, said)) = line.strip_prefix("<v ").and_then(|rest| rest.split_once('>')) else {
        return (None, plain(line));
    };
    // Players that show no voices get the name in brackets as well.
    let said =
        said.strip_prefix('(').and_then(|s| s.strip_prefix(name)).and_then(|s| s.strip_prefix(')')).unwrap_or(said);
    (Some(name.trim()), plain(said))
}

fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, tag)) = rest.split_once('<') {
        out.push_str(before);
        match tag.split_once('>') {
            Some((_, after)) => rest = after,
            None => {
                out.push('<');
                rest = tag;
                break;
            }
        }
    }
    out.push_str(rest);
    out.replace("&lt;", "<").replace("&gt;", ">").replace("&nbsp;", " ").replace("&amp;", "&").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn captions_become_turns() {
        let vtt = "WEBVTT\n\nNOTE made\nby a machine\n\n1\n00:00:01.200 --> 00:00:03.400 align:start\n<v Ada L>(Ada L) Shall we?\n\n\
                   00:00:03.900 --> 00:00:05.000\n<v bob>(bob) Yes, if 1 &lt; 2 &amp; all.\n\n\
                   00:06.000 --> 00:07.600\n<v bob>It <i>is</i>.</v>\n";
        assert_eq!(words(vtt), "Ada L: Shall we?\nbob: Yes, if 1 < 2 & all. It is.");
    }

    #[test]
    fn text_in_blocks_becomes_turns() {
        let text = "00:00:01 -> 00:00:05\nana\nThe truck comes at 5 -> tell them.\n\n00:00:06 -> 00:00:07\nana\nToday.\n\n\
                    00:00:08 -> 00:00:09\nbruno\nGood.\n";
        assert_eq!(words(text), "ana: The truck comes at 5 -> tell them. Today.\nbruno: Good.");
        assert_eq!(words("just some\nnotes"), "just some notes");
        assert_eq!(words(""), "");
    }

    proptest! {
        #[test]
        fn any_file_is_survived(text in "(.{0,30}\n|[0-9:. >v<&;()-]{0,30}\n){0,12}") {
            words(&text);
        }
    }
}
