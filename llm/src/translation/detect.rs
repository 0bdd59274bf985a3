//! Which of the loaded languages a text is in.

use llm_client::Detection;
use whatlang::{Detector, Lang};

/// Frequent words that decide texts too short for letter statistics.
const WORDS: [(&str, &[&str]); 2] = [
    (
        "en",
        &[
            "the", "and", "is", "are", "you", "hello", "hi", "thanks", "please", "yes", "what", "this", "that", "with",
            "good", "of", "we", "it",
        ],
    ),
    (
        "pt",
        &[
            "o", "os", "é", "e", "que", "não", "nao", "sim", "olá", "ola", "obrigado", "obrigada", "bom", "boa", "dia",
            "você", "de", "com", "uma", "um", "para", "está",
        ],
    ),
];

fn known(code: &str) -> Option<Lang> {
    match code {
        "en" => Some(Lang::Eng),
        "pt" => Some(Lang::Por),
        "es" => Some(Lang::Spa),
        "fr" => Some(Lang::Fra),
        "de" => Some(Lang::Deu),
        "it" => Some(Lang::Ita),
        "nl" => Some(Lang::Nld),
        "pl" => Some(Lang::Pol),
        "ru" => Some(Lang::Rus),
        "uk" => Some(Lang::Ukr),
        _ => None,
    }
}

/// The languages among `codes` that `text` may be in, likeliest first; empty when it has no letters.
pub fn detect(text: &str, codes: &[String]) -> Vec<Detection> {
    let lower = text.to_lowercase();
    let words: Vec<&str> = lower.split(|c: char| !c.is_alphabetic()).filter(|w| !w.is_empty()).collect();
    if words.is_empty() || codes.is_empty() {
        return Vec::new();
    }
    let langs: Vec<Lang> = codes.iter().filter_map(|code| known(code)).collect();
    let guess = Detector::with_allowlist(langs).detect(text);
    let mut scores: Vec<(f64, &String)> = codes
        .iter()
        .map(|code| {
            let letters = guess
                .as_ref()
                .filter(|guess| known(code) == Some(guess.lang()))
                .map_or(0.0, |guess| 0.2 + 0.8 * guess.confidence());
            let listed = WORDS.iter().find(|(of, _)| of == code).map_or(&[][..], |(_, words)| words);
            let share = words.iter().filter(|word| listed.contains(word)).count() as f64 / words.len() as f64;
            (letters + 2.0 * share, code)
        })
        .collect();
    scores.sort_by(|a, b| b.0.total_cmp(&a.0));
    let total: f64 = scores.iter().map(|(score, _)| score + 0.01).sum();
    scores
        .into_iter()
        .map(|(score, code)| Detection { confidence: (100.0 * (score + 0.01) / total).round(), language: code.clone() })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_and_long_texts_are_told_apart() {
        let codes = ["en".to_owned(), "pt".to_owned()];
        for (text, language) in [
            ("Hello", "en"),
            ("thanks!", "en"),
            ("Olá", "pt"),
            ("Bom dia", "pt"),
            ("The server must be restarted tonight.", "en"),
            ("O servidor precisa ser reiniciado hoje à noite.", "pt"),
        ] {
            assert_eq!(detect(text, &codes)[0].language, language, "{text}");
        }
        assert!(detect("123 :-)", &codes).is_empty());
    }
}
