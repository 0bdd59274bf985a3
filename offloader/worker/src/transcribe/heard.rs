//! Voice packets as they came, appended to disk, so that an attempt that follows a killed one hears again what was not
//! yet text. About 4 kB a second of speech.

use rmpv::Value;
use std::fs::{File, OpenOptions};
use std::io::{Cursor, Write};
use std::path::Path;

const NAME: &str = "heard.msgpack";
/// Bound for the decoder, which counts about two for each level: an array of plain values.
const DEPTH: usize = 16;

/// One packet of a voice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet {
    pub track: String,
    pub session: String,
    /// When it was spoken, microseconds since the Unix epoch.
    pub time_us: i64,
    /// Opus.
    pub data: Vec<u8>,
}

/// The file of packets: MessagePack arrays `[track, session, time_us, data]`, one after the other.
pub struct PacketLog {
    file: File,
}

impl PacketLog {
    /// Opens the log of `folder` and gives what earlier attempts heard. What a torn end holds is cut off.
    ///
    /// # Errors
    /// When the file cannot be read or written.
    pub fn open(folder: &Path) -> std::io::Result<(Self, Vec<Packet>)> {
        let path = folder.join(NAME);
        let file = OpenOptions::new().create(true).append(true).open(&path)?;
        let bytes = std::fs::read(&path)?;
        let (packets, whole) = read(&bytes);
        if whole < bytes.len() as u64 {
            file.set_len(whole)?;
        }
        Ok((Self { file }, packets))
    }

    /// Appends a packet; from here on a killed process does not lose it.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn append(&mut self, track: &str, session: &str, time_us: i64, data: &[u8]) -> std::io::Result<()> {
        let record = Value::Array(vec![track.into(), session.into(), time_us.into(), Value::Binary(data.to_vec())]);
        let mut bytes = Vec::with_capacity(data.len() + 96);
        rmpv::encode::write_value(&mut bytes, &record).expect("because writing into a Vec cannot fail");
        self.file.write_all(&bytes)
    }
}

/// The whole records at the beginning of `bytes`, and where the last of them ends.
fn read(bytes: &[u8]) -> (Vec<Packet>, u64) {
    let mut cursor = Cursor::new(bytes);
    let (mut packets, mut whole) = (vec![], 0);
    while let Ok(record) = rmpv::decode::read_value_with_max_depth(&mut cursor, DEPTH) {
        let Some(packet) = packet(record) else { break };
        packets.push(packet);
        whole = cursor.position();
    }
    (packets, whole)
}

fn packet(record: Value) -> Option<Packet> {
    let Value::Array(fields) = record else { return None };
    let [track, session, time, data]: [Value; 4] = fields.try_into().ok()?;
    let Value::Binary(data) = data else { return None };
    let text = |value: &Value| value.as_str().map(str::to_owned);
    Some(Packet { track: text(&track)?, session: text(&session)?, time_us: time.as_i64()?, data })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_torn_packet_costs_only_itself() {
        let folder = tempfile::tempdir().unwrap();
        let heard = |time_us: i64| Packet { track: "t".into(), session: "s".into(), time_us, data: vec![7; 80] };
        let append = |log: &mut PacketLog, p: &Packet| log.append(&p.track, &p.session, p.time_us, &p.data).unwrap();
        let (mut log, earlier) = PacketLog::open(folder.path()).unwrap();
        assert!(earlier.is_empty());
        append(&mut log, &heard(1));
        append(&mut log, &heard(-2));
        let path = folder.path().join(NAME);
        let whole = std::fs::read(&path).unwrap();
        std::fs::write(&path, &whole[..whole.len() - 9]).unwrap();
        let (mut log, earlier) = PacketLog::open(folder.path()).unwrap();
        assert_eq!(earlier, [heard(1)]);
        append(&mut log, &heard(3));
        assert_eq!(PacketLog::open(folder.path()).unwrap().1, [heard(1), heard(3)]);
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(bytes in proptest::collection::vec(0u8.., 0..200)) {
            let (_, whole) = read(&bytes);
            proptest::prop_assert!(whole <= bytes.len() as u64);
        }
    }
}
