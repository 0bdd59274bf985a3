//! Calls to a partner: frames, files and pictures, each within its deadline and through the guard of `outbound`.

use crate::Federation;
use chat::Site;
use outbound::{Answer, Client, Failure};
use reqwest::{Body, Method, RequestBuilder, multipart};
use serde_json::{Value, json};
use wire::{RemoteCluster, RemoteClusterFrame, RemoteClusterMsg, RemoteClusterPing, RemoteClusterResponse};

/// Why a partner did not take something.
#[derive(Debug, thiserror::Error)]
pub enum Failed {
    /// It may not have heard it: to be sent again.
    #[error("{0}")]
    Away(String),
    /// It heard and does not want it.
    #[error("{0}")]
    Refused(String),
}

impl From<Failure> for Failed {
    fn from(failure: Failure) -> Self {
        Self::Away(failure.to_string())
    }
}

impl From<chat::Error> for Failed {
    fn from(error: chat::Error) -> Self {
        let cause = error.cause.as_ref().map(|c| format!(" ({c})")).unwrap_or_default();
        Self::Away(format!("{error}{cause}"))
    }
}

impl From<db::Error> for Failed {
    fn from(error: db::Error) -> Self {
        Self::Away(error.to_string())
    }
}

/// The text of an answer that is none of ours, cut.
fn words(answer: &Answer) -> String {
    let text = String::from_utf8_lossy(&answer.body);
    let value: Value = serde_json::from_str(&text).unwrap_or_default();
    let said = value["message"].as_str().unwrap_or(&text);
    format!("{}: {}", answer.status.as_u16(), said.chars().take(200).collect::<String>())
}

fn taken(answer: &Answer) -> Result<(), Failed> {
    if answer.ok() {
        return Ok(());
    }
    Err(Failed::Away(words(answer)))
}

impl Federation {
    fn request(&self, client: &Client, remote: &RemoteCluster, path: &str) -> Result<RequestBuilder, Failed> {
        let url = format!("{}/api/v4/remotecluster/{path}", remote.site_url);
        let request = client.request(Method::POST, &url)?;
        let request = request.header("x-remotecluster-id", &remote.remote_id);
        Ok(request.header("x-remotecluster-token", &remote.remote_token))
    }

    /// Whether that address may be called.
    ///
    /// # Errors
    /// Why not.
    pub(crate) fn check(&self, url: &str) -> Result<(), Failure> {
        self.messages.check(url).map(|_| ())
    }

    fn frame(site: &Site, remote: &RemoteCluster, topic: &str, payload: Value) -> Value {
        let msg = RemoteClusterMsg { id: kit::id::new(), topic: topic.into(), create_at: site.clock.now_ms(), payload };
        json!(RemoteClusterFrame { remote_id: remote.remote_id.clone(), msg })
    }

    /// Says something under a topic; what the partner answers to it.
    pub(crate) async fn tell(
        &self,
        site: &Site,
        remote: &RemoteCluster,
        path: &str,
        topic: &str,
        payload: Value,
    ) -> Result<Value, Failed> {
        let request = self.request(&self.messages, remote, path)?.json(&Self::frame(site, remote, topic, payload));
        let answer = self.messages.send(request).await?;
        if path == "confirm_invite" && answer.status.is_client_error() {
            return Err(Failed::Refused(words(&answer)));
        }
        taken(&answer)?;
        let said: RemoteClusterResponse = serde_json::from_slice(&answer.body)
            .map_err(|e| Failed::Away(format!("its answer makes no sense: {e}")))?;
        if said.status.eq_ignore_ascii_case("ok") { Ok(said.payload) } else { Err(Failed::Refused(said.err)) }
    }

    /// Asks for a sign of life.
    pub(crate) async fn ping(&self, site: &Site, remote: &RemoteCluster) -> Result<(), Failed> {
        let ping = RemoteClusterPing { sent_at: site.clock.now_ms(), recv_at: 0 };
        let frame = Self::frame(site, remote, "ping", json!(ping));
        let answer = self.pings.send(self.request(&self.pings, remote, "ping")?.json(&frame)).await?;
        taken(&answer)
    }

    /// Sends the bytes of a file that was announced.
    pub(crate) async fn upload(&self, remote: &RemoteCluster, id: &str, size: u64, bytes: Body) -> Result<(), Failed> {
        let request = self.request(&self.files, remote, &format!("upload/{id}"))?;
        let request = request.header("content-type", "application/octet-stream").header("content-length", size);
        taken(&self.files.send(request.body(bytes)).await?)
    }

    /// Sends the picture of one of our people.
    pub(crate) async fn picture(&self, remote: &RemoteCluster, user: &str, png: Vec<u8>) -> Result<(), Failed> {
        let part = multipart::Part::bytes(png).file_name("profile.png").mime_str("image/png");
        let part = part.map_err(|e| Failed::Refused(e.to_string()))?;
        let request = self.request(&self.files, remote, &format!("{user}/image"))?;
        let answer = self.files.send(request.multipart(multipart::Form::new().part("image", part))).await?;
        if answer.status.is_client_error() {
            return Err(Failed::Refused(words(&answer)));
        }
        taken(&answer)
    }
}
