//! Server-sent events, without IO: bytes in, the `data` of whole events out.

/// Most bytes one event may have; a server that sends more is broken.
const MAX_EVENT: usize = 4 << 20;

/// Cuts a byte stream into events.
#[derive(Debug, Default)]
pub(crate) struct Decoder {
    line: Vec<u8>,
    data: Option<Vec<u8>>,
    after_cr: bool,
}

impl Decoder {
    /// Takes the next bytes and returns the data of every event that they complete.
    ///
    /// # Errors
    /// When an event is larger than 4 MiB or is not UTF-8.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Result<Vec<String>, String> {
        let mut events = Vec::new();
        for &byte in bytes {
            let skip = byte == b'\n' && self.after_cr;
            self.after_cr = byte == b'\r';
            if skip {
                continue;
            }
            if byte != b'\n' && byte != b'\r' {
                self.line.push(byte);
                if self.line.len() + self.data.as_ref().map_or(0, Vec::len) > MAX_EVENT {
                    return Err(format!("an event is larger than {MAX_EVENT} bytes"));
                }
                continue;
            }
            let line = std::mem::take(&mut self.line);
            if line.is_empty() {
                if let Some(data) = self.data.take() {
                    events.push(String::from_utf8(data).map_err(|_| "an event is not UTF-8".to_owned())?);
                }
            } else if let Some(value) = line.strip_prefix(b"data:") {
                let value = value.strip_prefix(b" ").unwrap_or(value);
                match &mut self.data {
                    Some(data) => {
                        data.push(b'\n');
                        data.extend_from_slice(value);
                    }
                    None => self.data = Some(value.to_vec()),
                }
            }
        }
        Ok(events)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn comments_names_and_every_line_end_are_understood() {
        let mut decoder = Decoder::default();
        let events = decoder.push(b": ping\r\nevent: x\r\ndata: a\r\n\r\ndata:b\ndata: c\n\ndata: \xc3").unwrap();
        assert_eq!(events, ["a", "b\nc"]);
        assert_eq!(decoder.push(b"\xa9\r\r").unwrap(), ["é"]);
    }

    proptest! {
        #[test]
        fn cuts_do_not_matter(texts in prop::collection::vec("[^\r\n]{0,20}", 0..6), cut in 1usize..7) {
            let wire: String = texts.iter().map(|t| format!("data: {t}\n\n")).collect();
            let mut decoder = Decoder::default();
            let mut events = Vec::new();
            for piece in wire.as_bytes().chunks(cut) {
                events.extend(decoder.push(piece).unwrap());
            }
            prop_assert_eq!(events, texts);
        }

        #[test]
        fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            drop(Decoder::default().push(&bytes));
        }
    }
}
