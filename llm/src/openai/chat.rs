//! `POST /v1/chat/completions`.

use crate::failure::{Failure, read_json};
use crate::openai::generate::{Running, Wishes, collect, reason, start};
use crate::openai::models;
use crate::parts::{App, Chat};
use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use llm_client::{ChatChoice, ChatChunk, ChatRequest, ChatResponse, ChunkChoice, ChunkDelta, Content, Message, Usage};
use llm_engine::Turn;
use std::convert::Infallible;
use std::sync::Arc;

/// Answers a conversation, in one body or as events.
///
/// # Errors
/// [`Failure`].
pub async fn handler(State(app): State<Arc<App>>, body: Bytes) -> Result<Response, Failure> {
    let request: ChatRequest = read_json(&body)?;
    check(&request)?;
    let chat = app.chat.get()?;
    let model = models::chosen(&request.model, &app.config.default_model)?;
    let prompt = prompt(chat, &request)?;
    let wishes = Wishes {
        max_tokens: request.max_completion_tokens.or(request.max_tokens),
        temperature: request.temperature,
        top_p: request.top_p,
        seed: request.seed,
        stop: request.stop,
        presence_penalty: request.presence_penalty,
        frequency_penalty: request.frequency_penalty,
    };
    let mut running = start(chat, prompt, wishes, app.config.default_answer_tokens)?;
    let head =
        Head { id: format!("chatcmpl-{}", kit::id::new()), created: kit::Clock::system().now_ms() / 1000, model };
    if request.stream.unwrap_or(false) {
        let usage = request.stream_options.is_some_and(|options| options.include_usage);
        return Ok(stream(head, running, usage));
    }
    let (text, tokens, finish) = collect(&mut running).await?;
    let choice =
        ChatChoice { index: 0, message: Message::assistant(text), logprobs: None, finish_reason: Some(finish.into()) };
    let usage = Some(Usage::new(running.prompt_tokens, tokens));
    let Head { id, created, model } = head;
    Ok(Json(ChatResponse { id, object: "chat.completion".into(), created, model, choices: vec![choice], usage })
        .into_response())
}

struct Head {
    id: String,
    created: i64,
    model: String,
}

fn check(request: &ChatRequest) -> Result<(), Failure> {
    if request.messages.is_empty() {
        return Err(Failure::invalid("messages", "at least one message is needed"));
    }
    if request.n.is_some_and(|n| n != 1) {
        return Err(Failure::invalid("n", "only one answer per request is given"));
    }
    let bias = request.logit_bias.as_ref().is_some_and(|bias| bias.as_object().is_none_or(|map| !map.is_empty()));
    for (field, asked) in [
        ("logprobs", request.logprobs == Some(true)),
        ("top_logprobs", request.top_logprobs.is_some()),
        ("logit_bias", bias),
    ] {
        if asked {
            return Err(Failure::invalid(field, "is not supported; leave it out"));
        }
    }
    let none = request.tool_choice.as_ref().is_some_and(|choice| choice == "none");
    if !none && request.tools.as_ref().is_some_and(|tools| !tools.is_empty()) {
        return Err(Failure::invalid("tools", "this model cannot call tools; send none, or tool_choice \"none\""));
    }
    let format = request.response_format.as_ref().and_then(|format| format.get("type")?.as_str());
    if format.is_some_and(|kind| kind != "text") {
        return Err(Failure::invalid("response_format", "only {\"type\": \"text\"} is supported"));
    }
    for (index, message) in request.messages.iter().enumerate() {
        let field = |part: &str| format!("messages[{index}].{part}");
        if !matches!(message.role.as_str(), "system" | "developer" | "user" | "assistant") {
            return Err(Failure::invalid(&field("role"), format!("{:?} is not supported", message.role)));
        }
        if let Some(Content::Parts(parts)) = &message.content
            && let Some(part) = parts.iter().find(|part| part.kind != "text")
        {
            return Err(Failure::invalid(
                &field("content"),
                format!("parts of type {:?} are not supported", part.kind),
            ));
        }
    }
    Ok(())
}

fn prompt(chat: &Chat, request: &ChatRequest) -> Result<Vec<u32>, Failure> {
    let turn = |message: &Message| Turn {
        role: if message.role == "developer" { "system".into() } else { message.role.clone() },
        content: chat.vocabulary.disarm(&message.text()),
    };
    let turns: Vec<Turn> = request.messages.iter().map(turn).collect();
    let prompt = chat.template.render(&turns, "", "").map_err(|e| Failure::invalid("messages", e.to_string()))?;
    chat.vocabulary.encode_prompt(&prompt).map_err(|e| Failure::Internal(e.to_string()))
}

fn stream(head: Head, mut running: Running, include_usage: bool) -> Response {
    let chunk = move |delta: Option<(ChunkDelta, Option<&str>)>, usage: Option<Usage>| {
        let choice = delta.map(|(delta, finish)| ChunkChoice {
            delta,
            finish_reason: finish.map(Into::into),
            ..ChunkChoice::default()
        });
        let chunk = ChatChunk {
            id: head.id.clone(),
            object: "chat.completion.chunk".into(),
            created: head.created,
            model: head.model.clone(),
            choices: choice.into_iter().collect(),
            usage,
        };
        Event::default().data(serde_json::to_string(&chunk).expect("a chunk holds nothing that JSON cannot say"))
    };
    let events = async_stream::stream! {
        let first = ChunkDelta { role: Some("assistant".into()), content: Some(String::new()), ..ChunkDelta::default() };
        yield Ok::<Event, Infallible>(chunk(Some((first, None)), None));
        while let Some(delta) = running.deltas.recv().await {
            match delta {
                Ok(delta) => {
                    if !delta.text.is_empty() {
                        let content = ChunkDelta { content: Some(delta.text), ..ChunkDelta::default() };
                        yield Ok(chunk(Some((content, None)), None));
                    }
                    if let Some(finish) = delta.finish {
                        yield Ok(chunk(Some((ChunkDelta::default(), Some(reason(finish)))), None));
                        if include_usage {
                            yield Ok(chunk(None, Some(Usage::new(running.prompt_tokens, delta.tokens as u32))));
                        }
                    }
                }
                Err(error) => {
                    let body = Failure::Internal(error.to_string()).body();
                    let text = serde_json::to_string(&body).expect("an error body is plain text");
                    yield Ok(Event::default().data(text));
                }
            }
        }
        yield Ok(Event::default().data("[DONE]"));
    };
    Sse::new(events).keep_alive(KeepAlive::default()).into_response()
}
