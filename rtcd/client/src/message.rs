//! Frames of rtcd's WebSocket: two consecutive MessagePack values, a type and its data, with nothing around them.

use bytes::Bytes;
use rmpv::Value;
use serde::{Deserialize, Serialize};

/// Largest frame that either side reads, in bytes.
pub const MAX_FRAME: usize = 1 << 20;

/// Deepest nesting accepted in a frame; the known messages need two levels.
const MAX_DEPTH: usize = 16;

/// What rtcd and a chat server tell each other.
#[derive(Clone, Debug, PartialEq)]
pub enum Message {
    /// rtcd accepted the WebSocket.
    Hello { client_id: String, conn_id: String },
    /// Create a session. There is no reply; a refusal arrives as [`Message::Close`].
    Join(Join),
    /// End a session.
    Leave { session_id: String },
    /// Deliver the messages of this session to this WebSocket from here on.
    Reconnect { session_id: String },
    /// A session has ended, for whatever reason.
    Close { session_id: String },
    /// Signalling and media state of one session, in both directions.
    Rtc(RtcMessage),
    /// Voice activity of one session: [`RtcKind::VOICE_ON`] or [`RtcKind::VOICE_OFF`].
    Vad(RtcMessage),
    /// A type this version does not know.
    Unknown { kind: String, data: Value },
}

/// The data of a join.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Join {
    /// Overwritten by rtcd with the authenticated client id; may stay empty.
    pub group_id: String,
    pub call_id: String,
    pub user_id: String,
    pub session_id: String,
    /// Handed back in [`crate::SessionInfo`], otherwise unused.
    pub channel_id: String,
    /// The participant can decode AV1.
    pub av1_support: bool,
    /// Server offers go over the data channel in place of the WebSocket.
    pub dc_signaling: bool,
}

/// The kind of an [`RtcMessage`]: a number, so that kinds of later versions pass through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RtcKind(pub u8);

impl RtcKind {
    pub const ICE: Self = Self(1);
    pub const SDP: Self = Self(2);
    pub const MUTE: Self = Self(3);
    pub const UNMUTE: Self = Self(4);
    pub const SCREEN_ON: Self = Self(5);
    pub const SCREEN_OFF: Self = Self(6);
    pub const VOICE_ON: Self = Self(7);
    pub const VOICE_OFF: Self = Self(8);
    pub const VIDEO_ON: Self = Self(9);
    pub const VIDEO_OFF: Self = Self(10);
}

/// Signalling or media state of one session; towards rtcd only `session_id`, `kind` and `data` matter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RtcMessage {
    pub group_id: String,
    pub user_id: String,
    pub session_id: String,
    pub call_id: String,
    pub kind: RtcKind,
    /// JSON, see [`crate::signal`]; empty when the kind says it all.
    pub data: Bytes,
}

impl RtcMessage {
    /// A message to rtcd about `session_id`.
    pub fn new(session_id: impl Into<String>, kind: RtcKind, data: impl Into<Bytes>) -> Self {
        Self {
            group_id: String::new(),
            user_id: String::new(),
            session_id: session_id.into(),
            call_id: String::new(),
            kind,
            data: data.into(),
        }
    }
}

/// Why a frame is no message.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum DecodeError {
    #[error("a frame of {0} bytes is over the limit of {MAX_FRAME}")]
    TooLarge(usize),
    #[error("{part} is no MessagePack: {reason}")]
    MessagePack { part: &'static str, reason: String },
    #[error("{field} must be {expected}")]
    Field { field: &'static str, expected: &'static str },
}

impl Message {
    /// The name of the message's type on the wire.
    pub fn kind(&self) -> &str {
        match self {
            Self::Hello { .. } => "hello",
            Self::Join(_) => "join",
            Self::Leave { .. } => "leave",
            Self::Reconnect { .. } => "reconnect",
            Self::Close { .. } => "close",
            Self::Rtc(_) => "rtc",
            Self::Vad(_) => "vad",
            Self::Unknown { kind, .. } => kind,
        }
    }

    /// The frame to send.
    pub fn encode(&self) -> Vec<u8> {
        let data = match self {
            Self::Hello { client_id, conn_id } => strings(&[("clientID", client_id), ("connID", conn_id)]),
            Self::Leave { session_id } | Self::Reconnect { session_id } | Self::Close { session_id } => {
                strings(&[("sessionID", session_id)])
            }
            Self::Join(join) => {
                let mut map = Vec::with_capacity(7);
                if !join.group_id.is_empty() {
                    map.push((Value::from("groupID"), Value::from(join.group_id.as_str())));
                }
                let texts = [
                    ("callID", &join.call_id),
                    ("userID", &join.user_id),
                    ("sessionID", &join.session_id),
                    ("channelID", &join.channel_id),
                ];
                map.extend(texts.map(|(k, v)| (Value::from(k), Value::from(v.as_str()))));
                map.push((Value::from("av1Support"), Value::from(join.av1_support)));
                map.push((Value::from("dcSignaling"), Value::from(join.dc_signaling)));
                Value::Map(map)
            }
            Self::Rtc(rtc) | Self::Vad(rtc) => {
                let texts = [
                    ("group_id", &rtc.group_id),
                    ("user_id", &rtc.user_id),
                    ("session_id", &rtc.session_id),
                    ("call_id", &rtc.call_id),
                ];
                let mut map: Vec<_> = texts.iter().map(|(k, v)| (Value::from(*k), Value::from(v.as_str()))).collect();
                map.push((Value::from("type"), Value::from(rtc.kind.0)));
                if !rtc.data.is_empty() {
                    map.push((Value::from("data"), Value::Binary(rtc.data.to_vec())));
                }
                Value::Map(map)
            }
            Self::Unknown { data, .. } => data.clone(),
        };
        let mut frame = Vec::with_capacity(128);
        for value in [Value::from(self.kind()), data] {
            rmpv::encode::write_value(&mut frame, &value).expect("because writing into a Vec cannot fail");
        }
        frame
    }

    /// Reads one frame; bytes after the second value are ignored, as in the original.
    ///
    /// # Errors
    /// [`DecodeError`] naming the field.
    pub fn decode(frame: &[u8]) -> Result<Self, DecodeError> {
        if frame.len() > MAX_FRAME {
            return Err(DecodeError::TooLarge(frame.len()));
        }
        let mut rest = frame;
        let kind = read(&mut rest, "type")?;
        let kind = kind.as_str().ok_or(DecodeError::Field { field: "type", expected: "a string" })?.to_owned();
        let data = read(&mut rest, "data")?;
        let session_id = || text(&data, "sessionID");
        Ok(match kind.as_str() {
            "hello" => Self::Hello { client_id: text(&data, "clientID")?, conn_id: text(&data, "connID")? },
            "join" => Self::Join(Join {
                group_id: text(&data, "groupID")?,
                call_id: text(&data, "callID")?,
                user_id: text(&data, "userID")?,
                session_id: session_id()?,
                channel_id: text(&data, "channelID")?,
                av1_support: flag(&data, "av1Support")?,
                dc_signaling: flag(&data, "dcSignaling")?,
            }),
            "leave" => Self::Leave { session_id: session_id()? },
            "reconnect" => Self::Reconnect { session_id: session_id()? },
            "close" => Self::Close { session_id: session_id()? },
            "rtc" => Self::Rtc(rtc_message(&data)?),
            "vad" => Self::Vad(rtc_message(&data)?),
            _ => Self::Unknown { kind, data },
        })
    }
}

fn read(rest: &mut &[u8], part: &'static str) -> Result<Value, DecodeError> {
    rmpv::decode::read_value_with_max_depth(rest, MAX_DEPTH)
        .map_err(|e| DecodeError::MessagePack { part, reason: e.to_string() })
}

fn strings(pairs: &[(&str, &String)]) -> Value {
    Value::Map(pairs.iter().map(|(k, v)| (Value::from(*k), Value::from(v.as_str()))).collect())
}

fn get<'a>(data: &'a Value, key: &'static str) -> Result<&'a Value, DecodeError> {
    let map = data.as_map().ok_or(DecodeError::Field { field: "data", expected: "a map" })?;
    Ok(map.iter().find(|(k, _)| k.as_str() == Some(key)).map_or(&Value::Nil, |(_, v)| v))
}

/// A missing or nil string counts as empty; rules about emptiness belong to the receiver.
fn text(data: &Value, field: &'static str) -> Result<String, DecodeError> {
    match get(data, field)? {
        Value::Nil => Ok(String::new()),
        value => value.as_str().map(str::to_owned).ok_or(DecodeError::Field { field, expected: "a string" }),
    }
}

fn flag(data: &Value, field: &'static str) -> Result<bool, DecodeError> {
    match get(data, field)? {
        Value::Nil => Ok(false),
        value => value.as_bool().ok_or(DecodeError::Field { field, expected: "a boolean" }),
    }
}

fn rtc_message(data: &Value) -> Result<RtcMessage, DecodeError> {
    let kind = get(data, "type")?.as_u64().and_then(|n| u8::try_from(n).ok());
    let bytes = match get(data, "data")? {
        Value::Nil => Bytes::new(),
        Value::Binary(bytes) => Bytes::copy_from_slice(bytes),
        Value::String(text) => Bytes::copy_from_slice(text.as_bytes()),
        _ => return Err(DecodeError::Field { field: "data", expected: "bytes" }),
    };
    Ok(RtcMessage {
        group_id: text(data, "group_id")?,
        user_id: text(data, "user_id")?,
        session_id: text(data, "session_id")?,
        call_id: text(data, "call_id")?,
        kind: RtcKind(kind.ok_or(DecodeError::Field { field: "type", expected: "an integer from 0 to 255" })?),
        data: bytes,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_mute_has_the_bytes_the_plugin_sends() {
        let id = "s".repeat(26);
        let frame = Message::Rtc(RtcMessage::new(id.as_str(), RtcKind::MUTE, Bytes::new())).encode();
        let mut expected = b"\xa3rtc\x85\xa8group_id\xa0\xa7user_id\xa0\xaasession_id\xba".to_vec();
        expected.extend(id.as_bytes());
        expected.extend(b"\xa7call_id\xa0\xa4type\x03");
        assert_eq!(frame, expected);
    }

    #[test]
    fn a_reconnect_has_the_bytes_of_the_original() {
        let frame = Message::Reconnect { session_id: "x".repeat(26) }.encode();
        let mut expected = b"\xa9reconnect\x81\xa9sessionID\xba".to_vec();
        expected.extend("x".repeat(26).as_bytes());
        assert_eq!(frame, expected);
    }

    #[test]
    fn wide_integers_and_nils_of_other_encoders_are_read() {
        let frame = b"\xa3rtc\x83\xaasession_id\xa1a\xa4type\xcf\0\0\0\0\0\0\0\x05\xa4data\xc4\x02{}";
        let Message::Rtc(m) = Message::decode(frame).unwrap() else { panic!("no rtc message") };
        assert_eq!((m.kind, &m.data[..], m.user_id.as_str()), (RtcKind::SCREEN_ON, &b"{}"[..], ""));
        let frame = b"\xa4join\x83\xa6callID\xa1c\xaaav1Support\xc0\xabdcSignaling\xc3";
        let Message::Join(j) = Message::decode(frame).unwrap() else { panic!("no join") };
        assert!(j.dc_signaling && !j.av1_support && j.call_id == "c");
    }

    #[test]
    fn errors_name_the_field() {
        let error = Message::decode(b"\xa5leave\x81\xa9sessionID\x07").unwrap_err();
        assert_eq!(error.to_string(), "sessionID must be a string");
        assert!(Message::decode(b"\xa5leave\x93").unwrap_err().to_string().starts_with("data is no MessagePack"));
    }

    proptest! {
        #[test]
        fn any_bytes_decode_or_fail_in_words(frame in proptest::collection::vec(any::<u8>(), 0..256)) {
            if let Err(e) = Message::decode(&frame) {
                prop_assert!(!e.to_string().is_empty());
            }
        }

        #[test]
        fn any_message_survives_the_wire(a in ".{0,30}", b in ".{0,30}", flag: bool, kind: u8,
                                         data in proptest::collection::vec(any::<u8>(), 0..300)) {
            let rtc = RtcMessage { group_id: a.clone(), call_id: b.clone(), ..RtcMessage::new("s", RtcKind(kind), data) };
            let join = Join { call_id: a.clone(), session_id: b.clone(), dc_signaling: flag, ..Join::default() };
            for message in [
                Message::Rtc(rtc.clone()), Message::Vad(rtc), Message::Join(join),
                Message::Hello { client_id: a.clone(), conn_id: b.clone() },
                Message::Leave { session_id: a.clone() }, Message::Close { session_id: b.clone() },
                Message::Unknown { kind: "later".into(), data: Value::from(7) },
            ] {
                prop_assert_eq!(Message::decode(&message.encode()).unwrap(), message);
            }
        }
    }
}
