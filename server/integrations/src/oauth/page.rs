//! The pages that a user sees on the way: plain HTML without scripts.

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};

/// Nothing but the page's own style; no other site shows it in a frame.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'";

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

fn page(status: StatusCode, title: &str, body: &str) -> Response {
    let title = escaped(title);
    let html = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>{title}</title><style>body{{font:16px/1.5 system-ui,sans-serif;max-width:28rem;margin:4rem auto;padding:0 1rem}}\
         button,a.no{{font:inherit;padding:.5rem 1.25rem;border-radius:4px;border:1px solid #1c58d9;text-decoration:none}}\
         button{{background:#1c58d9;color:#fff}}a.no{{color:#1c58d9;margin-left:.5rem}}\
         @media(prefers-color-scheme:dark){{body{{background:#1b1d22;color:#ddd}}a.no{{color:#8ab4ff;border-color:#8ab4ff}}}}\
         </style><h1>{title}</h1>{body}</html>"
    );
    let header = |name: HeaderName, value: &'static str| (name, HeaderValue::from_static(value));
    let headers = [
        header(header::CONTENT_SECURITY_POLICY, POLICY),
        header(header::X_FRAME_OPTIONS, "DENY"),
        header(header::REFERRER_POLICY, "no-referrer"),
        header(header::CACHE_CONTROL, "no-store"),
    ];
    (status, headers, Html(html)).into_response()
}

/// Asks the user; `fields` go back with the answer, `no` is where a refusal leads.
pub fn ask(app: &str, site: &str, homepage: &str, user: &str, fields: &[(&str, &str)], no: &str) -> Response {
    let hidden = |(name, value): &(&str, &str)| {
        format!("<input type=\"hidden\" name=\"{}\" value=\"{}\">", escaped(name), escaped(value))
    };
    let fields: String = fields.iter().map(hidden).collect();
    let body = format!(
        "<p><strong>{}</strong> ({}) would like to use {} as <strong>@{}</strong>: read and write messages, and change \
         your settings, wherever you may.</p><form method=\"post\" action=\"/oauth/authorize\">{fields}\
         <button type=\"submit\">Allow</button><a class=\"no\" href=\"{}\">Deny</a></form>",
        escaped(app),
        escaped(homepage),
        escaped(site),
        escaped(user),
        escaped(no)
    );
    page(StatusCode::OK, &format!("Allow {app}?"), &body)
}

/// Says why it does not go on.
pub fn refuse(status: StatusCode, reason: &str) -> Response {
    page(status, "This application cannot be connected", &format!("<p>{}</p>", escaped(reason)))
}

#[cfg(test)]
mod tests {
    #[test]
    fn names_are_text_and_no_markup() {
        assert_eq!(super::escaped("<a href='x'>&\""), "&lt;a href=&#39;x&#39;&gt;&amp;&quot;");
    }
}
