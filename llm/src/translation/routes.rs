//! `POST /translate`, `POST /detect`, `GET /languages`.

use crate::failure::{Failure, read_json};
use crate::openai::embeddings::check_texts;
use crate::parts::App;
use crate::translation::detect::detect;
use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use llm_client::{Detection, Language, Texts, TranslateRequest, TranslateResponse};
use std::sync::Arc;

/// Translates one text or several.
///
/// # Errors
/// [`Failure`] that names the field.
pub async fn translate(State(app): State<Arc<App>>, body: Bytes) -> Result<Json<TranslateResponse>, Failure> {
    let request: TranslateRequest = read_json(&body)?;
    if request.format.as_deref().is_some_and(|format| format != "text") {
        return Err(Failure::invalid("format", "only text (with Markdown) is supported"));
    }
    let (texts, single) = match request.q {
        Texts::One(text) => (vec![text], true),
        Texts::Many(texts) => (texts, false),
    };
    check_texts("q", &texts, &app)?;
    let codes = app.translation.get()?.codes();
    let (source, target) = (base(&request.source), base(&request.target));
    for (param, code) in [("source", &source), ("target", &target)] {
        if !(codes.contains(code) || (param == "source" && code == "auto")) {
            return Err(Failure::invalid(param, format!("{code:?} is not loaded; {} are", codes.join(", "))));
        }
    }
    let auto = source == "auto";
    let (mut done, found) = app.in_turn(move |app| work(app, &texts, &source, &target)).await?;
    let detected = if single { serde_json::to_value(found.first()) } else { serde_json::to_value(&found) };
    let detected_language = match auto {
        true => Some(detected.map_err(|e| Failure::Internal(e.to_string()))?),
        false => None,
    };
    let translated_text = if single { Texts::One(done.pop().unwrap_or_default()) } else { Texts::Many(done) };
    Ok(Json(TranslateResponse { translated_text, detected_language }))
}

fn work(app: &App, texts: &[String], source: &str, target: &str) -> Result<(Vec<String>, Vec<Detection>), Failure> {
    let translator = app.translation.get()?;
    let codes = translator.codes();
    let (mut done, mut found) = (Vec::new(), Vec::new());
    for text in texts {
        // A text without letters is in no language: it is left as it is.
        let nothing = || Detection { confidence: 0.0, language: target.to_owned() };
        let language = match source {
            "auto" => detect(text, &codes).into_iter().next().unwrap_or_else(nothing),
            code => Detection { confidence: 100.0, language: code.to_owned() },
        };
        let translated = translator.translate(text, &language.language, target);
        done.push(translated.ok_or_else(|| {
            Failure::invalid("target", format!("{} cannot be translated into {target}", language.language))
        })?);
        found.push(language);
    }
    Ok((done, found))
}

/// `pt-BR` and `pt_BR` are `pt`.
fn base(code: &str) -> String {
    code.split(['-', '_']).next().unwrap_or_default().to_lowercase()
}

#[derive(serde::Deserialize)]
struct DetectRequest {
    q: String,
}

/// Says which language a text is in.
///
/// # Errors
/// [`Failure`].
pub async fn detect_language(State(app): State<Arc<App>>, body: Bytes) -> Result<Json<Vec<Detection>>, Failure> {
    let request: DetectRequest = read_json(&body)?;
    check_texts("q", std::slice::from_ref(&request.q), &app)?;
    Ok(Json(detect(&request.q, &app.translation.get()?.codes())))
}

/// Lists the languages.
///
/// # Errors
/// [`Failure::Unavailable`].
pub async fn languages(State(app): State<Arc<App>>) -> Result<Json<Vec<Language>>, Failure> {
    Ok(Json(app.translation.get()?.languages()))
}
