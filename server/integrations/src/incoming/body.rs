//! Reading what a program posts: JSON, a form or multipart, as Slack's and Mattermost's programs send it.

use axum::extract::{FromRequest, Multipart, Request};
use bytes::Bytes;
use chat::error::Kind;
use chat::{Error, Result};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::borrow::Cow;
use wire::HookMessage;

fn unreadable(reason: impl std::fmt::Display) -> Error {
    Error::invalid("web.incoming_webhook.parse.app_error", format!("Unable to parse incoming data: {reason}."))
}

/// The message in a request, whatever it is wrapped in.
///
/// # Errors
/// 400 for what cannot be read, 413 for too much.
pub async fn read(request: Request) -> Result<HookMessage> {
    let kind = request.headers().get("content-type").and_then(|v| v.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_lowercase();
    if kind == "multipart/form-data" {
        let parts = Multipart::from_request(request, &()).await.map_err(unreadable)?;
        return form(fields(parts).await?);
    }
    let body = Bytes::from_request(request, &()).await.map_err(|e| match e.status().as_u16() {
        413 => Error::new(Kind::TooLarge, "web.incoming_webhook.too_large.app_error", "The message is too large."),
        _ => unreadable(e),
    })?;
    if kind == "application/x-www-form-urlencoded" && !body.trim_ascii_start().starts_with(b"{") {
        return form(url::form_urlencoded::parse(&body).into_owned().collect());
    }
    json(&String::from_utf8_lossy(&body))
}

async fn fields(mut parts: Multipart) -> Result<Vec<(String, String)>> {
    let mut fields = Vec::new();
    while let Some(part) = parts.next_field().await.map_err(unreadable)? {
        let name = part.name().unwrap_or_default().to_owned();
        fields.push((name, part.text().await.map_err(unreadable)?));
    }
    Ok(fields)
}

/// A form has the whole message as JSON in `payload`, or its parts in fields of their names.
fn form(fields: Vec<(String, String)>) -> Result<HookMessage> {
    if let Some((_, payload)) = fields.iter().find(|(name, _)| name == "payload") {
        return json(payload);
    }
    let mut object = Map::new();
    for (name, value) in fields {
        let value = match name.as_str() {
            "attachments" | "props" | "priority" => serde_json::from_str(&value).map_err(unreadable)?,
            _ => Value::from(value),
        };
        object.insert(name, value);
    }
    if object.is_empty() {
        return Err(unreadable("the form has no payload"));
    }
    serde_json::from_value(object.into()).map_err(unreadable)
}

fn json(text: &str) -> Result<HookMessage> {
    parse(text).map_err(unreadable)
}

/// Reads JSON; line ends and tabs may be raw inside strings, as shell scripts write them.
///
/// # Errors
/// For what is no JSON even so.
pub fn parse<T: DeserializeOwned>(text: &str) -> serde_json::Result<T> {
    serde_json::from_str(text).or_else(|first| serde_json::from_str(&escaped(text)).map_err(|_| first))
}

fn escaped(text: &str) -> Cow<'_, str> {
    if !text.contains(|c: char| c.is_ascii_control()) {
        return text.into();
    }
    let (mut out, mut inside, mut after_backslash) = (String::with_capacity(text.len() + 16), false, false);
    for c in text.chars() {
        match c {
            '\n' if inside => out.push_str("\\n"),
            '\r' if inside => out.push_str("\\r"),
            '\t' if inside => out.push_str("\\t"),
            c if inside && c.is_ascii_control() => {}
            c => out.push(c),
        }
        inside ^= c == '"' && !after_backslash;
        after_backslash = c == '\\' && !after_backslash;
    }
    out.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_write_line_ends_into_json() {
        let message = json("{\n\"text\": \"one\ntwo \\\" \tthree\"\n}").unwrap();
        assert_eq!(message.text.as_deref(), Some("one\ntwo \" \tthree"));
        let error = json("{\"text\": 5 5}").unwrap_err();
        assert!(error.message.contains("line 1 column"), "{}", error.message);
    }

    #[test]
    fn a_form_has_a_payload_or_fields() {
        let fields = |list: &[(&str, &str)]| list.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
        assert_eq!(form(fields(&[("payload", "{\"text\":\"a\"}")])).unwrap().text.as_deref(), Some("a"));
        let message = form(fields(&[("text", "b"), ("attachments", "[{}]")])).unwrap();
        assert_eq!((message.text.as_deref(), message.attachments.map(|a| a.len())), (Some("b"), Some(1)));
        assert!(form(Vec::new()).is_err());
    }
}
