//! PDF, page by page: a page that breaks the reader costs its own text only.

use crate::sink::Sink;
use crate::{Error, Limits};
use pdf_extract::{Document, PlainTextOutput, output_doc_page};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// The sink as pdf-extract wants its writers.
struct To<'a>(&'a mut Sink);

impl<'a> pdf_extract::ConvertToFmt for To<'a> {
    type Writer = &'a mut Sink;
    fn convert(self) -> Self::Writer {
        self.0
    }
}

pub fn read(bytes: &[u8], limits: &Limits, sink: &mut Sink) -> Result<(), Error> {
    let mut document = Document::load_mem(bytes).map_err(|e| Error::Broken(e.to_string()))?;
    if document.is_encrypted() {
        // Most encrypted documents only forbid printing; they open with the empty password.
        document.decrypt("").map_err(|_| Error::Encrypted)?;
    }
    let pages = document.get_pages();
    let mut broken = None;
    for (count, number) in pages.into_keys().enumerate() {
        if count >= limits.max_parts {
            sink.cut();
        }
        if sink.is_full() {
            return Ok(());
        }
        sink.push("\n");
        let page = catch_unwind(AssertUnwindSafe(|| {
            output_doc_page(&document, &mut PlainTextOutput::new(To(&mut *sink)), number)
        }));
        match page {
            Ok(Ok(())) => {}
            Ok(Err(error)) => broken = Some(error.to_string()),
            Err(_) => broken = Some(format!("page {number} is broken")),
        }
    }
    broken.map_or(Ok(()), |reason| Err(Error::Broken(reason)))
}
