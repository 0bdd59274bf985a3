//! The client: one HTTP connection pool, a key, deadlines.

use crate::chat::{Answer, ChatChunk, ChatRequest, Delta, StreamOptions};
use crate::embedding::{EmbeddingInput, EmbeddingRequest, EmbeddingResponse, EmbeddingVector};
use crate::error::{ApiError, Error, ErrorBody};
use crate::model::{Model, ModelList};
use crate::sse::Decoder;
use crate::transcription::Transcription;
use crate::translation::{Detection, Language, Texts, TranslateRequest, TranslateResponse, Translated};
use bytes::Bytes;
use futures::{Stream, StreamExt};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::time::Duration;

/// How long to wait for the service.
#[derive(Clone, Copy, Debug)]
pub struct Deadlines {
    /// For a connection.
    pub connect: Duration,
    /// Between two pieces of an answer, the first included.
    pub idle: Duration,
}

impl Default for Deadlines {
    fn default() -> Self {
        Self { connect: Duration::from_secs(5), idle: Duration::from_secs(120) }
    }
}

/// A client of one server. Cheap to clone; clones share connections.
#[derive(Clone, Debug)]
pub struct Client {
    base: String,
    api_key: Option<String>,
    http: reqwest::Client,
    idle: Duration,
}

impl Client {
    /// A client with the default [`Deadlines`]. `base_url` is given with or without a trailing `/v1`.
    ///
    /// # Errors
    /// [`Error::BaseUrl`] when `base_url` is no http(s) URL.
    pub fn new(base_url: &str, api_key: Option<String>) -> Result<Self, Error> {
        Self::with_deadlines(base_url, api_key, Deadlines::default())
    }

    /// As [`Client::new`], with deadlines of the caller's choice.
    ///
    /// # Errors
    /// [`Error::BaseUrl`] when `base_url` is no http(s) URL.
    pub fn with_deadlines(base_url: &str, api_key: Option<String>, deadlines: Deadlines) -> Result<Self, Error> {
        let refused = |reason: String| Error::BaseUrl { url: base_url.into(), reason };
        let url = url::Url::parse(base_url).map_err(|e| refused(e.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            return Err(refused("must be http://host or https://host".into()));
        }
        let http = reqwest::Client::builder()
            .connect_timeout(deadlines.connect)
            .read_timeout(deadlines.idle)
            .build()
            .map_err(|e| refused(e.to_string()))?;
        let base = base_url.trim_end_matches('/').trim_end_matches("/v1").trim_end_matches('/').to_owned();
        Ok(Self { base, api_key: api_key.filter(|key| !key.is_empty()), http, idle: deadlines.idle })
    }

    /// The address of the server, without `/v1`.
    pub fn base_url(&self) -> &str {
        &self.base
    }

    /// The next message of a conversation, piece by piece. Dropping the stream makes the server stop generating.
    /// The stream ends after its first error.
    pub fn chat_stream(&self, mut request: ChatRequest) -> impl Stream<Item = Result<Delta, Error>> + Send + 'static {
        request.stream = Some(true);
        request.stream_options.get_or_insert(StreamOptions { include_usage: true });
        let client = self.clone();
        async_stream::try_stream! {
            let response = client.send(client.post("/v1/chat/completions").json(&request)).await?;
            let mut body = response.bytes_stream();
            let mut decoder = Decoder::default();
            let mut done = false;
            while !done {
                let Some(piece) = body.next().await else {
                    Err(Error::Protocol { reason: "the stream ended before [DONE]".into() })?;
                    break;
                };
                let piece: Bytes = piece.map_err(|e| Error::transport(&client.base, e))?;
                for data in decoder.push(&piece).map_err(|reason| Error::Protocol { reason })? {
                    if data == "[DONE]" {
                        done = true;
                        break;
                    }
                    yield read_chunk(&data)?;
                }
            }
        }
    }

    /// The next message of a conversation, whole. It is streamed underneath, so the idle deadline holds for each
    /// piece and a long answer is no reason to give up.
    ///
    /// # Errors
    /// Any [`Error`] of the stream.
    pub async fn chat(&self, request: ChatRequest) -> Result<Answer, Error> {
        let mut deltas = std::pin::pin!(self.chat_stream(request));
        let mut answer = Answer::default();
        while let Some(delta) = deltas.next().await {
            answer.push(delta?);
        }
        Ok(answer)
    }

    /// One vector per text, in the order of `texts`. An empty `model` means the server's default.
    ///
    /// # Errors
    /// [`Error`], among them `Protocol` when the number of vectors is not the number of texts.
    pub async fn embeddings(&self, model: &str, texts: &[String]) -> Result<Vec<Vec<f32>>, Error> {
        let request = EmbeddingRequest {
            model: model.into(),
            input: EmbeddingInput::Many(texts.to_vec()),
            encoding_format: Some("float".into()),
            dimensions: None,
            user: None,
        };
        let mut response: EmbeddingResponse = self.json(self.post("/v1/embeddings").json(&request)).await?;
        response.data.sort_by_key(|data| data.index);
        expect_count("vectors", response.data.len(), texts.len())?;
        response
            .data
            .into_iter()
            .map(|data| match data.embedding {
                EmbeddingVector::Floats(vector) => Ok(vector),
                EmbeddingVector::Base64(_) => Err(Error::Protocol { reason: "base64 was not asked for".into() }),
            })
            .collect()
    }

    /// The models the server has.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn models(&self) -> Result<Vec<Model>, Error> {
        Ok(self.json::<ModelList>(self.get("/v1/models")).await?.data)
    }

    /// Translates `texts` from `source` (a code or `auto`) into `target`; one result per text, in order.
    ///
    /// # Errors
    /// [`Error`]; a pair that the server does not have is `Refused` with status 400.
    pub async fn translate(&self, texts: &[String], source: &str, target: &str) -> Result<Vec<Translated>, Error> {
        if texts.is_empty() {
            return Ok(Vec::new());
        }
        let request = TranslateRequest {
            q: Texts::Many(texts.to_vec()),
            source: source.into(),
            target: target.into(),
            format: Some("text".into()),
            api_key: None,
        };
        let response: TranslateResponse = self.json(self.post("/translate").json(&request)).await?;
        let Texts::Many(translated) = response.translated_text else {
            return Err(Error::Protocol { reason: "translatedText is no list though q was one".into() });
        };
        expect_count("translations", translated.len(), texts.len())?;
        let found = match response.detected_language {
            Some(Value::Array(found)) => found,
            _ => Vec::new(),
        };
        let detected = |index: usize| Some(found.get(index)?.get("language")?.as_str()?.to_owned());
        Ok(translated
            .into_iter()
            .enumerate()
            .map(|(index, text)| Translated { text, detected: detected(index) })
            .collect())
    }

    /// Translates one text.
    ///
    /// # Errors
    /// As [`Client::translate`].
    pub async fn translate_one(&self, text: &str, source: &str, target: &str) -> Result<Translated, Error> {
        let mut all = self.translate(&[text.to_owned()], source, target).await?;
        all.pop().ok_or_else(|| Error::Protocol { reason: "no translation in the answer".into() })
    }

    /// The languages that `text` may be in, likeliest first.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn detect(&self, text: &str) -> Result<Vec<Detection>, Error> {
        self.json(self.post("/detect").json(&serde_json::json!({ "q": text }))).await
    }

    /// The languages that can be translated.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn languages(&self) -> Result<Vec<Language>, Error> {
        self.json(self.get("/languages")).await
    }

    /// The words spoken in a sound file. `language` is a code or `None` for detection.
    ///
    /// # Errors
    /// [`Error`]; `Refused` with status 503 when the service has no transcriber at hand.
    pub async fn transcribe(
        &self,
        file_name: &str,
        sound: Vec<u8>,
        language: Option<&str>,
    ) -> Result<Transcription, Error> {
        let part = reqwest::multipart::Part::bytes(sound).file_name(file_name.to_owned());
        let mut form = reqwest::multipart::Form::new()
            .text("model", "whisper-1")
            .text("response_format", "json")
            .part("file", part);
        if let Some(language) = language {
            form = form.text("language", language.to_owned());
        }
        self.json(self.post("/v1/audio/transcriptions").multipart(form)).await
    }

    /// Whether the service can answer now (`GET /readyz`, within two seconds).
    pub async fn ready(&self) -> bool {
        let request = self.get("/readyz").timeout(Duration::from_secs(2));
        matches!(request.send().await, Ok(response) if response.status().is_success())
    }

    fn get(&self, path: &str) -> reqwest::RequestBuilder {
        self.authorised(self.http.get(format!("{}{path}", self.base)))
    }

    fn post(&self, path: &str) -> reqwest::RequestBuilder {
        self.authorised(self.http.post(format!("{}{path}", self.base)))
    }

    fn authorised(&self, request: reqwest::RequestBuilder) -> reqwest::RequestBuilder {
        match &self.api_key {
            Some(key) => request.bearer_auth(key),
            None => request,
        }
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Result<reqwest::Response, Error> {
        // The idle deadline of the HTTP client starts with the first byte; this one covers the wait for it.
        let sent = tokio::time::timeout(self.idle, request.send()).await;
        let response = sent
            .map_err(|_| Error::Deadline { url: self.base.clone() })?
            .map_err(|e| Error::transport(&self.base, e))?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        if status.as_u16() == 429 {
            let after = response.headers().get("retry-after").and_then(|v| v.to_str().ok()?.parse().ok());
            return Err(Error::Busy { retry_after_seconds: after.unwrap_or(1) });
        }
        let text = response.text().await.unwrap_or_default();
        Err(Error::Refused { status: status.as_u16(), api: read_error(&text) })
    }

    async fn json<T: DeserializeOwned>(&self, request: reqwest::RequestBuilder) -> Result<T, Error> {
        let response = self.send(request).await?;
        let body = response.bytes().await.map_err(|e| Error::transport(&self.base, e))?;
        serde_json::from_slice(&body).map_err(|e| Error::Protocol { reason: format!("answer: {e}") })
    }
}

/// A chunk, or the error that a server sends in its place once the headers are gone.
fn read_chunk(data: &str) -> Result<Delta, Error> {
    let value: Value =
        serde_json::from_str(data).map_err(|e| Error::Protocol { reason: format!("event: {e}: {data:.200}") })?;
    if value.get("error").is_some_and(|error| !error.is_null()) {
        return Err(Error::Refused { status: 500, api: read_error(data) });
    }
    let chunk: ChatChunk =
        serde_json::from_value(value).map_err(|e| Error::Protocol { reason: format!("event: {e}") })?;
    Ok(chunk.into())
}

/// OpenAI's shape, LibreTranslate's `{"error": "text"}`, or the text itself.
fn read_error(text: &str) -> ApiError {
    if let Ok(body) = serde_json::from_str::<ErrorBody>(text) {
        return body.error;
    }
    let plain = serde_json::from_str::<Value>(text)
        .ok()
        .and_then(|v| v.get("error")?.as_str().map(str::to_owned))
        .unwrap_or_else(|| text.chars().take(300).collect());
    ApiError { message: plain, ..ApiError::default() }
}

fn expect_count(what: &str, got: usize, wanted: usize) -> Result<(), Error> {
    if got == wanted {
        return Ok(());
    }
    Err(Error::Protocol { reason: format!("{got} {what} for {wanted} texts") })
}

/// Keeps the wire types serialisable; a request that cannot be written is a bug found here.
const _: fn() = || {
    fn wire<T: Serialize + DeserializeOwned>() {}
    wire::<ChatRequest>();
    wire::<EmbeddingRequest>();
    wire::<TranslateRequest>();
};

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    /// A server that answers one connection with `answer`, whatever is asked.
    async fn canned(answer: &'static str) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut buffer = vec![0; 65536];
            let _read = socket.read(&mut buffer).await.unwrap();
            socket.write_all(answer.as_bytes()).await.unwrap();
        });
        format!("http://{address}/v1/")
    }

    fn crypto() {
        kit::init_crypto();
    }

    #[tokio::test]
    async fn a_stream_becomes_deltas_and_an_answer() {
        crypto();
        let base = canned(concat!(
            "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n",
            "data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n: ping\n\n",
            "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Olá\"}}]}\n\n",
            "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n",
            "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":1,\"total_tokens\":4}}\n\n",
            "data: [DONE]\n\n"
        ))
        .await;
        let answer =
            Client::new(&base, None).unwrap().chat(ChatRequest::new("m", vec![crate::Message::user("x")])).await;
        let answer = answer.unwrap();
        assert_eq!((answer.text.as_str(), answer.finish.as_deref()), ("Olá", Some("stop")));
        assert_eq!(answer.usage, Some(crate::Usage::new(3, 1)));
    }

    #[tokio::test]
    async fn a_stream_that_breaks_off_is_an_error() {
        crypto();
        let base = canned(concat!(
            "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n",
            "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Ol\"}}]}\n\n",
        ))
        .await;
        let error = Client::new(&base, None).unwrap().chat(ChatRequest::new("m", vec![])).await.unwrap_err();
        assert!(error.to_string().contains("before [DONE]"), "{error}");
    }

    #[tokio::test]
    async fn busy_carries_the_seconds() {
        crypto();
        let base = canned("HTTP/1.1 429 Too Many Requests\r\nretry-after: 7\r\ncontent-length: 0\r\n\r\n").await;
        let error = Client::new(&base, None).unwrap().models().await.unwrap_err();
        assert!(matches!(error, Error::Busy { retry_after_seconds: 7 }), "{error}");
    }

    #[tokio::test]
    async fn a_service_that_is_away_is_named() {
        crypto();
        let client = Client::new("http://127.0.0.1:1", None).unwrap();
        let error = client.models().await.unwrap_err();
        assert!(matches!(error, Error::Unreachable { .. }) && error.is_temporary(), "{error}");
        assert!(!client.ready().await);
    }

    #[tokio::test]
    async fn silence_ends_at_the_deadline() {
        crypto();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let deadlines = Deadlines { connect: Duration::from_secs(1), idle: Duration::from_millis(100) };
        let error = Client::with_deadlines(&base, None, deadlines).unwrap().models().await.unwrap_err();
        assert!(matches!(error, Error::Deadline { .. }), "{error}");
    }

    #[test]
    fn both_error_shapes_are_read() {
        assert_eq!(read_error(r#"{"error":{"message":"m","type":"t","param":"p","code":null}}"#).param.unwrap(), "p");
        assert_eq!(read_error(r#"{"error":"no pair"}"#).message, "no pair");
        assert_eq!(read_error("bad gateway").message, "bad gateway");
        assert!(Client::new("ftp://x", None).is_err());
    }
}
