//! What clients send on their WebSocket, read into values. Pure; the bytes come from outside.

use crate::call::Switch;
use rmpv::Value;
use rtcd_client::RtcKind;
use serde_json::json;
use std::io::Read;

/// Largest session description after decompression, bytes: an m-line takes about 600, and a long call has many. It has to
/// fit a frame to rtcd.
const MAX_SDP: u64 = 512 * 1024;
/// Longest caption and longest value of a reaction, bytes.
const MAX_TEXT: usize = 4096;

/// A client's action.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    Join {
        channel_id: String,
        title: String,
        thread_id: String,
        job_id: String,
        av1_support: bool,
        dc_signaling: bool,
    },
    Leave,
    Reconnect {
        channel_id: String,
        session_id: String,
        previous: String,
    },
    /// JSON for rtcd.
    Signal {
        kind: RtcKind,
        data: Vec<u8>,
    },
    Switch(Switch),
    /// JSON for rtcd.
    ScreenOn(String),
    VideoOn(String),
    /// The emoji as everybody is told it.
    React(serde_json::Value),
    State {
        channel_id: String,
    },
    Caption {
        session_id: String,
        text: String,
    },
    /// A client's counter; logged.
    Metric {
        name: String,
        data: String,
    },
    /// Known and without effect.
    Nothing,
}

/// Why an action is not understood.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ActionError {
    #[error("there is no action {0:?}")]
    Unknown(String),
    #[error("{action}: {field} {reason}")]
    Field { action: &'static str, field: &'static str, reason: String },
}

/// Reads the data of the action `name` (without the prefix).
///
/// # Errors
/// [`ActionError`] with the field and the reason; the action is dropped then.
pub fn read(name: &str, data: &Value) -> Result<Action, ActionError> {
    Ok(match name {
        "join" => Action::Join {
            channel_id: id(data, "join", "channelID")?,
            title: text(data, "title").chars().take(256).collect(),
            thread_id: text(data, "threadID").to_owned(),
            job_id: text(data, "jobID").to_owned(),
            av1_support: flag(data, "av1Support"),
            dc_signaling: flag(data, "dcSignaling"),
        },
        "leave" => Action::Leave,
        "reconnect" => Action::Reconnect {
            channel_id: id(data, "reconnect", "channelID")?,
            session_id: id(data, "reconnect", "originalConnID")?,
            previous: id(data, "reconnect", "prevConnID")?,
        },
        "sdp" => Action::Signal { kind: RtcKind::SDP, data: inflate(data)? },
        "ice" => {
            let candidate = json(data, "ice")?;
            Action::Signal { kind: RtcKind::ICE, data: candidate.to_string().into_bytes() }
        }
        "mute" => Action::Switch(Switch::Mute),
        "unmute" => Action::Switch(Switch::Unmute),
        "screen_on" => Action::ScreenOn(stream(data, "screen_on", "screenStreamID")?),
        "screen_off" => Action::Switch(Switch::ScreenOff),
        "video_on" => Action::VideoOn(stream(data, "video_on", "videoStreamID")?),
        "video_off" => Action::Switch(Switch::VideoOff),
        "raise_hand" => Action::Switch(Switch::RaiseHand),
        "unraise_hand" => Action::Switch(Switch::LowerHand),
        "react" => Action::React(emoji(data)?),
        "call_state" => Action::State { channel_id: id(data, "call_state", "channelID")? },
        "caption" => {
            Action::Caption { session_id: id(data, "caption", "session_id")?, text: cut(text(data, "text")).to_owned() }
        }
        "metric" => {
            Action::Metric { name: cut(text(data, "metric_name")).to_owned(), data: cut(text(data, "data")).to_owned() }
        }
        "ping" | "voice_on" | "voice_off" => Action::Nothing,
        other => return Err(ActionError::Unknown(other.chars().take(64).collect())),
    })
}

fn get<'a>(data: &'a Value, key: &str) -> Option<&'a Value> {
    data.as_map()?.iter().find(|(k, _)| k.as_str() == Some(key)).map(|(_, v)| v)
}

fn text<'a>(data: &'a Value, key: &str) -> &'a str {
    get(data, key).and_then(Value::as_str).unwrap_or_default()
}

fn flag(data: &Value, key: &str) -> bool {
    get(data, key).and_then(Value::as_bool).unwrap_or(false)
}

fn cut(text: &str) -> &str {
    let end = text.char_indices().map(|(at, c)| at + c.len_utf8()).take_while(|end| *end <= MAX_TEXT).last();
    &text[..end.unwrap_or(0)]
}

fn bad(action: &'static str, field: &'static str, reason: impl ToString) -> ActionError {
    ActionError::Field { action, field, reason: reason.to_string() }
}

fn id(data: &Value, action: &'static str, field: &'static str) -> Result<String, ActionError> {
    let value = text(data, field);
    if kit::id::is_valid(value) { Ok(value.to_owned()) } else { Err(bad(action, field, "is no id")) }
}

/// `data.data`, a string of JSON.
fn json(data: &Value, action: &'static str) -> Result<serde_json::Value, ActionError> {
    let value = get(data, "data").and_then(Value::as_str).ok_or_else(|| bad(action, "data", "is no string"))?;
    serde_json::from_str(value).map_err(|e| bad(action, "data", e))
}

fn stream(data: &Value, action: &'static str, field: &'static str) -> Result<String, ActionError> {
    let value = json(data, action)?;
    let id = value.get(field).and_then(serde_json::Value::as_str).filter(|id| !id.is_empty());
    Ok(json!({field: id.ok_or_else(|| bad(action, field, "is missing"))?}).to_string())
}

fn emoji(data: &Value) -> Result<serde_json::Value, ActionError> {
    let value = json(data, "react")?;
    let part = |key: &str| cut(value.get(key).and_then(serde_json::Value::as_str).unwrap_or_default()).to_owned();
    if part("name").is_empty() {
        return Err(bad("react", "name", "is missing"));
    }
    Ok(json!({"name": part("name"), "skin": part("skin"), "unified": part("unified"), "literal": part("literal")}))
}

/// `data.data`, zlib of a session description in JSON.
fn inflate(data: &Value) -> Result<Vec<u8>, ActionError> {
    let Some(Value::Binary(bytes)) = get(data, "data") else { return Err(bad("sdp", "data", "is no bytes")) };
    let mut out = Vec::new();
    let read = flate2::read::ZlibDecoder::new(&bytes[..]).take(MAX_SDP + 1).read_to_end(&mut out);
    read.map_err(|e| bad("sdp", "data", e))?;
    if out.len() as u64 > MAX_SDP {
        return Err(bad("sdp", "data", format!("has more than {MAX_SDP} bytes")));
    }
    let parsed = serde_json::from_slice::<rtcd_client::signal::Description>(&out);
    parsed.map_err(|e| bad("sdp", "data", e))?;
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::Write;

    const ID: &str = "abcdefghijklmnopqrstuvwxyz";

    fn map(pairs: &[(&str, Value)]) -> Value {
        Value::Map(pairs.iter().map(|(k, v)| (Value::from(*k), v.clone())).collect())
    }

    fn zlib(text: &[u8]) -> Value {
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(text).unwrap();
        Value::Binary(encoder.finish().unwrap())
    }

    #[test]
    fn actions_are_read_as_clients_write_them() {
        let join = map(&[("channelID", ID.into()), ("title", "".into()), ("av1Support", true.into())]);
        let Action::Join { channel_id, av1_support, job_id, .. } = read("join", &join).unwrap() else { panic!() };
        assert_eq!((channel_id.as_str(), av1_support, job_id.as_str()), (ID, true, ""));
        let offer = br#"{"type":"offer","sdp":"v=0"}"#;
        let sdp = read("sdp", &map(&[("data", zlib(offer))])).unwrap();
        assert_eq!(sdp, Action::Signal { kind: RtcKind::SDP, data: offer.to_vec() });
        let screen = map(&[("data", r#"{"screenStreamID":"abc","more":1}"#.into())]);
        assert_eq!(read("screen_on", &screen).unwrap(), Action::ScreenOn(r#"{"screenStreamID":"abc"}"#.into()));
        let heart = map(&[("data", r#"{"name":"heart","unified":"2764"}"#.into())]);
        let emoji = json!({"name": "heart", "skin": "", "unified": "2764", "literal": ""});
        assert_eq!(read("react", &heart).unwrap(), Action::React(emoji));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let error = |name: &str, data: &[(&str, Value)]| read(name, &map(data)).unwrap_err().to_string();
        assert_eq!(error("join", &[("channelID", "../x".into())]), "join: channelID is no id");
        assert_eq!(error("sdp", &[("data", "text".into())]), "sdp: data is no bytes");
        assert!(error("sdp", &[("data", zlib(&vec![b'a'; 1 << 20]))]).contains("more than"));
        assert!(error("sdp", &[("data", zlib(b"{}"))]).contains("missing field"));
        assert!(error("ice", &[("data", "{".into())]).starts_with("ice: data"));
        assert!(error("dance", &[]).contains("no action"));
    }

    proptest! {
        #[test]
        fn any_data_is_read_or_refused_in_words(name in "join|sdp|ice|react|caption|screen_on|.{0,8}", text in ".{0,60}",
                                                bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            let values = [Value::Binary(bytes.clone()), Value::from(text.as_str()), Value::Nil,
                map(&[("data", Value::Binary(bytes))]), map(&[("data", text.as_str().into()), ("session_id", ID.into())])];
            for value in values {
                if let Err(error) = read(&name, &value) {
                    prop_assert!(!error.to_string().is_empty());
                }
            }
        }
    }
}
