//! Lines said so far, appended to disk as they are known, so that another attempt keeps them.

use super::output::Line;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;

const NAME: &str = "lines.jsonl";

/// The file with one JSON line for each utterance; times are milliseconds from the start of the transcript.
pub struct LineLog {
    file: File,
}

impl LineLog {
    /// Opens the log of `folder` and gives what earlier attempts wrote. A torn last line is left out and ended, so
    /// that the next one stands by itself.
    ///
    /// # Errors
    /// When the file cannot be read or written.
    pub fn open(folder: &Path) -> std::io::Result<(Self, Vec<Line>)> {
        let path = folder.join(NAME);
        let mut file = OpenOptions::new().create(true).append(true).open(&path)?;
        let text = std::fs::read(&path)?;
        let lines = text.split(|b| *b == b'\n').filter_map(|l| serde_json::from_slice(l).ok()).collect();
        if text.last().is_some_and(|b| *b != b'\n') {
            file.write_all(b"\n")?;
        }
        Ok((Self { file }, lines))
    }

    /// Appends a line; from here on a killed process does not lose it.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn append(&mut self, line: &Line) -> std::io::Result<()> {
        let mut text = serde_json::to_vec(line)?;
        text.push(b'\n');
        self.file.write_all(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_torn_line_costs_only_itself() {
        let folder = tempfile::tempdir().unwrap();
        let line = |text: &str| Line { text: text.into(), ..Line::default() };
        let (mut log, earlier) = LineLog::open(folder.path()).unwrap();
        assert!(earlier.is_empty());
        log.append(&line("one")).unwrap();
        log.append(&line("two")).unwrap();
        let path = folder.path().join(NAME);
        let whole = std::fs::read(&path).unwrap();
        std::fs::write(&path, &whole[..whole.len() - 9]).unwrap();
        let (mut log, earlier) = LineLog::open(folder.path()).unwrap();
        assert_eq!(earlier, [line("one")]);
        log.append(&line("three")).unwrap();
        assert_eq!(LineLog::open(folder.path()).unwrap().1, [line("one"), line("three")]);
    }
}
