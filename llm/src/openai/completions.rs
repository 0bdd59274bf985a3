//! `POST /v1/completions`: continues a text; not streamed.

use crate::failure::{Failure, read_json};
use crate::openai::generate::{Wishes, collect, start};
use crate::openai::models;
use crate::parts::App;
use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use llm_client::{CompletionChoice, CompletionRequest, CompletionResponse, Usage};
use std::sync::Arc;

/// Continues a text.
///
/// # Errors
/// [`Failure`].
pub async fn handler(State(app): State<Arc<App>>, body: Bytes) -> Result<Json<CompletionResponse>, Failure> {
    let request: CompletionRequest = read_json(&body)?;
    if request.stream.unwrap_or(false) {
        return Err(Failure::invalid("stream", "this endpoint does not stream; /v1/chat/completions does"));
    }
    for (field, asked) in [
        ("logprobs", request.logprobs.is_some()),
        ("echo", request.echo == Some(true)),
        ("n", request.n.is_some_and(|n| n != 1)),
    ] {
        if asked {
            return Err(Failure::invalid(field, "is not supported; leave it out"));
        }
    }
    let chat = app.chat.get()?;
    let model = models::chosen(&request.model, &app.config.default_model)?;
    let prompt = chat.vocabulary.encode(&request.prompt).map_err(|e| Failure::Internal(e.to_string()))?;
    if prompt.is_empty() {
        return Err(Failure::invalid("prompt", "must not be empty"));
    }
    let wishes = Wishes {
        max_tokens: request.max_tokens,
        temperature: request.temperature,
        top_p: request.top_p,
        seed: request.seed,
        stop: request.stop,
        ..Wishes::default()
    };
    let mut running = start(chat, prompt, wishes, app.config.default_answer_tokens)?;
    let (text, tokens, finish) = collect(&mut running).await?;
    Ok(Json(CompletionResponse {
        id: format!("cmpl-{}", kit::id::new()),
        object: "text_completion".into(),
        created: kit::Clock::system().now_ms() / 1000,
        model,
        choices: vec![CompletionChoice { index: 0, text, logprobs: None, finish_reason: Some(finish.into()) }],
        usage: Some(Usage::new(running.prompt_tokens, tokens)),
    }))
}
