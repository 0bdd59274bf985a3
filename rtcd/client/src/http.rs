//! rtcd's HTTP side: registration, version, load and who is in a call.

use crate::{Client, ClientError, Config};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Answer of `GET /version`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Version {
    pub build_date: String,
    /// Semver with a leading `v`; clients switch features on by it.
    pub build_version: String,
    pub build_hash: String,
    pub go_version: String,
    #[serde(rename = "goOS")]
    pub go_os: String,
    pub go_arch: String,
}

/// Answer of `GET /system`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct System {
    /// Grows with the load of the machine; only the order between two rtcds means something.
    pub cpu_load: f64,
}

/// One session as `GET /calls/{id}/sessions` lists it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SessionInfo {
    #[serde(rename = "GroupID")]
    pub group_id: String,
    #[serde(rename = "CallID")]
    pub call_id: String,
    #[serde(rename = "UserID")]
    pub user_id: String,
    #[serde(rename = "SessionID")]
    pub session_id: String,
    /// `channelID`, `av1Support` and `dcSignaling` as they were in the join.
    #[serde(rename = "Props")]
    pub props: BTreeMap<String, serde_json::Value>,
}

#[derive(Deserialize)]
struct Refusal {
    error: String,
}

/// Registers `client_id` with its key; a second time answers with `already registered`.
pub(crate) async fn register(http: &reqwest::Client, config: &Config) -> Result<(), ClientError> {
    const REQUEST: &str = "POST /register";
    let body = serde_json::json!({"clientID": config.client_id, "authKey": config.auth_key});
    let request = http
        .post(format!("{}/register", base(config)))
        .basic_auth(&config.client_id, Some(&config.auth_key))
        .json(&body);
    checked(REQUEST, request).await.map(drop)
}

fn base(config: &Config) -> &str {
    config.url.trim_end_matches('/')
}

async fn checked(request: &'static str, builder: reqwest::RequestBuilder) -> Result<reqwest::Response, ClientError> {
    let response = builder.send().await.map_err(|source| ClientError::Http { request, source })?;
    let status = response.status().as_u16();
    if response.status().is_success() {
        return Ok(response);
    }
    let text = response.text().await.unwrap_or_default();
    let reason = serde_json::from_str::<Refusal>(&text).map_or(text, |r| r.error);
    Err(ClientError::Refused { request, status, reason })
}

impl Client {
    /// Which build of rtcd answers.
    ///
    /// # Errors
    /// [`ClientError::Http`] or [`ClientError::Refused`].
    pub async fn version(&self) -> Result<Version, ClientError> {
        const REQUEST: &str = "GET /version";
        let response = checked(REQUEST, self.http.get(format!("{}/version", base(&self.config)))).await?;
        response.json().await.map_err(|source| ClientError::Http { request: REQUEST, source })
    }

    /// How busy rtcd's machine is.
    ///
    /// # Errors
    /// [`ClientError::Http`] or [`ClientError::Refused`].
    pub async fn system(&self) -> Result<System, ClientError> {
        const REQUEST: &str = "GET /system";
        let response = checked(REQUEST, self.http.get(format!("{}/system", base(&self.config)))).await?;
        response.json().await.map_err(|source| ClientError::Http { request: REQUEST, source })
    }

    /// The sessions of a call; empty when rtcd knows no such call.
    ///
    /// # Errors
    /// [`ClientError::Http`] or [`ClientError::Refused`].
    pub async fn sessions(&self, call_id: &str) -> Result<Vec<SessionInfo>, ClientError> {
        const REQUEST: &str = "GET /calls/{id}/sessions";
        let url = format!("{}/calls/{call_id}/sessions", base(&self.config));
        let request = self.http.get(url).basic_auth(&self.config.client_id, Some(&self.config.auth_key));
        match checked(REQUEST, request).await {
            Ok(response) => response.json().await.map_err(|source| ClientError::Http { request: REQUEST, source }),
            Err(ClientError::Refused { status: 404, .. }) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }
}
