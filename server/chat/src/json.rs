//! JSON bodies as the protocol has them: what is wrong is said with the field, in the protocol's error, and a field that
//! is `null` counts as not given, because the original's decoder leaves it alone and old drivers send it.

use crate::error::Kind;
use crate::{Error, Result};
use axum::body::Bytes;
use axum::extract::{FromRequest, OptionalFromRequest, Request};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// A JSON body, of a request or an answer.
#[derive(Clone, Copy, Debug, Default)]
pub struct Json<T>(pub T);

/// Reads a body.
///
/// # Errors
/// 400 with the field and the reason.
pub fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    // Most bodies have no null, and are read without a detour.
    if !bytes.windows(4).any(|w| w == b"null") {
        return told(serde_path_to_error::deserialize(&mut serde_json::Deserializer::from_slice(bytes)));
    }
    let mut value: Value = serde_json::from_slice(bytes).map_err(|e| Error::invalid_body("body", &e.to_string()))?;
    if let Value::Object(fields) = &mut value {
        fields.retain(|_, field| !field.is_null());
    }
    told(serde_path_to_error::deserialize(value))
}

fn told<T>(read: std::result::Result<T, serde_path_to_error::Error<serde_json::Error>>) -> Result<T> {
    read.map_err(|error| {
        let path = error.path().to_string();
        let field = if path == "." { "body" } else { &path };
        Error::invalid_body(field, &error.inner().to_string())
    })
}

async fn received<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes> {
    Bytes::from_request(request, state).await.map_err(|rejection| {
        if rejection.into_response().status() == StatusCode::PAYLOAD_TOO_LARGE {
            let id = "api.context.request_body_too_large.app_error";
            Error::new(Kind::TooLarge, id, "The request is larger than this site takes.")
        } else {
            Error::invalid_body("body", "it could not be received")
        }
    })
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self> {
        read(&received(request, state).await?).map(Self)
    }
}

/// `None` when nothing was sent.
impl<T: DeserializeOwned, S: Send + Sync> OptionalFromRequest<S> for Json<T> {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Option<Self>> {
        let bytes = received(request, state).await?;
        if bytes.is_empty() { Ok(None) } else { read(&bytes).map(|value| Some(Self(value))) }
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(body) => ([(header::CONTENT_TYPE, "application/json")], body).into_response(),
            Err(error) => Error::internal(error).into_response(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    struct Login {
        login_id: String,
        #[serde(default)]
        token: String,
        #[serde(default)]
        props: serde_json::Map<String, Value>,
    }

    #[test]
    fn null_is_not_given_and_a_wrong_field_is_named() {
        let login: Login = read(br#"{"login_id": "ana", "token": null, "props": {"kept": null}}"#).unwrap();
        assert_eq!((login.login_id.as_str(), login.token.as_str()), ("ana", ""));
        assert!(login.props["kept"].is_null(), "only fields of the body itself");
        let error = read::<Login>(br#"{"login_id": 7}"#).unwrap_err();
        assert!(error.message.contains("login_id"), "{}", error.message);
        assert!(read::<Login>(br#"{"login_id": null}"#).unwrap_err().message.contains("login_id"));
        assert_eq!(read::<Login>(b"nonsense").unwrap_err().kind, Kind::Invalid);
    }
}
