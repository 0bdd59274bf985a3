//! Text inside attached documents (PDF, Word, OpenDocument, spreadsheets), so that search finds them. Pure: bytes in, text out.
