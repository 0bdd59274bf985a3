//! What a push proxy is sent, and what it answers.

use outbound::{Client, Failure};
use reqwest::Method;
use serde::{Deserialize, Serialize};

/// One notification to one device.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Notification {
    /// The same for every attempt, so that an app knows one that it has seen.
    pub ack_id: String,
    /// What stands before the first colon of the session's device (`android_rn-v2`), and what stands after it.
    pub platform: String,
    pub device_id: String,
    pub server_id: String,
    pub post_id: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub category: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub sound: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// Unread mentions of the whole account.
    #[serde(skip_serializing_if = "is_zero")]
    pub badge: i64,
    #[serde(skip_serializing_if = "is_zero")]
    pub cont_ava: i64,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub team_id: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub channel_id: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub root_id: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub channel_name: String,
    /// message, clear, update_badge, session or test.
    #[serde(rename = "type")]
    pub kind: String,
    /// `calls` for what rings.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub sub_type: String,
    /// `voip` when the device is rung.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub transport: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub sender_id: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub sender_name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub override_username: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub override_icon_url: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub from_webhook: String,
    pub version: String,
    pub is_crt_enabled: bool,
    pub is_id_loaded: bool,
    pub signature: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(n: &i64) -> bool {
    *n == 0
}

/// What an app says of a notification that reached it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Receipt {
    pub id: String,
    /// Milliseconds.
    pub received_at: i64,
    /// ios or android.
    pub platform: String,
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub post_id: String,
    pub is_id_loaded: bool,
}

/// What became of a notification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Sent,
    /// The device has not got the app any more.
    Gone,
    /// The proxy is there and could not send it, for this reason.
    Refused(String),
}

/// Answer of a proxy.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Answer {
    status: String,
    error: String,
}

fn address(proxy: &str, path: &str) -> String {
    format!("{}/api/v1/{path}", proxy.trim_end_matches('/'))
}

/// Gives a notification to the proxy.
///
/// # Errors
/// When there is no proxy, or it does not answer as one.
pub async fn send(client: &Client, proxy: &str, notification: &Notification) -> Result<Outcome, Failure> {
    let request = client.request(Method::POST, &address(proxy, "send_push"))?.json(notification);
    let answer = client.send(request).await?;
    if !answer.ok() {
        return Err(Failure::Broken(format!("the push proxy answers {}", answer.status)));
    }
    let said: Answer = serde_json::from_slice(&answer.body).unwrap_or_default();
    match said.status.as_str() {
        "OK" => Ok(Outcome::Sent),
        "REMOVE" => Ok(Outcome::Gone),
        "FAIL" => Ok(Outcome::Refused(said.error.chars().take(300).collect())),
        _ => Err(Failure::Broken("that is no answer of a push proxy".into())),
    }
}

/// Passes on that a notification has arrived.
///
/// # Errors
/// When there is no proxy.
pub async fn received(client: &Client, proxy: &str, receipt: &Receipt) -> Result<(), Failure> {
    let request = client.request(Method::POST, &address(proxy, "ack"))?.json(receipt);
    client.send(request).await.map(drop)
}
