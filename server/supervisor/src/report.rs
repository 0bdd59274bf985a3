//! Lines for the person at the terminal. A closed pipe is no reason to fail.

use std::io::Write;

/// One line on standard output.
pub fn line(text: &str) {
    drop(writeln!(std::io::stdout(), "{text}"));
}

/// One line on standard error.
pub fn error(text: &str) {
    drop(writeln!(std::io::stderr(), "muster: {text}"));
}
