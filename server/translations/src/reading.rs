//! Which languages a channel reads: those of its members, as far as the service has them. Pure.

/// The code without region: `pt-BR` and `pt_BR` are `pt`.
pub fn base(code: &str) -> String {
    code.trim().split(['-', '_']).next().unwrap_or_default().to_lowercase()
}

/// The offered language that a person with this preference or locale reads.
pub fn offered<'a>(code: &str, offered: &'a [String]) -> Option<&'a str> {
    let wanted = code.trim();
    let exact = offered.iter().find(|o| o.eq_ignore_ascii_case(wanted));
    exact.or_else(|| offered.iter().find(|o| **o == base(wanted))).map(String::as_str)
}

/// What of `all` the members' codes come to, each once, in the order of `all`.
pub fn wanted(members: &[String], all: &[String]) -> Vec<String> {
    let read: Vec<&str> = members.iter().filter_map(|code| offered(code, all)).collect();
    all.iter().filter(|code| read.contains(&code.as_str())).cloned().collect()
}

/// Languages that a long enough text can be recognised as, with their codes.
const KNOWN: [(whatlang::Lang, &str); 20] = [
    (whatlang::Lang::Eng, "en"),
    (whatlang::Lang::Por, "pt"),
    (whatlang::Lang::Spa, "es"),
    (whatlang::Lang::Fra, "fr"),
    (whatlang::Lang::Deu, "de"),
    (whatlang::Lang::Ita, "it"),
    (whatlang::Lang::Nld, "nl"),
    (whatlang::Lang::Pol, "pl"),
    (whatlang::Lang::Rus, "ru"),
    (whatlang::Lang::Ukr, "uk"),
    (whatlang::Lang::Bul, "bg"),
    (whatlang::Lang::Tur, "tr"),
    (whatlang::Lang::Swe, "sv"),
    (whatlang::Lang::Hun, "hu"),
    (whatlang::Lang::Ron, "ro"),
    (whatlang::Lang::Jpn, "ja"),
    (whatlang::Lang::Kor, "ko"),
    (whatlang::Lang::Cmn, "zh"),
    (whatlang::Lang::Ara, "ar"),
    (whatlang::Lang::Vie, "vi"),
];

/// Letters below which letter statistics guess.
const ENOUGH_LETTERS: usize = 40;

/// Whether `text` is surely in a language that the service does not have, so that it had better be left alone: the
/// service only chooses among its own and would translate it from the wrong one.
pub fn is_foreign(text: &str, all: &[String]) -> bool {
    let is_offered = |lang| KNOWN.iter().any(|(l, code)| *l == lang && all.iter().any(|o| base(o) == *code));
    let detect = |allowed: Vec<whatlang::Lang>| whatlang::Detector::with_allowlist(allowed).detect(text);
    let Some(guess) = detect(KNOWN.iter().map(|(lang, _)| *lang).collect()) else { return false };
    if is_offered(guess.lang()) {
        return false;
    }
    // Another script is sure from its first letters.
    if guess.script() != whatlang::Script::Latin {
        return true;
    }
    // Between neighbours that are both not offered nothing needs to be sure.
    let rivals =
        KNOWN.iter().map(|(lang, _)| *lang).filter(|lang| *lang == guess.lang() || is_offered(*lang)).collect();
    let sure = detect(rivals).is_some_and(|again| again.lang() == guess.lang() && again.is_reliable());
    sure && text.chars().filter(|c| c.is_alphabetic()).count() >= ENOUGH_LETTERS
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(list: &[&str]) -> Vec<String> {
        list.iter().map(|c| (*c).to_owned()).collect()
    }

    #[test]
    fn members_read_what_is_offered() {
        let all = codes(&["en", "pt", "zh-tw"]);
        assert_eq!(offered("pt-BR", &all), Some("pt"));
        assert_eq!(offered(" EN ", &all), Some("en"));
        assert_eq!(offered("zh-TW", &all), Some("zh-tw"));
        assert_eq!(offered("zh-CN", &all), None);
        assert_eq!(offered("", &all), None);
        assert_eq!(wanted(&codes(&["pt-BR", "fr", "en", "pt"]), &all), ["en", "pt"]);
        assert!(wanted(&[], &all).is_empty());
    }

    #[test]
    fn a_language_that_is_not_offered_is_left_alone() {
        let all = codes(&["en", "pt"]);
        for text in [
            "Le médecin arrive cet après-midi avec les médicaments pour toutes les familles du village.",
            "Der Lastwagen mit dem Wasser kommt morgen früh, bitte sagt es allen Leuten weiter.",
            "Врач приедет сегодня",
        ] {
            assert!(is_foreign(text, &all), "{text}");
        }
        for text in [
            "Bom dia, o médico chega hoje à tarde com os medicamentos.",
            "O camião da água chega amanhã de manhã, por favor avisem todas as famílias do bairro.",
            "The water truck arrives tomorrow morning.",
            "Quem pode levar vinte cobertores e três tendas para a escola antes de escurecer? A estrada está aberta.",
            "A que horas sai o autocarro para Maputo no sábado? Precisamos de três lugares para as crianças.",
            "ok",
            "123 :-)",
            "@ana vê `cargo test` em https://site.example/pt antes de reiniciar o servidor, por favor",
        ] {
            assert!(!is_foreign(text, &all), "{text}");
        }
    }
}
