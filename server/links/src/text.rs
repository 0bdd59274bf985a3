//! Bytes of a page to text: the byte order mark decides, then the server's word, then the page's own, then a guess. Pure.

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};
use regex::bytes::Regex;
use std::borrow::Cow;
use std::sync::LazyLock;

/// How far into a page its own word about its characters is looked for, bytes.
const HEAD: usize = 4096;

/// The text of a page; what is no character becomes U+FFFD.
pub fn decode<'a>(bytes: &'a [u8], charset: Option<&str>) -> Cow<'a, str> {
    if let Some((encoding, length)) = Encoding::for_bom(bytes) {
        return encoding.decode_without_bom_handling(&bytes[length..]).0;
    }
    let told = charset.and_then(|label| Encoding::for_label(label.as_bytes())).or_else(|| declared(bytes));
    if let Some(encoding) = told {
        let (text, wrong) = encoding.decode_without_bom_handling(bytes);
        // A page that is not what it claims to be is mostly UTF-8, or what it was before somebody set the server.
        if !wrong || encoding != UTF_8 {
            return text;
        }
    }
    // The end may be cut within a character.
    let whole = match std::str::from_utf8(bytes) {
        Ok(_) => true,
        Err(error) => error.error_len().is_none(),
    };
    let encoding = if whole { UTF_8 } else { guessed(bytes) };
    encoding.decode_without_bom_handling(bytes).0
}

/// What `<meta charset>` or its older form says.
fn declared(bytes: &[u8]) -> Option<&'static Encoding> {
    static META: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r#"(?i-u)<meta[^>]{1,200}?charset\s*=\s*["']?([a-z0-9_:.-]+)"#)
            .expect("the pattern is constant and valid")
    });
    let head = &bytes[..bytes.len().min(HEAD)];
    let encoding = Encoding::for_label(META.captures(head)?.get(1)?.as_bytes())?;
    // What could be read here is no UTF-16.
    Some(if encoding == UTF_16LE || encoding == UTF_16BE { UTF_8 } else { encoding })
}

fn guessed(bytes: &[u8]) -> &'static Encoding {
    let mut detector = chardetng::EncodingDetector::new(chardetng::Iso2022JpDetection::Deny);
    detector.feed(&bytes[..bytes.len().min(64 << 10)], true);
    detector.guess(None, chardetng::Utf8Detection::Allow)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_read_in_the_characters_they_are_written_in() {
        let (german, _, _) = encoding_rs::WINDOWS_1252.encode("<title>Grüße aus Köln, schöne Grüße</title>");
        let (japanese, _, _) = encoding_rs::SHIFT_JIS.encode("<meta charset=shift_jis><title>日本語のページ</title>");
        let (russian, _, _) =
            encoding_rs::KOI8_R.encode("<meta http-equiv=Content-Type content='text/html; charset=koi8-r'>Привет");
        assert!(decode(&german, Some("iso-8859-1")).contains("Grüße"));
        assert!(decode(&german, None).contains("Grüße"), "guessed");
        assert!(decode(&german, Some("utf-8")).contains("Grüße"), "the server says what is not so");
        assert!(decode(&japanese, None).contains("日本語"));
        assert!(decode(&russian, Some("no-such-thing")).contains("Привет"));
        assert!(decode("\u{feff}<title>ж".as_bytes(), Some("koi8-r")).ends_with('ж'));
        let utf16: Vec<u8> =
            [0xff, 0xfe].into_iter().chain("<b>ok".encode_utf16().flat_map(u16::to_le_bytes)).collect();
        assert_eq!(decode(&utf16, None), "<b>ok");
        let cut = "schön 日本".as_bytes();
        assert!(decode(&cut[..cut.len() - 1], None).starts_with("schön 日"));
    }
}
