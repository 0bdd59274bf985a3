//! The page that tells people how to install the site's certificate authority. Static, without anything from elsewhere.

use crate::certificate::{self, Facts};

const PAGE: &str = include_str!("trust.html");

/// Fills the page in.
pub fn page(site: &str, url: &str, ca: &Facts) -> String {
    PAGE.replace("{site}", &escaped(site))
        .replace("{url}", &escaped(url))
        .replace("{name}", &escaped(ca.subject.trim_start_matches("CN=")))
        .replace("{ends}", &certificate::day(ca.ends))
        .replace("{fingerprint}", &ca.fingerprint)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
