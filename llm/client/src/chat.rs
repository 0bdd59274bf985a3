//! `POST /v1/chat/completions`.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A request for the next message of a conversation. Fields that are `None` are left to the server.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ChatRequest {
    /// Name of the model; empty lets Muster's `llm` take its default.
    #[serde(default)]
    pub model: String,
    /// The conversation so far, oldest first.
    pub messages: Vec<Message>,
    /// 0 is greedy; up to 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f32>,
    /// Share of probability that sampling may choose from, in (0, 1].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub top_p: Option<f32>,
    /// Most tokens to generate (OpenAI's older name).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_tokens: Option<u32>,
    /// Most tokens to generate (OpenAI's newer name, wins over `max_tokens`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_completion_tokens: Option<u32>,
    /// Texts at which generation ends; they are not part of the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop: Option<Stop>,
    /// Makes sampling repeatable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// How many answers; Muster gives one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub n: Option<u32>,
    /// Whether to answer as server-sent events.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stream: Option<bool>,
    /// What a stream carries beside text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stream_options: Option<StreamOptions>,
    /// From -2 to 2: how much a token already generated is held back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub presence_penalty: Option<f32>,
    /// From -2 to 2: the same, times how often it was generated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frequency_penalty: Option<f32>,
    /// Functions the model may call, in OpenAI's shape.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tools: Option<Vec<Value>>,
    /// `"auto"`, `"none"`, `"required"` or one function.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool_choice: Option<Value>,
    /// `{"type": "text"}`, `json_object` or `json_schema`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_format: Option<Value>,
    /// Whether the answer shall carry log-probabilities; Muster's `llm` refuses it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logprobs: Option<bool>,
    /// How many likely tokens to tell per place; Muster's `llm` refuses it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub top_logprobs: Option<u32>,
    /// What to add to tokens' logits; Muster's `llm` refuses it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logit_bias: Option<Value>,
    /// Who asks; for logs of the server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
}

impl ChatRequest {
    /// A request with everything but model and conversation left to the server.
    pub fn new(model: impl Into<String>, messages: Vec<Message>) -> Self {
        Self { model: model.into(), messages, ..Self::default() }
    }
}

/// `stream_options` of a request.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct StreamOptions {
    /// Ends the stream with a chunk that has no choices and the token counts.
    #[serde(default)]
    pub include_usage: bool,
}

/// One or several stop texts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Stop {
    /// One text.
    One(String),
    /// Up to four.
    Many(Vec<String>),
}

impl Stop {
    /// The stop texts as a list.
    pub fn into_vec(self) -> Vec<String> {
        match self {
            Self::One(text) => vec![text],
            Self::Many(texts) => texts,
        }
    }
}

/// One message of a conversation.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// `system`, `developer`, `user`, `assistant` or `tool`.
    pub role: String,
    /// What was said; absent when an assistant only calls tools.
    #[serde(default)]
    pub content: Option<Content>,
    /// Name of the speaker.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Calls that an assistant wants made.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "null_is_empty")]
    pub tool_calls: Vec<ToolCall>,
    /// Which call a `tool` message answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool_call_id: Option<String>,
}

impl Message {
    fn said(role: &str, text: impl Into<String>) -> Self {
        Self { role: role.into(), content: Some(Content::Text(text.into())), ..Self::default() }
    }

    /// Instructions for the model.
    pub fn system(text: impl Into<String>) -> Self {
        Self::said("system", text)
    }

    /// What the user said.
    pub fn user(text: impl Into<String>) -> Self {
        Self::said("user", text)
    }

    /// What the model said.
    pub fn assistant(text: impl Into<String>) -> Self {
        Self::said("assistant", text)
    }

    /// The message's text; text parts are joined by newlines, other parts left out.
    pub fn text(&self) -> String {
        self.content.as_ref().map(Content::text).unwrap_or_default()
    }
}

/// Content of a message: plain text or a list of parts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Content {
    /// Plain text.
    Text(String),
    /// Parts: text, images, …
    Parts(Vec<ContentPart>),
}

impl Content {
    /// The text of it; text parts are joined by newlines, other parts left out.
    pub fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Parts(parts) => parts.iter().filter_map(|part| part.text.as_deref()).collect::<Vec<_>>().join("\n"),
        }
    }
}

/// One part of a message's content.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ContentPart {
    /// `text`, `image_url`, `input_audio`, …
    #[serde(rename = "type")]
    pub kind: String,
    /// The text of a `text` part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The image of an `image_url` part: `{"url": …}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_url: Option<Value>,
}

/// A function call that a model wants made. In a stream the pieces of `arguments` arrive one by one under `index`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolCall {
    /// Place of the call in a streamed answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index: Option<u32>,
    /// Name of the call, to be repeated in the `tool` message; absent in later pieces of a stream.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// `function`.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// What to call.
    #[serde(default)]
    pub function: FunctionCall,
}

/// Name and arguments of a function call.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FunctionCall {
    /// Name of the function; absent in later pieces of a stream.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// JSON text.
    #[serde(default)]
    pub arguments: String,
}

/// Token counts of a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Tokens of the conversation as rendered by the model's template.
    pub prompt_tokens: u32,
    /// Tokens generated.
    #[serde(default)]
    pub completion_tokens: u32,
    /// Sum of both.
    pub total_tokens: u32,
}

impl Usage {
    /// Counts with their sum.
    pub fn new(prompt_tokens: u32, completion_tokens: u32) -> Self {
        Self { prompt_tokens, completion_tokens, total_tokens: prompt_tokens.saturating_add(completion_tokens) }
    }
}

/// An answer in one body.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ChatResponse {
    /// Name of the answer, `chatcmpl-…`.
    pub id: String,
    /// `chat.completion`.
    pub object: String,
    /// Seconds since the Unix epoch.
    pub created: i64,
    /// Model that answered.
    pub model: String,
    /// The answers; one.
    pub choices: Vec<ChatChoice>,
    /// Token counts.
    #[serde(default)]
    pub usage: Option<Usage>,
}

/// One answer of a [`ChatResponse`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ChatChoice {
    /// Place among the answers.
    pub index: u32,
    /// What the model said.
    pub message: Message,
    /// Always null; present because client libraries expect it.
    #[serde(default)]
    pub logprobs: Option<Value>,
    /// `stop`, `length` or `tool_calls`.
    #[serde(default)]
    pub finish_reason: Option<String>,
}

/// One event of a streamed answer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ChatChunk {
    /// Name of the answer, the same in each of its chunks.
    #[serde(default)]
    pub id: String,
    /// `chat.completion.chunk`.
    #[serde(default)]
    pub object: String,
    /// Seconds since the Unix epoch.
    #[serde(default)]
    pub created: i64,
    /// Model that answers.
    #[serde(default)]
    pub model: String,
    /// One, or none in the chunk that carries `usage`.
    #[serde(default)]
    pub choices: Vec<ChunkChoice>,
    /// Token counts, in the last chunk when asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
}

/// What one chunk adds to one answer.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ChunkChoice {
    /// Place among the answers.
    #[serde(default)]
    pub index: u32,
    /// What is new.
    #[serde(default)]
    pub delta: ChunkDelta,
    /// Always null; present because client libraries expect it.
    #[serde(default)]
    pub logprobs: Option<Value>,
    /// Set in the last chunk with a choice.
    #[serde(default)]
    pub finish_reason: Option<String>,
}

/// New parts of a message.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChunkDelta {
    /// `assistant`, in the first chunk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// New text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// New pieces of tool calls.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "null_is_empty")]
    pub tool_calls: Vec<ToolCall>,
}

/// What [`crate::Client::chat_stream`] yields: a chunk without its envelope.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Delta {
    /// New text; may be empty.
    pub text: String,
    /// New pieces of tool calls.
    pub tool_calls: Vec<ToolCall>,
    /// Why the answer ended, in its last delta but the usage one.
    pub finish: Option<String>,
    /// Token counts, in the last delta when the server gives them.
    pub usage: Option<Usage>,
}

/// What [`crate::Client::chat`] returns: all deltas in one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// All the text.
    pub text: String,
    /// The calls the model wants made, whole.
    pub tool_calls: Vec<ToolCall>,
    /// Why the answer ended.
    pub finish: Option<String>,
    /// Token counts.
    pub usage: Option<Usage>,
}

impl Answer {
    /// Adds what a delta brought.
    pub fn push(&mut self, delta: Delta) {
        self.text.push_str(&delta.text);
        for piece in delta.tool_calls {
            let index = piece.index.unwrap_or(0);
            match self.tool_calls.iter_mut().find(|call| call.index.unwrap_or(0) == index) {
                Some(call) => call.function.arguments.push_str(&piece.function.arguments),
                None => self.tool_calls.push(ToolCall { index: Some(index), ..piece }),
            }
        }
        self.finish = delta.finish.or(self.finish.take());
        self.usage = delta.usage.or(self.usage);
    }
}

impl From<ChatChunk> for Delta {
    fn from(chunk: ChatChunk) -> Self {
        let choice = chunk.choices.into_iter().next().unwrap_or_default();
        Self {
            text: choice.delta.content.unwrap_or_default(),
            tool_calls: choice.delta.tool_calls,
            finish: choice.finish_reason,
            usage: chunk.usage,
        }
    }
}

fn null_is_empty<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<ToolCall>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_may_be_text_parts_or_null() {
        let texts: Vec<Message> = serde_json::from_str(
            r#"[{"role":"user","content":"a"},
                {"role":"user","content":[{"type":"text","text":"b"},{"type":"image_url","image_url":{"url":"x"}},{"type":"text","text":"c"}]},
                {"role":"assistant","content":null,"tool_calls":null}]"#,
        )
        .unwrap();
        assert_eq!(texts.iter().map(Message::text).collect::<Vec<_>>(), ["a", "b\nc", ""]);
    }

    #[test]
    fn pieces_of_a_tool_call_become_one() {
        let piece = |id: Option<&str>, name: Option<&str>, arguments: &str| Delta {
            tool_calls: vec![ToolCall {
                index: Some(0),
                id: id.map(Into::into),
                kind: None,
                function: FunctionCall { name: name.map(Into::into), arguments: arguments.into() },
            }],
            ..Delta::default()
        };
        let mut answer = Answer::default();
        answer.push(piece(Some("c1"), Some("look"), "{\"q\":"));
        answer.push(piece(None, None, "1}"));
        answer.push(Delta { finish: Some("tool_calls".into()), ..Delta::default() });
        answer.push(Delta::default());
        assert_eq!(answer.tool_calls.len(), 1);
        assert_eq!(answer.tool_calls[0].function.arguments, "{\"q\":1}");
        assert_eq!(answer.tool_calls[0].function.name.as_deref(), Some("look"));
        assert_eq!(answer.finish.as_deref(), Some("tool_calls"));
    }
}
