//! `POST /v1/embeddings`.

use crate::failure::{Failure, read_json};
use crate::openai::models;
use crate::parts::App;
use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use base64::Engine as _;
use llm_client::{EmbeddingData, EmbeddingRequest, EmbeddingResponse, EmbeddingVector, Usage};
use std::sync::Arc;

/// Gives each text a vector.
///
/// # Errors
/// [`Failure`].
pub async fn handler(State(app): State<Arc<App>>, body: Bytes) -> Result<Json<EmbeddingResponse>, Failure> {
    let request: EmbeddingRequest = read_json(&body)?;
    let model = models::chosen(&request.model, &app.config.embedding_model)?;
    let base64 = match request.encoding_format.as_deref() {
        None | Some("float") => false,
        Some("base64") => true,
        Some(other) => {
            return Err(Failure::invalid("encoding_format", format!("{other:?} is neither float nor base64")));
        }
    };
    let dimensions = app.embeddings.get()?.dimensions();
    if request.dimensions.is_some_and(|wanted| wanted as usize != dimensions) {
        return Err(Failure::invalid("dimensions", format!("this model's vectors have {dimensions}")));
    }
    let texts = request.input.into_vec();
    check_texts("input", &texts, &app)?;
    let (data, tokens) = app.in_turn(move |app| embed(app, &texts, base64)).await?;
    Ok(Json(EmbeddingResponse { object: "list".into(), data, model, usage: Usage::new(tokens, 0) }))
}

fn embed(app: &App, texts: &[String], base64: bool) -> Result<(Vec<EmbeddingData>, u32), Failure> {
    let model = app.embeddings.get()?;
    let (mut data, mut tokens) = (Vec::with_capacity(texts.len()), 0);
    for (text, index) in texts.iter().zip(0u32..) {
        let embedded = model.embed(text).map_err(|e| Failure::Internal(e.to_string()))?;
        tokens += embedded.tokens as u32;
        let embedding = if base64 {
            let bytes: Vec<u8> = embedded.vector.iter().flat_map(|number| number.to_le_bytes()).collect();
            EmbeddingVector::Base64(base64::engine::general_purpose::STANDARD.encode(bytes))
        } else {
            EmbeddingVector::Floats(embedded.vector)
        };
        data.push(EmbeddingData { object: "embedding".into(), index, embedding });
    }
    Ok((data, tokens))
}

/// Checks number and length of texts.
///
/// # Errors
/// [`Failure::Invalid`] that names `param`.
pub fn check_texts(param: &str, texts: &[String], app: &App) -> Result<(), Failure> {
    let (most, longest) = (app.config.max_texts, app.config.max_text_chars);
    if texts.is_empty() || texts.len() > most {
        return Err(Failure::invalid(param, format!("{} texts; 1 to {most} are taken", texts.len())));
    }
    match texts.iter().position(|text| text.chars().count() > longest) {
        Some(index) => Err(Failure::invalid(param, format!("text {index} is longer than {longest} characters"))),
        None => Ok(()),
    }
}
