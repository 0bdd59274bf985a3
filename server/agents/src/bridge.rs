//! Between the languages of people and the one that the model speaks: a small model knows one, the translation service
//! beside it more. What the model reads is translated for it, and what it says for the asker.

use llm_client::{Client, Error};

/// Most texts of one request.
const AT_ONCE: usize = 100;

/// The way from people's languages to the model's and back.
#[derive(Debug)]
pub struct Bridge {
    service: Client,
    model: String,
    asker: String,
}

impl Bridge {
    /// A bridge to a model that speaks `model`, for somebody whose words are `question`, or whose locale is `locale` when
    /// there are none. `None` when `model` is empty or the service does not translate it.
    pub async fn build(service: &Client, model: &str, question: Option<&str>, locale: &str) -> Option<Self> {
        if model.is_empty() {
            return None;
        }
        let reached = async {
            let codes: Vec<String> = service.languages().await?.into_iter().map(|l| l.code).collect();
            let asker = match question {
                Some(words) => service.detect(words).await?.into_iter().next().map(|found| found.language),
                None => Some(base(locale)),
            };
            Ok::<_, Error>((codes, asker))
        };
        // Any other server of OpenAI's API has no translation: the model is asked as it is.
        let (codes, asker) = reached.await.inspect_err(|error| tracing::debug!(%error, "no translation")).ok()?;
        let asker = asker.filter(|code| codes.contains(code)).unwrap_or_else(|| model.to_owned());
        codes.iter().any(|code| code == model).then(|| Self {
            service: service.clone(),
            model: model.to_owned(),
            asker,
        })
    }

    /// `texts` in the model's language, each from its own.
    pub async fn to_model(&self, texts: &[String]) -> Vec<String> {
        let mut done = Vec::with_capacity(texts.len());
        for some in texts.chunks(AT_ONCE) {
            match self.service.translate(some, "auto", &self.model).await {
                Ok(translated) => done.extend(translated.into_iter().map(|t| t.text)),
                Err(error) => {
                    tracing::debug!(%error, "the model reads a text as it is");
                    done.extend(some.iter().cloned());
                }
            }
        }
        done
    }

    /// What the model said so far in the asker's language, up to the last whole sentence, or to the end when it is all.
    pub async fn to_asker(&self, said: &str, all: bool) -> String {
        let whole = if all { said } else { &said[..sentences(said)] };
        if self.asker == self.model || whole.trim().is_empty() {
            return if self.asker == self.model { said.to_owned() } else { String::new() };
        }
        match self.service.translate_one(whole, &self.model, &self.asker).await {
            Ok(translated) => translated.text,
            Err(error) => {
                tracing::debug!(%error, "the asker reads an answer as it is");
                whole.to_owned()
            }
        }
    }
}

/// Where the last whole sentence or line ends.
fn sentences(text: &str) -> usize {
    let mut end = 0;
    let mut closing = false;
    for (at, letter) in text.char_indices() {
        if letter == '\n' || closing && letter == ' ' {
            end = at + 1;
        }
        closing = matches!(letter, '.' | '!' | '?');
    }
    end
}

/// `pt-BR` is `pt`.
fn base(locale: &str) -> String {
    locale.split(['-', '_']).next().unwrap_or_default().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_sentences_are_shown_before_the_end() {
        for (text, whole) in [
            ("It is a pum", ""),
            ("It is a pump. It mo", "It is a pump. "),
            ("Items:\n- one\n- tw", "Items:\n- one\n"),
            ("Version 1.2 is", ""),
            ("É assim. Não", "É assim. "),
        ] {
            assert_eq!(&text[..sentences(text)], whole, "{text}");
        }
    }
}
