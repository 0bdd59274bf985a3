//! What makes an application and a request of one valid. No I/O.

use crate::rights::check_length;
use chat::{Error, Result};
use data_encoding::BASE64URL_NOPAD;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use url::Url;
use wire::OAuthApp;

/// The one scope that there is: everything that the user may do.
pub const SCOPE: &str = "user";

/// 400 that names what is wrong.
///
/// # Errors
/// As said.
pub fn check(app: &OAuthApp) -> Result<()> {
    let invalid =
        |what: &str, message: &str| Err(Error::invalid(&format!("model.oauth.is_valid.{what}.app_error"), message));
    if app.name.trim().is_empty() || app.name.chars().count() > 64 {
        return invalid("name", "Invalid name: 1 to 64 characters.");
    }
    check_length("oauth.is_valid", "description", &app.description, 512)?;
    if app.callback_urls.is_empty() || app.callback_urls.concat().len() > 1024 {
        return invalid("callback", "Invalid callback urls: at least one, all together have 1024 characters.");
    }
    if !app.callback_urls.iter().all(|u| may_return_to(u, app.is_public)) {
        return invalid("callback", "Callback URL must be a valid URL and start with http:// or https://.");
    }
    if app.homepage.len() > 256 || !is_web(&app.homepage) {
        return invalid("homepage", "Homepage must be a valid URL and start with http:// or https://.");
    }
    if !app.icon_url.is_empty() && (app.icon_url.len() > 512 || !is_web(&app.icon_url)) {
        return invalid("icon_url", "Icon URL must be a valid URL and start with http:// or https://.");
    }
    Ok(())
}

fn is_web(text: &str) -> bool {
    Url::parse(text).is_ok_and(|u| matches!(u.scheme(), "http" | "https") && u.host().is_some())
}

/// An app on a device is called by a scheme of its own, a domain backwards (RFC 8252).
fn may_return_to(text: &str, public: bool) -> bool {
    is_web(text) && !text.contains('#') || public && Url::parse(text).is_ok_and(|u| u.scheme().contains('.'))
}

/// Whether a secret is the app's; takes the same time for every wrong one.
pub fn same(a: &str, b: &str) -> bool {
    !a.is_empty() && bool::from(a.as_bytes().ct_eq(b.as_bytes()))
}

/// Whether a verifier is the one that a challenge (S256) was made from.
pub fn verifies(challenge: &str, verifier: &str) -> bool {
    (43..=128).contains(&verifier.len())
        && same(challenge, &BASE64URL_NOPAD.encode(&Sha256::digest(verifier.as_bytes())))
}

/// An address with further query parameters.
pub fn with_query(address: &str, parameters: &[(&str, &str)]) -> String {
    let Ok(mut url) = Url::parse(address) else { return address.to_owned() };
    url.query_pairs_mut().extend_pairs(parameters.iter().filter(|(_, value)| !value.is_empty()));
    url.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_rfc_7636_verifies() {
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        assert!(verifies("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", verifier));
        assert!(!verifies("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cN", verifier));
        assert!(!verifies("", ""));
    }

    #[test]
    fn apps_return_to_the_web_or_to_a_device() {
        assert!(may_return_to("https://app.lan/back?x=1", false));
        for bad in ["javascript:alert(1)", "data:text/html,x", "app.lan", "https://app.lan/#x", "org.example.app:/back"]
        {
            assert!(!may_return_to(bad, false), "{bad}");
        }
        assert!(may_return_to("org.example.app:/back", true) && !may_return_to("javascript:alert(1)", true));
        assert_eq!(with_query("http://a/b?c=1", &[("code", "x y"), ("state", "")]), "http://a/b?c=1&code=x+y");
    }
}
