//! Documents as programs write them, and what becomes of broken and hostile ones.

use documents::{Error, Extracted, Kind, Limits, extract};
use proptest::prelude::*;
use std::io::{Cursor, Write};
use zip::write::SimpleFileOptions;

const FILES: [(&str, &[u8], Kind); 6] = [
    ("report.pdf", include_bytes!("fixtures/report.pdf"), Kind::Pdf),
    ("printed.pdf", include_bytes!("fixtures/printed.pdf"), Kind::Pdf),
    ("plan.docx", include_bytes!("fixtures/plan.docx"), Kind::Word),
    ("harvest.xlsx", include_bytes!("fixtures/harvest.xlsx"), Kind::Sheets),
    ("minutes.odt", include_bytes!("fixtures/minutes.odt"), Kind::OpenDocument),
    ("routes.pptx", include_bytes!("fixtures/routes.pptx"), Kind::Slides),
];

fn read(name: &str) -> Extracted {
    let (_, bytes, kind) = FILES.iter().find(|f| f.0 == name).unwrap();
    extract(bytes, *kind, &Limits::default()).unwrap_or_else(|e| panic!("{name}: {e}"))
}

#[test]
fn words_are_found_in_every_kind_of_document() {
    let table: [(&str, &[&str]); 6] = [
        ("report.pdf", &["Generator hours are logged daily", "chlorine"]),
        ("printed.pdf", &["給水車の予定", "Clean water for everyone."]),
        ("plan.docx", &["Plan for the water tower\n", "明日の給水車は午後に到着します", "Litres", "43210"]),
        ("harvest.xlsx", &["Harvest", "Bags & sacks", "1234", "北部", "给水车"]),
        ("minutes.odt", &["Minutes of the meeting\nÁgua limpa arrives; 물탱크 수리"]),
        ("routes.pptx", &["Evacuation routes", "Meet at the old quarry"]),
    ];
    for (name, words) in table {
        let found = read(name);
        for word in words {
            assert!(found.text.contains(word), "{name}: no {word} in {:?}", found.text);
        }
        assert!(!found.cut, "{name}");
    }
}

#[test]
fn text_beyond_the_limit_is_left_out_and_said() {
    for (name, bytes, kind) in FILES {
        let found = extract(bytes, kind, &Limits { max_chars: 10, ..Limits::default() }).unwrap();
        assert!(found.cut && found.text.chars().count() <= 10, "{name}: {found:?}");
    }
    let small = Limits { max_input: 100, ..Limits::default() };
    assert!(matches!(extract(FILES[0].1, Kind::Pdf, &small), Err(Error::TooLarge { most: 100, .. })));
}

/// A Word document whose only part is `xml`.
fn word(xml: &[u8]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    archive.start_file("word/document.xml", SimpleFileOptions::default()).unwrap();
    archive.write_all(xml).unwrap();
    archive.finish().unwrap().into_inner()
}

#[test]
fn bombs_cost_no_more_than_the_limits() {
    let limits = Limits { max_unpacked: 8 << 20, ..Limits::default() };
    let mut zeros = b"<w:document><w:t>".to_vec();
    zeros.resize(64 << 20, b' ');
    let bomb = word(&zeros);
    assert!(bomb.len() < 100_000);
    assert_eq!(extract(&bomb, Kind::Word, &limits), Err(Error::Bomb));
    let deep = word("<a>".repeat(100_000).as_bytes());
    assert_eq!(extract(&deep, Kind::Word, &limits), Err(Error::TooDeep));
    let laughs = br#"<!DOCTYPE d [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><w:d><w:t>&b;&amp;&#x6c34;</w:t></w:d>"#;
    assert_eq!(
        extract(&word(laughs), Kind::Word, &limits).unwrap().text,
        "&水",
        "a document's own entities are nothing"
    );
    for (name, bytes, kind) in FILES {
        let other = if kind == Kind::Pdf { Kind::Word } else { Kind::Pdf };
        assert!(extract(bytes, other, &limits).is_err(), "{name} is no {other:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Cut, overwritten and spliced real documents: any answer is right, but there is one.
    #[test]
    fn no_broken_document_gets_through_the_limits(
        which in 0_usize..6,
        cut in 0.0_f64..1.0,
        writes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..24),
    ) {
        let (_, bytes, kind) = FILES[which];
        let mut bytes = bytes.to_vec();
        for (at, byte) in writes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if cut < 0.3 {
            let length = (bytes.len() as f64 * cut * 3.0) as usize;
            bytes.truncate(length);
        }
        let limits = Limits { max_chars: 500, ..Limits::default() };
        if let Ok(found) = extract(&bytes, kind, &limits) {
            prop_assert!(found.text.chars().count() <= 500);
        }
    }

    #[test]
    fn any_bytes_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        for kind in [Kind::Pdf, Kind::Word, Kind::Sheets, Kind::OpenDocument, Kind::Plain] {
            drop(extract(&bytes, kind, &Limits::default()));
            let pdf = [b"%PDF-1.7\n", bytes.as_slice()].concat();
            drop(extract(&pdf, kind, &Limits::default()));
        }
    }
}
