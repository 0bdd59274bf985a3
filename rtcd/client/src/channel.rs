//! Messages on the WebRTC data channel between a participant and rtcd: a MessagePack integer and at most one payload,
//! one message per SCTP message.

use crate::signal::{Description, DescriptionKind};
use rmpv::Value;
use std::collections::BTreeMap;
use std::io::{Read, Write};

/// Largest session description accepted after decompression, in bytes.
pub const MAX_SDP: u64 = 1 << 20;

/// The label a participant gives to the channel; rtcd accepts any.
pub const LABEL: &str = "calls-dc";

/// One message of the data channel.
#[derive(Clone, Debug, PartialEq)]
pub enum ChannelMessage {
    /// From the participant every second.
    Ping,
    /// rtcd's reply to a ping.
    Pong,
    /// An offer or answer, zlib-compressed JSON on the wire.
    Sdp(Description),
    /// Share of packets lost, 0 to 1, as the participant measured it.
    LossRate(f64),
    /// Round trip in seconds.
    RoundTripTime(f64),
    /// Jitter in seconds.
    Jitter(f64),
    /// A participant asks for the signalling lock.
    LockRequest,
    /// rtcd's reply: whether the lock is held by the asker.
    LockReply(bool),
    /// A participant gives the lock back.
    Unlock,
    /// What each sending m-line carries, by mid; comes before every offer of rtcd.
    MediaMap(BTreeMap<String, MediaEntry>),
    /// A type of a later version.
    Unknown(u64),
}

/// One m-line of a [`ChannelMessage::MediaMap`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaEntry {
    /// `voice`, `screen`, `screen-audio` or `video`.
    pub kind: String,
    /// Session that the media comes from.
    pub sender_id: String,
}

/// Why bytes are no message of the data channel.
#[derive(Debug, thiserror::Error)]
pub enum ChannelError {
    #[error("{part} is no MessagePack: {reason}")]
    MessagePack { part: &'static str, reason: String },
    #[error("{field} must be {expected}")]
    Field { field: &'static str, expected: &'static str },
    #[error("sdp cannot be decompressed: {0}")]
    Zlib(std::io::Error),
    #[error("sdp is over {MAX_SDP} bytes")]
    TooLarge,
    #[error("sdp is no session description in JSON: {0}")]
    Json(serde_json::Error),
}

impl ChannelMessage {
    /// The bytes of one SCTP message.
    pub fn encode(&self) -> Vec<u8> {
        let (kind, payload) = match self {
            Self::Ping => (1, None),
            Self::Pong => (2, None),
            Self::Sdp(description) => (3, Some(Value::Binary(deflate(description)))),
            Self::LossRate(x) => (4, Some(Value::F64(*x))),
            Self::RoundTripTime(x) => (5, Some(Value::F64(*x))),
            Self::Jitter(x) => (6, Some(Value::F64(*x))),
            Self::LockRequest => (7, None),
            Self::LockReply(acquired) => (7, Some(Value::Boolean(*acquired))),
            Self::Unlock => (8, None),
            Self::MediaMap(map) => (9, Some(media_map(map))),
            Self::Unknown(kind) => (*kind, None),
        };
        let mut bytes = Vec::with_capacity(16);
        for value in std::iter::once(Value::from(kind)).chain(payload) {
            rmpv::encode::write_value(&mut bytes, &value).expect("because writing into a Vec cannot fail");
        }
        bytes
    }

    /// Reads one message.
    ///
    /// # Errors
    /// [`ChannelError`] naming the part that is wrong.
    pub fn decode(bytes: &[u8]) -> Result<Self, ChannelError> {
        let mut rest = bytes;
        let kind = read(&mut rest, "type")?
            .as_u64()
            .ok_or(ChannelError::Field { field: "type", expected: "an unsigned integer" })?;
        Ok(match kind {
            1 => Self::Ping,
            2 => Self::Pong,
            3 => Self::Sdp(inflate(&read(&mut rest, "sdp")?)?),
            4 => Self::LossRate(float(&mut rest, "loss rate")?),
            5 => Self::RoundTripTime(float(&mut rest, "round trip time")?),
            6 => Self::Jitter(float(&mut rest, "jitter")?),
            7 if rest.is_empty() => Self::LockRequest,
            7 => Self::LockReply(
                read(&mut rest, "lock")?
                    .as_bool()
                    .ok_or(ChannelError::Field { field: "lock", expected: "a boolean" })?,
            ),
            8 => Self::Unlock,
            9 => Self::MediaMap(read_media_map(&read(&mut rest, "media map")?)?),
            other => Self::Unknown(other),
        })
    }
}

impl Description {
    /// An offer with this SDP.
    pub fn offer(sdp: impl Into<String>) -> Self {
        Self { kind: DescriptionKind::Offer, sdp: sdp.into() }
    }

    /// An answer with this SDP.
    pub fn answer(sdp: impl Into<String>) -> Self {
        Self { kind: DescriptionKind::Answer, sdp: sdp.into() }
    }
}

fn read(rest: &mut &[u8], part: &'static str) -> Result<Value, ChannelError> {
    rmpv::decode::read_value_with_max_depth(rest, 8)
        .map_err(|e| ChannelError::MessagePack { part, reason: e.to_string() })
}

fn float(rest: &mut &[u8], field: &'static str) -> Result<f64, ChannelError> {
    read(rest, field)?.as_f64().ok_or(ChannelError::Field { field, expected: "a number" })
}

fn deflate(description: &Description) -> Vec<u8> {
    let json = serde_json::to_vec(description).expect("because two strings always serialise");
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(&json).expect("because writing into a Vec cannot fail");
    encoder.finish().expect("because writing into a Vec cannot fail")
}

fn inflate(value: &Value) -> Result<Description, ChannelError> {
    let bytes = value.as_slice().ok_or(ChannelError::Field { field: "sdp", expected: "bytes" })?;
    let mut json = Vec::new();
    flate2::read::ZlibDecoder::new(bytes).take(MAX_SDP + 1).read_to_end(&mut json).map_err(ChannelError::Zlib)?;
    if json.len() as u64 > MAX_SDP {
        return Err(ChannelError::TooLarge);
    }
    serde_json::from_slice(&json).map_err(ChannelError::Json)
}

fn media_map(map: &BTreeMap<String, MediaEntry>) -> Value {
    let entry = |e: &MediaEntry| {
        Value::Map(vec![
            (Value::from("type"), Value::from(e.kind.as_str())),
            (Value::from("sender_id"), Value::from(e.sender_id.as_str())),
        ])
    };
    Value::Map(map.iter().map(|(mid, e)| (Value::from(mid.as_str()), entry(e))).collect())
}

fn read_media_map(value: &Value) -> Result<BTreeMap<String, MediaEntry>, ChannelError> {
    const MAP: ChannelError = ChannelError::Field { field: "media map", expected: "a map of maps of strings" };
    let text = |map: &[(Value, Value)], key: &str| {
        map.iter().find(|(k, _)| k.as_str() == Some(key)).and_then(|(_, v)| v.as_str()).map(str::to_owned)
    };
    let mut entries = BTreeMap::new();
    for (mid, entry) in value.as_map().ok_or(MAP)? {
        let mid = mid.as_str().ok_or(MAP)?;
        let entry = entry.as_map().ok_or(MAP)?;
        let kind = text(entry, "type").ok_or(MAP)?;
        let sender_id = text(entry, "sender_id").ok_or(MAP)?;
        entries.insert(mid.to_owned(), MediaEntry { kind, sender_id });
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn both_integer_forms_of_a_type_are_read() {
        assert_eq!(ChannelMessage::decode(b"\x07").unwrap(), ChannelMessage::LockRequest);
        assert_eq!(ChannelMessage::decode(b"\xcc\x07").unwrap(), ChannelMessage::LockRequest);
        assert_eq!(ChannelMessage::decode(b"\xcc\x07\xc3").unwrap(), ChannelMessage::LockReply(true));
        assert_eq!(ChannelMessage::decode(b"\xcd\x00\x0a\x80").unwrap(), ChannelMessage::Unknown(10));
    }

    #[test]
    fn a_decompression_bomb_is_refused() {
        let sdp = Description::offer("a".repeat(3 << 20));
        let error = ChannelMessage::decode(&ChannelMessage::Sdp(sdp).encode()).unwrap_err();
        assert!(matches!(error, ChannelError::TooLarge), "{error}");
    }

    proptest! {
        #[test]
        fn any_bytes_decode_or_fail_in_words(bytes in proptest::collection::vec(any::<u8>(), 0..128)) {
            if let Err(e) = ChannelMessage::decode(&bytes) {
                prop_assert!(!e.to_string().is_empty());
            }
        }

        #[test]
        fn any_message_survives_the_wire(sdp in ".{0,200}", x in -1e9f64..1e9, flag: bool, mid in "[a-z0-9]{1,4}") {
            let entry = MediaEntry { kind: "voice".into(), sender_id: sdp.clone() };
            for message in [
                ChannelMessage::Ping, ChannelMessage::Pong, ChannelMessage::LockRequest, ChannelMessage::Unlock,
                ChannelMessage::LockReply(flag), ChannelMessage::LossRate(x), ChannelMessage::RoundTripTime(x),
                ChannelMessage::Jitter(x), ChannelMessage::Sdp(Description::answer(sdp)),
                ChannelMessage::MediaMap(BTreeMap::from([(mid, entry)])),
            ] {
                prop_assert_eq!(ChannelMessage::decode(&message.encode()).unwrap(), message);
            }
        }
    }
}
