//! Files that are text already, in whatever encoding their author's machine wrote.

use crate::Error;
use crate::sink::Sink;
use chardetng::EncodingDetector;
use encoding_rs::{Encoding, UTF_8};

/// Bytes that are looked at to tell text from something else.
const HEAD: usize = 64 << 10;

pub fn read(bytes: &[u8], sink: &mut Sink) -> Result<(), Error> {
    let head = &bytes[..bytes.len().min(HEAD)];
    let encoding = match Encoding::for_bom(bytes) {
        Some((encoding, _)) => encoding,
        None if head.contains(&0) => return Err(Error::Broken("it is no text".into())),
        None if std::str::from_utf8(bytes).is_ok() => UTF_8,
        None => guess(head),
    };
    // In pieces, so that a large file in an old encoding is not held twice.
    let mut decoder = encoding.new_decoder_with_bom_removal();
    for (n, piece) in bytes.chunks(HEAD).enumerate() {
        let last = (n + 1) * HEAD >= bytes.len();
        let mut text = String::with_capacity(decoder.max_utf8_buffer_length(piece.len()).unwrap_or(HEAD * 3));
        // The buffer is as long as the longest result, so that nothing remains.
        let (_, _, _) = decoder.decode_to_string(piece, &mut text, last);
        if !sink.push(&text) {
            break;
        }
    }
    Ok(())
}

fn guess(head: &[u8]) -> &'static Encoding {
    let mut detector = EncodingDetector::new(chardetng::Iso2022JpDetection::Allow);
    detector.feed(head, true);
    detector.guess(None, chardetng::Utf8Detection::Allow)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: &[u8]) -> Result<String, Error> {
        let mut sink = Sink::new(1000);
        read(bytes, &mut sink).map(|()| sink.finish().text)
    }

    #[test]
    fn old_encodings_are_read_and_programs_are_not() {
        assert_eq!(text("Água, 給水車".as_bytes()).unwrap(), "Água, 給水車");
        assert_eq!(text(b"\xff\xfew\x00a\x00t\x00").unwrap(), "wat");
        let (japanese, _, _) =
            encoding_rs::SHIFT_JIS.encode("明日の給水車は午後に到着します。水を持ってきてください。");
        assert!(text(&japanese).unwrap().contains("給水車"));
        let (latin, _, _) = encoding_rs::WINDOWS_1252.encode("Le château d'eau est fermé à côté de l'école");
        assert!(text(&latin).unwrap().contains("château d'eau est fermé"));
        assert!(text(b"\x7fELF\x00\x01").is_err());
    }
}
