//! Office documents: XML files in a ZIP archive. Only the elements that hold words are looked at.

use crate::sink::Sink;
use crate::{Error, Kind, Limits};
use quick_xml::Reader;
use quick_xml::events::{BytesRef, BytesStart, Event};
use std::io::{BufReader, Cursor, Read};
use zip::ZipArchive;

/// Bytes that any document may unpack to, whatever its own size.
const ALWAYS: u64 = 1 << 20;

/// Files of one archive that are listed at most; a real document has some dozens.
const MAX_FILES: usize = 20_000;

pub fn read(bytes: &[u8], kind: Kind, limits: &Limits, sink: &mut Sink) -> Result<(), Error> {
    let broken = |e: zip::result::ZipError| Error::Broken(e.to_string());
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(broken)?;
    if archive.len() > MAX_FILES {
        return Err(Error::Bomb);
    }
    let mut parts: Vec<String> = archive.file_names().filter(|n| holds_words(kind, n)).map(str::to_owned).collect();
    // slide2 before slide10.
    parts.sort_by_key(|n| (rank(n), n.len(), n.clone()));
    if parts.is_empty() {
        return Err(Error::Broken("it has none of the parts of such a document".into()));
    }
    if parts.len() > limits.max_parts {
        parts.truncate(limits.max_parts);
        sink.cut();
    }
    let mut budget = limits.max_unpacked.min((bytes.len() as u64).saturating_mul(limits.max_ratio).max(ALWAYS));
    for name in parts {
        let part = archive.by_name(&name).map_err(broken)?;
        // One byte beyond the budget shows that there is more.
        let mut counted = Counted { inner: part.take(budget + 1), read: 0 };
        let wanted = words(&mut counted, kind, limits, sink);
        if counted.read > budget {
            return Err(Error::Bomb);
        }
        budget -= counted.read;
        if !wanted? {
            break;
        }
        sink.push("\n");
    }
    Ok(())
}

struct Counted<R> {
    inner: R,
    read: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let n = self.inner.read(into)?;
        self.read += n as u64;
        Ok(n)
    }
}

fn holds_words(kind: Kind, name: &str) -> bool {
    let Some(stem) = name.strip_suffix(".xml") else { return false };
    let numbered = |prefix: &str| stem.strip_prefix(prefix).is_some_and(|n| n.bytes().all(|b| b.is_ascii_digit()));
    match kind {
        Kind::Word => ["document", "header", "footer", "footnotes", "endnotes", "comments"]
            .iter()
            .any(|part| numbered(&format!("word/{part}"))),
        Kind::Sheets => stem == "xl/workbook" || stem == "xl/sharedStrings" || numbered("xl/worksheets/sheet"),
        Kind::Slides => numbered("ppt/slides/slide") || numbered("ppt/notesSlides/notesSlide"),
        Kind::OpenDocument => stem == "content",
        Kind::Pdf | Kind::Plain => false,
    }
}

/// The main text comes first, so that a cut costs what matters less.
fn rank(name: &str) -> u8 {
    match name {
        "word/document.xml" | "xl/sharedStrings.xml" | "content.xml" => 0,
        n if n.starts_with("ppt/slides/") => 0,
        _ => 1,
    }
}

/// What an element means for the words.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Meaning {
    Words,
    /// A number that is shown in a cell.
    Number,
    /// A word ends here.
    Gap,
    /// A line ends here.
    Line,
    Nothing,
}

fn meaning(kind: Kind, element: &[u8]) -> Meaning {
    match (kind, element) {
        // Everything inside the body of an OpenDocument is words.
        (Kind::OpenDocument, b"body") | (Kind::Word | Kind::Sheets | Kind::Slides, b"t") => Meaning::Words,
        (Kind::Sheets, b"v") => Meaning::Number,
        (Kind::OpenDocument, b"p" | b"h" | b"table-row" | b"list-item")
        | (Kind::Word | Kind::Slides, b"p" | b"br")
        | (Kind::Sheets, b"si" | b"row") => Meaning::Line,
        (Kind::OpenDocument, b"s" | b"tab" | b"line-break" | b"table-cell")
        | (Kind::Word | Kind::Slides, b"tab" | b"tc")
        | (Kind::Sheets, b"c") => Meaning::Gap,
        _ => Meaning::Nothing,
    }
}

/// Reads one part; false when no more text is wanted.
fn words(part: &mut impl Read, kind: Kind, limits: &Limits, sink: &mut Sink) -> Result<bool, Error> {
    let mut reader = Reader::from_reader(BufReader::new(part));
    reader.config_mut().check_end_names = false;
    let mut buffer = Vec::new();
    let (mut depth, mut inside, mut shared) = (0_usize, 0_usize, false);
    loop {
        buffer.clear();
        let event = reader.read_event_into(&mut buffer).map_err(|e| Error::Broken(e.to_string()))?;
        let wanted = match event {
            Event::Eof => return Ok(true),
            Event::Start(element) => {
                depth += 1;
                if depth > limits.max_depth {
                    return Err(Error::TooDeep);
                }
                if element.local_name().as_ref() == b"c" {
                    shared = is_shared(&element);
                }
                inside += usize::from(opens(kind, &element, shared));
                true
            }
            Event::End(element) => {
                depth = depth.saturating_sub(1);
                match meaning(kind, element.local_name().as_ref()) {
                    Meaning::Words => inside = inside.saturating_sub(1),
                    Meaning::Number if !shared => inside = inside.saturating_sub(1),
                    Meaning::Line => drop(sink.push("\n")),
                    Meaning::Gap => drop(sink.push(" ")),
                    Meaning::Nothing | Meaning::Number => {}
                }
                true
            }
            Event::Empty(element) => {
                if kind == Kind::Sheets && element.local_name().as_ref() == b"sheet" {
                    sheet_name(&element, sink);
                }
                match meaning(kind, element.local_name().as_ref()) {
                    Meaning::Line => sink.push("\n"),
                    Meaning::Gap => sink.push(" "),
                    _ => true,
                }
            }
            Event::Text(text) if inside > 0 => sink.push(&text.decode().unwrap_or_default()),
            Event::CData(text) if inside > 0 => sink.push(&text.decode().unwrap_or_default()),
            Event::GeneralRef(reference) if inside > 0 => {
                resolved(&reference).is_none_or(|c| sink.push(c.encode_utf8(&mut [0; 4])))
            }
            _ => true,
        };
        if !wanted {
            return Ok(false);
        }
    }
}

fn opens(kind: Kind, element: &BytesStart<'_>, shared: bool) -> bool {
    match meaning(kind, element.local_name().as_ref()) {
        Meaning::Words => true,
        Meaning::Number => !shared,
        _ => false,
    }
}

/// Whether a cell's value is only the number of a shared string, which is read where it stands.
fn is_shared(cell: &BytesStart<'_>) -> bool {
    cell.attributes().flatten().any(|a| a.key.as_ref() == b"t" && a.value.as_ref() == b"s")
}

fn sheet_name(element: &BytesStart<'_>, sink: &mut Sink) {
    for attribute in element.attributes().flatten().filter(|a| a.key.as_ref() == b"name") {
        sink.push(&String::from_utf8_lossy(&attribute.value));
        sink.push("\n");
    }
}

/// Only the entities of XML itself: a document's own are how "billion laughs" work.
fn resolved(reference: &BytesRef<'_>) -> Option<char> {
    if let Ok(Some(c)) = reference.resolve_char_ref() {
        return Some(c);
    }
    Some(match &**reference {
        b"amp" => '&',
        b"lt" => '<',
        b"gt" => '>',
        b"quot" => '"',
        b"apos" => '\'',
        _ => return None,
    })
}
