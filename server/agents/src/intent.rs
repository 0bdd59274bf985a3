//! What a message wants from the agent, read from its words (English and Portuguese). Pure.

/// What is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Intent {
    /// An answer to the message.
    Ask,
    /// A summary of a subject.
    Summarise(Subject),
    /// What has to be done by whom.
    ActionItems,
    /// What was asked and not answered.
    OpenQuestions,
}

/// What is to be summarised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    Thread,
    Channel,
    Call,
}

const VERBS: &[&str] = &[
    "summarise",
    "summarize",
    "summary",
    "summaries",
    "recap",
    "tldr",
    "resumir",
    "resumo",
    "resuma",
    "resume",
    "sumário",
    "sumario",
];
/// Verbs that mean something else unless one of these follows (`resume` is English too).
const ARTICLES: &[&str] = &["o", "a", "os", "as", "este", "esta", "isto", "isso", "esse", "essa", "tudo", "nossa"];
const CALL: &[&str] = &[
    "call",
    "meeting",
    "recording",
    "transcript",
    "transcription",
    "chamada",
    "reunião",
    "reuniao",
    "ligação",
    "ligacao",
    "gravação",
    "gravacao",
    "transcrição",
    "transcricao",
];
const CHANNEL: &[&str] = &["channel", "canal"];
const THREAD: &[&str] = &[
    "thread",
    "conversation",
    "discussion",
    "chat",
    "messages",
    "posts",
    "conversa",
    "discussão",
    "discussao",
    "tópico",
    "topico",
    "fio",
    "mensagens",
];
/// Words that point at what is in front of one, or say nothing.
const POINTING: &[&str] = &[
    "this",
    "that",
    "it",
    "the",
    "above",
    "all",
    "everything",
    "please",
    "us",
    "me",
    "for",
    "of",
    "our",
    "a",
    "o",
    "isto",
    "isso",
    "tudo",
    "acima",
    "por",
    "favor",
    "aqui",
    "so",
    "far",
    "até",
    "agora",
    "here",
    "now",
];
/// How far into the message the verb may stand ("could you please give me a summary").
const LEAD: usize = 7;

/// Reads the intent of `message`, which no longer names the agent.
pub fn read(message: &str) -> Intent {
    let lower = message.to_lowercase().replace("tl;dr", "tldr");
    let words: Vec<&str> = lower.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).collect();
    if words.len() <= 12 {
        if has_pair(&words, &[("action", "items"), ("action", "points"), ("open", "tasks"), ("tarefas", "pendentes")])
            || words.contains(&"pendências")
        {
            return Intent::ActionItems;
        }
        if has_pair(&words, &[("open", "questions"), ("perguntas", "abertas")])
            || lower.contains("perguntas em aberto")
            || lower.contains("perguntas sem resposta")
        {
            return Intent::OpenQuestions;
        }
    }
    summary(&words).map_or(Intent::Ask, Intent::Summarise)
}

fn summary(words: &[&str]) -> Option<Subject> {
    let at = words.iter().take(LEAD).position(|w| VERBS.contains(w))?;
    let rest = &words[at + 1..];
    if words[at] == "resume" && !rest.first().is_some_and(|w| ARTICLES.contains(w)) {
        return None;
    }
    let named = |list: &[&str]| rest.iter().take(LEAD).any(|w| list.contains(w));
    if named(CALL) {
        Some(Subject::Call)
    } else if named(CHANNEL) {
        Some(Subject::Channel)
    } else if named(THREAD) || rest.iter().all(|w| POINTING.contains(w) || ARTICLES.contains(w)) {
        Some(Subject::Thread)
    } else {
        None
    }
}

fn has_pair(words: &[&str], pairs: &[(&str, &str)]) -> bool {
    words.windows(2).any(|w| pairs.contains(&(w[0], w[1])))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn people_ask_in_their_own_words() {
        use Intent::{ActionItems, Ask, OpenQuestions, Summarise};
        for (message, expected) in [
            ("summarise this thread", Summarise(Subject::Thread)),
            ("Summarize this thread, please.", Summarise(Subject::Thread)),
            ("could you give us a summary?", Summarise(Subject::Thread)),
            ("tl;dr", Summarise(Subject::Thread)),
            ("resuma esta conversa", Summarise(Subject::Thread)),
            ("Resume isto por favor", Summarise(Subject::Thread)),
            ("faz um resumo da discussão", Summarise(Subject::Thread)),
            ("summarise the call", Summarise(Subject::Call)),
            ("please summarize our last meeting", Summarise(Subject::Call)),
            ("resuma a reunião", Summarise(Subject::Call)),
            ("resumo da chamada de hoje", Summarise(Subject::Call)),
            ("recap the channel", Summarise(Subject::Channel)),
            ("resuma o canal", Summarise(Subject::Channel)),
            ("what are the action items?", ActionItems),
            ("quais são as tarefas pendentes?", ActionItems),
            ("list the open questions", OpenQuestions),
            ("há perguntas em aberto?", OpenQuestions),
            ("what is a generator used for?", Ask),
            ("how do I write a good resume?", Ask),
            ("resume work on the pump", Ask),
            ("summarise the French revolution", Ask),
            ("o que é um gerador?", Ask),
            ("", Ask),
        ] {
            assert_eq!(read(message), expected, "{message}");
        }
    }

    proptest! {
        #[test]
        fn any_text_has_an_intent(text in ".{0,200}") {
            read(&text);
        }
    }
}
