//! JSON carried in [`crate::RtcMessage::data`].

use serde::{Deserialize, Serialize};

/// A session description, as WebRTC writes it ([`crate::RtcKind::SDP`]).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Description {
    #[serde(rename = "type")]
    pub kind: DescriptionKind,
    pub sdp: String,
}

/// Which half of a negotiation a [`Description`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DescriptionKind {
    Offer,
    Answer,
}

/// What a browser calls `RTCIceCandidateInit`; a participant's [`crate::RtcKind::ICE`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct CandidateInit {
    /// `candidate:…`; empty at the end of the candidates.
    pub candidate: String,
    pub sdp_mid: Option<String>,
    #[serde(rename = "sdpMLineIndex")]
    pub sdp_mline_index: Option<u16>,
    pub username_fragment: Option<String>,
}

/// rtcd's own candidates are wrapped: `{"type":"candidate","candidate":{…}}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerCandidate {
    #[serde(rename = "type")]
    pub kind: String,
    pub candidate: CandidateInit,
}

impl ServerCandidate {
    /// Wraps one `candidate:…` attribute.
    pub fn new(candidate: String) -> Self {
        let candidate = CandidateInit {
            candidate,
            sdp_mid: Some(String::new()),
            sdp_mline_index: Some(0),
            username_fragment: None,
        };
        Self { kind: "candidate".into(), candidate }
    }
}

/// Data of [`crate::RtcKind::SCREEN_ON`]: the id of the MediaStream that holds the screen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScreenOn {
    #[serde(rename = "screenStreamID")]
    pub screen_stream_id: String,
}

/// Data of [`crate::RtcKind::VIDEO_ON`]: the id of the MediaStream that holds the camera.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VideoOn {
    #[serde(rename = "videoStreamID")]
    pub video_stream_id: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_has_the_names_browsers_use() {
        let text =
            serde_json::to_string(&ServerCandidate::new("candidate:1 1 udp 1 127.0.0.1 9 typ host".into())).unwrap();
        assert_eq!(
            text,
            r#"{"type":"candidate","candidate":{"candidate":"candidate:1 1 udp 1 127.0.0.1 9 typ host","sdpMid":"","sdpMLineIndex":0,"usernameFragment":null}}"#
        );
        let d: Description = serde_json::from_str(r#"{"type":"offer","sdp":"v=0"}"#).unwrap();
        assert_eq!(d.kind, DescriptionKind::Offer);
        let c: CandidateInit = serde_json::from_str(r#"{"candidate":"","sdpMLineIndex":0}"#).unwrap();
        assert_eq!((c.candidate.as_str(), c.sdp_mline_index), ("", Some(0)));
    }
}
