//! The chat server's WebSocket in values: which events matter to a bot, and the actions it sends.

use rtcd_client::signal::Description;
use serde::Deserialize;
use serde_json::{Value, json};
use std::io::Write;

/// Prefix of the calls plugin's events and actions.
const PREFIX: &str = "custom_com.mattermost.calls_";

/// Why a frame from the network was not understood.
#[derive(Debug, thiserror::Error)]
pub enum SignalError {
    /// No JSON, or not of the expected shape.
    #[error("{what} is not what the server should send: {source}")]
    Json { what: &'static str, source: serde_json::Error },
    /// A field is missing.
    #[error("event {event} lacks {field}")]
    Missing { event: String, field: &'static str },
}

/// An event that matters to a bot.
#[derive(Clone, Debug, PartialEq)]
pub enum ServerEvent {
    /// First event of a connection.
    Hello { connection_id: String },
    /// We are in the call; the session's id is the connection's.
    Joined { connection_id: String },
    /// We may not join.
    Refused { connection_id: String, reason: String },
    /// Something of the WebRTC negotiation: a session description or a candidate.
    Signal { session_id: String, signal: Signal },
    /// Somebody came.
    UserJoined { channel_id: String, session_id: String },
    /// Somebody went.
    UserLeft { channel_id: String, session_id: String },
    /// Who is in the call.
    CallState { channel_id: String, sessions: Vec<String> },
    /// A job of a call changed.
    JobState { channel_id: String, kind: String, start_at: i64, end_at: i64 },
    /// A job shall stop.
    JobStop { job_id: String },
    /// The call is over.
    CallEnd { channel_id: String },
    /// Anything else.
    Other,
}

/// Part of the WebRTC negotiation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signal {
    /// The other side's session description.
    Description(Description),
    /// A candidate line without `a=`; empty at the end of candidates.
    Candidate(String),
}

#[derive(Deserialize)]
struct Envelope {
    #[serde(default)]
    event: String,
    #[serde(default)]
    data: Value,
    #[serde(default)]
    broadcast: Value,
    #[serde(default)]
    seq: i64,
}

/// Reads a text frame; gives the event's sequence number beside it (needed to resume a connection).
///
/// # Errors
/// [`SignalError`] when it is no event; the caller logs and goes on.
pub fn parse_event(text: &str) -> Result<(ServerEvent, i64), SignalError> {
    let frame: Envelope = serde_json::from_str(text).map_err(|source| SignalError::Json { what: "a frame", source })?;
    let seq = frame.seq;
    let name = frame.event.strip_prefix(PREFIX).unwrap_or(&frame.event);
    let field = |key: &'static str| -> Result<String, SignalError> {
        let value = frame.data.get(key).and_then(Value::as_str);
        value.map(str::to_owned).ok_or_else(|| SignalError::Missing { event: frame.event.clone(), field: key })
    };
    // Channel-routed events name the channel in their data, the others only in the broadcast part.
    let channel = || {
        let places = [frame.data.get("channelID"), frame.data.get("channel_id"), frame.broadcast.get("channel_id")];
        places.into_iter().flatten().filter_map(Value::as_str).find(|c| !c.is_empty()).unwrap_or_default().to_owned()
    };
    let event = match name {
        "hello" => ServerEvent::Hello { connection_id: field("connection_id")? },
        "join" => ServerEvent::Joined { connection_id: field("connID")? },
        "error" => ServerEvent::Refused { connection_id: field("connID")?, reason: field("data")? },
        "signal" => ServerEvent::Signal { session_id: field("connID")?, signal: parse_signal(&field("data")?)? },
        "user_joined" => ServerEvent::UserJoined { channel_id: channel(), session_id: field("session_id")? },
        "user_left" => ServerEvent::UserLeft { channel_id: channel(), session_id: field("session_id")? },
        "call_state" => ServerEvent::CallState { channel_id: channel(), sessions: sessions(&field("call")?)? },
        "call_job_state" => {
            let state = frame.data.get("jobState").cloned().unwrap_or_default();
            let number = |key: &str| state.get(key).and_then(Value::as_i64).unwrap_or_default();
            ServerEvent::JobState {
                channel_id: field("callID")?,
                kind: state.get("type").and_then(Value::as_str).unwrap_or_default().to_owned(),
                start_at: number("start_at"),
                end_at: number("end_at"),
            }
        }
        "job_stop" => ServerEvent::JobStop { job_id: field("job_id")? },
        "call_end" => ServerEvent::CallEnd { channel_id: channel() },
        _ => ServerEvent::Other,
    };
    Ok((event, seq))
}

/// Reads the JSON text inside a `signal` event.
///
/// # Errors
/// [`SignalError`] when it is neither description nor candidate.
pub fn parse_signal(text: &str) -> Result<Signal, SignalError> {
    let json = |source| SignalError::Json { what: "a signal", source };
    let value: Value = serde_json::from_str(text).map_err(json)?;
    let inner = value.get("candidate").cloned();
    match inner {
        Some(Value::Object(fields)) => Ok(candidate(fields.get("candidate"))),
        Some(text @ Value::String(_)) => Ok(candidate(Some(&text))),
        _ => serde_json::from_value(value).map(Signal::Description).map_err(json),
    }
}

fn candidate(line: Option<&Value>) -> Signal {
    let line = line.and_then(Value::as_str).unwrap_or_default();
    Signal::Candidate(line.strip_prefix("a=").unwrap_or(line).to_owned())
}

fn sessions(call: &str) -> Result<Vec<String>, SignalError> {
    #[derive(Deserialize)]
    struct Call {
        #[serde(default)]
        sessions: Option<Vec<Session>>,
    }
    #[derive(Deserialize)]
    struct Session {
        session_id: String,
    }
    let call: Call = serde_json::from_str(call).map_err(|source| SignalError::Json { what: "a call state", source })?;
    Ok(call.sessions.unwrap_or_default().into_iter().map(|s| s.session_id).collect())
}

/// Joins the call of a channel on behalf of a job.
pub fn join(seq: i64, channel_id: &str, job_id: &str) -> String {
    action(seq, "join", json!({ "channelID": channel_id, "jobID": job_id, "av1Support": false, "dcSignaling": false }))
}

/// Takes up our session on a new connection.
pub fn reconnect(seq: i64, channel_id: &str, session_id: &str, previous: &str) -> String {
    let data = json!({ "channelID": channel_id, "originalConnID": session_id, "prevConnID": previous });
    action(seq, "reconnect", data)
}

/// Leaves the call.
pub fn leave(seq: i64) -> String {
    action(seq, "leave", json!({}))
}

/// Shows what a session says.
pub fn caption(seq: i64, session_id: &str, text: &str, new_audio_len_ms: u64) -> String {
    action(
        seq,
        "caption",
        json!({ "session_id": session_id, "text": text, "new_audio_len_ms": new_audio_len_ms as f64 }),
    )
}

/// Counts an event of live captions at the server.
pub fn metric(seq: i64, name: &str, session_id: &str) -> String {
    action(seq, "metric", json!({ "metric_name": name, "session_id": session_id }))
}

/// Keeps the connection awake; answered by the server.
pub fn ping(seq: i64) -> String {
    json!({ "action": "ping", "seq": seq }).to_string()
}

fn action(seq: i64, name: &str, data: Value) -> String {
    json!({ "action": format!("{PREFIX}{name}"), "seq": seq, "data": data }).to_string()
}

/// A session description as the binary (msgpack) frame that carries it to the server.
pub fn sdp(seq: i64, description: &Description) -> Vec<u8> {
    use rmpv::Value as Pack;
    let data = Pack::Map(vec![("data".into(), Pack::Binary(deflate_description(description)))]);
    let frame = Pack::Map(vec![
        ("action".into(), format!("{PREFIX}sdp").into()),
        ("seq".into(), seq.into()),
        ("data".into(), data),
    ]);
    let mut out = vec![];
    rmpv::encode::write_value(&mut out, &frame).expect("because writing to memory cannot fail");
    out
}

/// zlib of the description's JSON.
fn deflate_description(description: &Description) -> Vec<u8> {
    let json = serde_json::to_vec(description).expect("because two strings are always JSON");
    let mut encoder = flate2::write::ZlibEncoder::new(vec![], flate2::Compression::default());
    encoder.write_all(&json).and_then(|()| encoder.finish()).expect("because writing to memory cannot fail")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(text: &str) -> ServerEvent {
        parse_event(text).unwrap().0
    }

    #[test]
    fn events_are_read_as_the_server_writes_them() {
        assert_eq!(
            event(r#"{"event":"hello","data":{"connection_id":"c1","server_version":"x"},"broadcast":{},"seq":0}"#),
            ServerEvent::Hello { connection_id: "c1".into() }
        );
        assert_eq!(
            event(
                r#"{"event":"custom_com.mattermost.calls_user_left","data":{"channelID":"ch","user_id":"u","session_id":"s"},"broadcast":{"user_id":"bot"},"seq":9}"#
            ),
            ServerEvent::UserLeft { channel_id: "ch".into(), session_id: "s".into() }
        );
        assert_eq!(
            event(
                r#"{"event":"custom_com.mattermost.calls_call_end","data":{},"broadcast":{"channel_id":"ch"},"seq":9}"#
            ),
            ServerEvent::CallEnd { channel_id: "ch".into() }
        );
        assert_eq!(
            event(
                r#"{"event":"custom_com.mattermost.calls_call_job_state","data":{"callID":"ch","jobState":{"type":"recording","init_at":1,"start_at":5,"end_at":0,"err":""}},"seq":3}"#
            ),
            ServerEvent::JobState { channel_id: "ch".into(), kind: "recording".into(), start_at: 5, end_at: 0 }
        );
        assert_eq!(
            event(
                r#"{"event":"custom_com.mattermost.calls_call_state","data":{"channel_id":"ch","call":"{\"id\":\"x\",\"sessions\":[{\"session_id\":\"a\",\"user_id\":\"u\"}]}"},"seq":3}"#
            ),
            ServerEvent::CallState { channel_id: "ch".into(), sessions: vec!["a".into()] }
        );
        assert_eq!(event(r#"{"seq_reply":4,"status":"OK"}"#), ServerEvent::Other);
        assert!(parse_event("17").is_err());
        let missing = parse_event(r#"{"event":"custom_com.mattermost.calls_join","data":{}}"#).unwrap_err();
        assert_eq!(missing.to_string(), "event custom_com.mattermost.calls_join lacks connID");
    }

    #[test]
    fn signals_are_descriptions_or_candidates() {
        let candidate = r#"{"type":"candidate","candidate":{"candidate":"candidate:1 1 udp 5 127.0.0.1 8443 typ host","sdpMid":"","sdpMLineIndex":0,"usernameFragment":null}}"#;
        assert_eq!(
            parse_signal(candidate).unwrap(),
            Signal::Candidate("candidate:1 1 udp 5 127.0.0.1 8443 typ host".into())
        );
        let Signal::Description(d) = parse_signal(r#"{"type":"offer","sdp":"v=0\r\n"}"#).unwrap() else {
            panic!("an offer")
        };
        assert_eq!(d, Description::offer("v=0\r\n"));
        assert!(parse_signal(r#"{"type":"other"}"#).is_err());
    }

    #[test]
    fn an_sdp_action_is_one_msgpack_map() {
        let description = Description::offer("v=0\r\n");
        let bytes = sdp(7, &description);
        let value = rmpv::decode::read_value(&mut bytes.as_slice()).unwrap();
        let get = |v: &rmpv::Value, key: &str| {
            v.as_map().unwrap().iter().find(|(k, _)| k.as_str() == Some(key)).unwrap().1.clone()
        };
        assert_eq!(get(&value, "action").as_str(), Some("custom_com.mattermost.calls_sdp"));
        let data = get(&get(&value, "data"), "data");
        // The data channel carries the same compressed bytes behind a type.
        let mut message = vec![3];
        rmpv::encode::write_value(&mut message, &data).unwrap();
        let read = rtcd_client::channel::ChannelMessage::decode(&message).unwrap();
        assert_eq!(read, rtcd_client::channel::ChannelMessage::Sdp(description));
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,200}") {
            drop(parse_event(&text));
            drop(parse_signal(&text));
        }
    }
}
