//! The HTTP client.

use crate::Rules;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Method, RequestBuilder, StatusCode, redirect};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::sync::Semaphore;
use url::{Host, Url};

/// Why a program could not be asked.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error("{0:?} is no http or https address")]
    Address(String),
    #[error("{0} may not be called from this server; an administrator can list it in allowed_addresses")]
    Refused(String),
    #[error("no answer within {0} s")]
    Late(u64),
    #[error("the answer is larger than {0} kB")]
    TooLarge(usize),
    #[error("more than {0} redirects")]
    Redirects(usize),
    #[error("the answer is encoded as {0:?}, which is not read here")]
    Encoding(String),
    /// No connection came about: the whole host is away, or its name is unknown.
    #[error("{0}")]
    Unreachable(String),
    #[error("{0}")]
    Broken(String),
}

/// What a program answered.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: StatusCode,
    /// Without parameters, in lower case.
    pub content_type: String,
    pub body: Vec<u8>,
}

impl Answer {
    /// Whether the program says that it is content.
    pub fn ok(&self) -> bool {
        self.status.is_success()
    }
}

/// What the calls of a client may cost.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Seconds that a program has to answer.
    pub timeout_s: u64,
    /// Largest answer of [`Client::send`], kilobytes.
    pub max_answer_kb: usize,
    /// Programs that are called at the same time.
    pub max_parallel: usize,
}

/// Calls programs within the rules; cheap to clone.
#[derive(Clone)]
pub struct Client {
    /// Made when it is first needed: it holds the certificates of every authority, and most sites call nobody.
    http: Arc<OnceLock<reqwest::Client>>,
    rules: Arc<Rules>,
    places: Arc<Semaphore>,
    timeout_s: u64,
    max_answer_kb: usize,
}

/// Looks names up, and leaves out the addresses that may not be called: what was judged is what is connected to.
struct Guard(Arc<Rules>);

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let rules = self.0.clone();
        Box::pin(async move {
            let trusted = rules.trusts(name.as_str());
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let allowed: Vec<_> = found.filter(|a| trusted || rules.permits(a.ip())).collect();
            if allowed.is_empty() {
                return Err(Failure::Refused(name.as_str().to_owned()).into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

impl Client {
    /// A client within these rules and bounds.
    pub fn new(settings: Settings, rules: Rules) -> Self {
        Self {
            http: Arc::default(),
            rules: Arc::new(rules),
            places: Arc::new(Semaphore::new(settings.max_parallel.max(1))),
            timeout_s: settings.timeout_s,
            max_answer_kb: settings.max_answer_kb,
        }
    }

    /// # Errors
    /// When TLS cannot be set up.
    pub(crate) fn http(&self) -> Result<&reqwest::Client, Failure> {
        if let Some(http) = self.http.get() {
            return Ok(http);
        }
        let http = reqwest::Client::builder()
            .dns_resolver(Arc::new(Guard(self.rules.clone())))
            // A proxy would look names up itself, and a redirect could lead anywhere.
            .no_proxy()
            .redirect(redirect::Policy::none())
            .timeout(Duration::from_secs(self.timeout_s))
            // Sooner, so that a host that is away can be told from a page that is slow.
            .connect_timeout(Duration::from_millis(self.timeout_s.saturating_mul(750)))
            .user_agent(concat!("Muster/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|e| Failure::Broken(e.to_string()))?;
        Ok(self.http.get_or_init(|| http))
    }

    /// The address, if it is one that may be asked. A name is judged when it is looked up.
    ///
    /// # Errors
    /// When the address is none, or may not be called.
    pub fn check(&self, address: &str) -> Result<Url, Failure> {
        let url = Url::parse(address).ok().filter(|u| matches!(u.scheme(), "http" | "https"));
        let url = url.ok_or_else(|| Failure::Address(address.to_owned()))?;
        let permitted = match url.host() {
            Some(Host::Ipv4(ip)) => self.rules.permits(ip.into()),
            Some(Host::Ipv6(ip)) => self.rules.permits(ip.into()),
            Some(Host::Domain(_)) => true,
            None => false,
        };
        if !permitted {
            return Err(Failure::Refused(url.host_str().unwrap_or_default().to_owned()));
        }
        Ok(url)
    }

    /// Begins a request to an address that a user chose.
    ///
    /// # Errors
    /// When the address is none, or may not be called.
    pub fn request(&self, method: Method, address: &str) -> Result<RequestBuilder, Failure> {
        Ok(self.http()?.request(method, self.check(address)?).header("accept", "application/json"))
    }

    /// Does `work` in one of the places, within the deadline.
    pub(crate) async fn bounded<T>(&self, work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
        let all = async {
            // The semaphore is never closed.
            let _place = self.places.acquire().await.ok();
            work.await
        };
        let limit = Duration::from_secs(self.timeout_s);
        tokio::time::timeout(limit, all).await.unwrap_or(Err(Failure::Late(self.timeout_s)))
    }

    /// Sends it and reads the answer, within the deadline.
    ///
    /// # Errors
    /// When there is no answer, or too much of one.
    pub async fn send(&self, request: RequestBuilder) -> Result<Answer, Failure> {
        let all = async {
            let mut response = request.send().await.map_err(|e| self.failure(&e))?;
            let kind = header(&response, "content-type");
            let content_type = kind.split(';').next().unwrap_or_default().trim().to_lowercase();
            let mut body = Vec::new();
            while let Some(part) = response.chunk().await.map_err(|e| self.failure(&e))? {
                body.extend_from_slice(&part);
                if body.len() > self.max_answer_kb << 10 {
                    return Err(Failure::TooLarge(self.max_answer_kb));
                }
            }
            Ok(Answer { status: response.status(), content_type, body })
        };
        self.bounded(all).await
    }

    pub(crate) fn failure(&self, error: &reqwest::Error) -> Failure {
        if error.is_timeout() && !error.is_connect() {
            return Failure::Late(self.timeout_s);
        }
        // The innermost reason is the one that helps; the outer ones name the address again.
        let mut reason: &dyn std::error::Error = error;
        while let Some(inner) = reason.source() {
            reason = inner;
        }
        match reason.downcast_ref::<Failure>() {
            Some(Failure::Refused(host)) => Failure::Refused(host.clone()),
            _ if error.is_connect() => Failure::Unreachable(reason.to_string()),
            _ => Failure::Broken(reason.to_string()),
        }
    }
}

/// A header of an answer; empty when it is not there or no text.
pub(crate) fn header<'a>(response: &'a reqwest::Response, name: &str) -> &'a str {
    response.headers().get(name).and_then(|v| v.to_str().ok()).unwrap_or_default()
}
