//! Answering with the bytes of a file: ranges, what need not be sent again, and headers that keep a browser from running
//! what somebody uploaded.

use super::{INLINE_PICTURES, stream};
use crate::{Result, Site};
use axum::body::Body;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use wire::FileInfo;

/// Further types that a browser may show in place; everything else is downloaded. None of them can hold a script.
const INLINE: [&str; 8] =
    ["video/mp4", "video/webm", "audio/mpeg", "audio/ogg", "audio/webm", "audio/wav", "text/plain", "text/vtt"];

/// Nothing but the file itself is loaded, and nothing in it runs, even if a browser shows it as a page.
const POLICY: &str = "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; \
                      frame-ancestors 'none'; sandbox";

/// Whether a browser may show it in place, and the type that it is told.
fn shown(info: &FileInfo, attachment: bool) -> (bool, String) {
    let kind = info.mime_type.as_str();
    let shown = INLINE_PICTURES.contains(&kind) || INLINE.contains(&kind);
    let told = match kind {
        "text/plain" | "text/vtt" => format!("{kind}; charset=utf-8"),
        // Pictures that only some browsers show. They hold no script, and an <img> wants the type.
        "image/heic" | "image/tiff" => kind.to_owned(),
        _ if shown => kind.to_owned(),
        _ => "application/octet-stream".to_owned(),
    };
    (shown && !attachment, told)
}

/// A header value for any name (RFC 6266, RFC 8187).
fn disposition(name: &str, inline: bool) -> String {
    let ascii: String =
        name.chars().map(|c| if c.is_ascii_graphic() && !matches!(c, '"' | '\\' | '%') { c } else { '_' }).collect();
    let encoded: String = url::form_urlencoded::byte_serialize(name.as_bytes()).collect();
    let encoded = encoded.replace('+', "%20").replace('*', "%2A");
    let kind = if inline { "inline" } else { "attachment" };
    format!("{kind}; filename=\"{ascii}\"; filename*=UTF-8''{encoded}")
}

/// Whether the client has this version: the bytes of a file never change, so that its id names them.
fn has(headers: &HeaderMap, tag: &str) -> bool {
    let known = headers.get(header::IF_NONE_MATCH).and_then(|v| v.to_str().ok()).unwrap_or_default();
    known.split(',').map(|t| t.trim().trim_start_matches("W/")).any(|t| t == tag || t == "*")
}

/// The bytes of a file, or the range that was asked for.
pub(super) async fn send(
    site: &Site,
    info: &FileInfo,
    path: &str,
    method: &Method,
    headers: &HeaderMap,
    attachment: bool,
) -> Result<Response> {
    let tag = format!("\"{}\"", info.id);
    let (inline, kind) = shown(info, attachment);
    let common = [
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_DISPOSITION, disposition(&info.name, inline)),
        (header::ACCEPT_RANGES, "bytes".to_owned()),
        (header::CACHE_CONTROL, "max-age=2592000, private".to_owned()),
        (header::ETAG, tag.clone()),
        (header::X_FRAME_OPTIONS, "DENY".to_owned()),
        (header::CONTENT_SECURITY_POLICY, POLICY.to_owned()),
    ];
    if has(headers, &tag) {
        return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, tag)]).into_response());
    }
    let total = u64::try_from(info.size).unwrap_or(0);
    // A part of another version would be no part of this one.
    let same = headers.get(header::IF_RANGE).is_none_or(|v| v.as_bytes() == tag.as_bytes());
    let wanted = headers.get(header::RANGE).filter(|_| same).and_then(|r| r.to_str().ok()).map(|r| range(r, total));
    // Streamed: a recording is larger than what may be held in memory, and players ask for it piece by piece.
    let body = async |part| {
        Ok::<_, crate::Error>(match *method {
            Method::HEAD => Body::empty(),
            _ => Body::from_stream(stream(site, path, part).await?),
        })
    };
    Ok(match wanted {
        None => {
            let length = [(header::CONTENT_LENGTH, total.to_string())];
            (common, length, body(None).await?).into_response()
        }
        Some(None) => {
            (StatusCode::RANGE_NOT_SATISFIABLE, [(header::CONTENT_RANGE, format!("bytes */{total}"))]).into_response()
        }
        Some(Some((from, to))) => {
            let content = [
                (header::CONTENT_RANGE, format!("bytes {from}-{to}/{total}")),
                (header::CONTENT_LENGTH, (to - from + 1).to_string()),
            ];
            (StatusCode::PARTIAL_CONTENT, common, content, body(Some(from..to + 1)).await?).into_response()
        }
    })
}

/// The first range of a Range header as inclusive offsets (RFC 9110, section 14).
fn range(text: &str, total: u64) -> Option<(u64, u64)> {
    let (first, last) = text.strip_prefix("bytes=")?.split(',').next()?.trim().split_once('-')?;
    let end = total.checked_sub(1)?;
    let (from, to) = match (first, last) {
        ("", suffix) => (total.saturating_sub(suffix.parse().ok()?), end),
        (from, "") => (from.parse().ok()?, end),
        (from, to) => (from.parse().ok()?, to.parse::<u64>().ok()?.min(end)),
    };
    (from <= to && from < total).then_some((from, to))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges() {
        let table = [
            ("bytes=0-", Some((0, 9))),
            ("bytes=2-3", Some((2, 3))),
            ("bytes=-4", Some((6, 9))),
            ("bytes=5-99", Some((5, 9))),
            ("bytes=10-", None),
            ("bytes=3-2", None),
            ("items=0-1", None),
            ("bytes=x-", None),
        ];
        for (text, expected) in table {
            assert_eq!(range(text, 10), expected, "{text}");
        }
        assert_eq!(range("bytes=0-", 0), None);
    }

    #[test]
    fn nothing_that_can_run_is_shown_in_place() {
        let file = |mime: &str| FileInfo { mime_type: mime.into(), ..FileInfo::default() };
        for kind in ["text/html", "image/svg+xml", "application/pdf", "application/xhtml+xml", "text/javascript"] {
            assert_eq!(shown(&file(kind), false), (false, "application/octet-stream".into()), "{kind}");
        }
        assert_eq!(shown(&file("image/png"), false), (true, "image/png".into()));
        assert_eq!(shown(&file("image/png"), true), (false, "image/png".into()));
        assert_eq!(shown(&file("text/plain"), false).1, "text/plain; charset=utf-8");
    }

    #[test]
    fn any_name_fits_into_the_header() {
        let said = disposition("a\"b; *%水 +.pdf", false);
        assert_eq!(
            said,
            "attachment; filename=\"a_b;_*___+.pdf\"; filename*=UTF-8''a%22b%3B%20%2A%25%E6%B0%B4%20%2B.pdf"
        );
        assert!(axum::http::HeaderValue::from_str(&said).is_ok());
    }
}
