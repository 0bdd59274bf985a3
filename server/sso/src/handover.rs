//! From the browser to an app.

use crate::trouble::Trouble;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use url::Url;
use url::form_urlencoded::Serializer;

/// The page of the web client that opens the desktop app.
pub fn desktop(client_token: &str, server_token: &str, dev: bool) -> String {
    let mut query = Serializer::new(String::new());
    query.append_pair("client_token", client_token).append_pair("server_token", server_token);
    if dev {
        query.append_pair("isDesktopDev", "true");
    }
    format!("/login/desktop?{}", query.finish())
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;").replace('>', "&gt;")
}

/// A page that opens an app. Not every browser follows a redirect to one, so there is a link too.
///
/// # Errors
/// When the address is none.
pub fn app(address: &str, query: &[(&str, &str)]) -> Result<Response, Trouble> {
    let mut url = Url::parse(address).map_err(|_| Trouble::App)?;
    url.query_pairs_mut().extend_pairs(query);
    let link = escaped(url.as_str());
    let page = format!(
        "<!doctype html><html><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <meta http-equiv=\"refresh\" content=\"0; url={link}\"><title>You are logged in</title></head>\
         <body><p>You are logged in. <a href=\"{link}\">Back to the app</a></p></body></html>"
    );
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    ];
    Ok((headers, page).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_app_gets_its_words_and_the_page_no_others() {
        let response = app("mmauth://callback?a=\"<b>", &[("login_code", "x&y")]).unwrap();
        let body = axum::body::to_bytes(response.into_body(), 1 << 16).await.unwrap();
        let page = String::from_utf8(body.to_vec()).unwrap();
        assert!(page.contains("&amp;login_code=x%26y\">Back"), "{page}");
        assert!(!page.contains("<b>"), "{page}");
        assert!(desktop("a&b", "c", true).ends_with("client_token=a%26b&server_token=c&isDesktopDev=true"));
    }
}
