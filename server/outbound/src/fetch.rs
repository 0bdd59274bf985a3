//! Reading what is behind an address: redirects are followed, each judged anew, and only so much is read as is wanted.

use crate::client::{Client, Failure, header};
use flate2::read::{MultiGzDecoder, ZlibDecoder};
use reqwest::{Method, Response, StatusCode};
use std::io::Read;
use url::Url;

/// What is wanted of an address.
pub struct Wanted<'a> {
    /// The `Accept` header.
    pub accept: &'a str,
    /// Redirects that are followed.
    pub redirects: usize,
    /// How many bytes are read of a content type; 0: the body is left alone.
    pub most: &'a (dyn Fn(&str) -> usize + Sync),
}

/// What was behind an address.
#[derive(Clone, Debug)]
pub struct Fetched {
    /// Where it was in the end.
    pub url: Url,
    pub status: StatusCode,
    /// In lower case, without parameters.
    pub content_type: String,
    /// The `charset` parameter of the content type, as it came.
    pub charset: Option<String>,
    pub body: Vec<u8>,
    /// There was more than was wanted.
    pub cut: bool,
}

impl Client {
    /// Reads what is behind an address, all hops within one deadline.
    ///
    /// # Errors
    /// When there is no answer, or an address on the way may not be called.
    pub async fn fetch(&self, address: &str, wanted: &Wanted<'_>) -> Result<Fetched, Failure> {
        self.bounded(async {
            let mut url = self.check(address)?;
            for hop in 0..=wanted.redirects {
                let request = self.http()?.get(url.clone());
                // Nothing else is decoded here.
                let request = request.header("accept", wanted.accept).header("accept-encoding", "gzip");
                let response = request.send().await.map_err(|e| match self.failure(&e) {
                    // Not the fault of the host that was asked.
                    Failure::Unreachable(reason) if hop > 0 => Failure::Broken(reason),
                    other => other,
                })?;
                let Some(next) = next(&url, &response) else { return self.read(url, response, wanted).await };
                url = self.check(&next)?;
            }
            Err(Failure::Redirects(wanted.redirects))
        })
        .await
    }

    /// Where an address leads to, if it leads anywhere: one `HEAD`, nothing is followed.
    ///
    /// # Errors
    /// When there is no answer, or the address may not be called.
    pub async fn location(&self, address: &str) -> Result<Option<String>, Failure> {
        self.bounded(async {
            let url = self.check(address)?;
            let response = self.http()?.request(Method::HEAD, url.clone()).send().await.map_err(|e| self.failure(&e))?;
            Ok(next(&url, &response))
        })
        .await
    }

    async fn read(&self, url: Url, mut response: Response, wanted: &Wanted<'_>) -> Result<Fetched, Failure> {
        let kind = header(&response, "content-type").to_owned();
        let mut parts = kind.split(';').map(str::trim);
        let content_type = parts.next().unwrap_or_default().to_lowercase();
        let charset = parts.find_map(|p| {
            let (name, value) = p.split_once('=')?;
            name.trim().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches(['"', '\'']).to_owned())
        });
        let encoding = header(&response, "content-encoding").trim().to_lowercase();
        let most = (wanted.most)(&content_type);
        let (mut body, mut cut) = (Vec::new(), false);
        while most > 0 && !cut {
            let Some(part) = response.chunk().await.map_err(|e| self.failure(&e))? else { break };
            cut = body.len() + part.len() > most;
            body.extend_from_slice(&part[..part.len().min(most - body.len())]);
        }
        let status = response.status();
        // The rest is not waited for.
        drop(response);
        let (body, more) = decoded(&encoding, body, most)?;
        Ok(Fetched { url, status, content_type, charset, body, cut: cut || more })
    }
}

/// Where a redirect leads, as an absolute address.
fn next(from: &Url, response: &Response) -> Option<String> {
    let location = header(response, "location");
    let leads = matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) && !location.is_empty();
    leads.then(|| from.join(location).map_or_else(|_| location.to_owned(), String::from))
}

/// At most `most` bytes of what was compressed, and whether there was more. A damaged or cut end costs only itself.
fn decoded(encoding: &str, body: Vec<u8>, most: usize) -> Result<(Vec<u8>, bool), Failure> {
    let mut reader: Box<dyn Read + '_> = match encoding {
        "" | "identity" => return Ok((body, false)),
        _ if body.is_empty() => return Ok((body, false)),
        "gzip" | "x-gzip" => Box::new(MultiGzDecoder::new(body.as_slice())),
        "deflate" => Box::new(ZlibDecoder::new(body.as_slice())),
        other => return Err(Failure::Encoding(other.to_owned())),
    };
    let mut out = Vec::new();
    let mut part = [0; 16 << 10];
    while out.len() <= most {
        match reader.read(&mut part) {
            Ok(0) | Err(_) => break,
            Ok(read) => out.extend_from_slice(&part[..read]),
        }
    }
    let more = out.len() > most;
    out.truncate(most);
    Ok((out, more))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Rules, Settings};
    use std::io::Write;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    /// A server that answers every connection with `answer(path)`, and counts them.
    async fn serve(answer: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static) -> (u16, std::sync::Arc<AtomicUsize>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked = std::sync::Arc::new(AtomicUsize::new(0));
        let count = asked.clone();
        tokio::spawn(async move {
            while let Ok((mut socket, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::SeqCst);
                let mut head = vec![0; 4096];
                let read = socket.read(&mut head).await.unwrap_or(0);
                let head = String::from_utf8_lossy(&head[..read]).into_owned();
                let path = head.split_whitespace().nth(1).unwrap_or("/").to_owned();
                drop(socket.write_all(&answer(&path)).await);
            }
        });
        (port, asked)
    }

    fn client(allowed: &[&str]) -> Client {
        kit::init_crypto();
        let allowed: Vec<String> = allowed.iter().map(|a| (*a).to_owned()).collect();
        let settings = Settings { timeout_s: 5, max_answer_kb: 64, max_parallel: 4 };
        Client::new(settings, Rules::new(true, &allowed).unwrap())
    }

    fn wanted(most: &(dyn Fn(&str) -> usize + Sync)) -> Wanted<'_> {
        Wanted { accept: "text/html", redirects: 3, most }
    }

    fn redirect(to: &str) -> Vec<u8> {
        format!("HTTP/1.1 302 Found\r\nlocation: {to}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").into_bytes()
    }

    #[tokio::test]
    async fn every_redirect_is_judged_like_the_first_address() {
        let (secret, asked) = serve(|_| b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nsecret".to_vec()).await;
        let (port, _) = serve(move |path| match path {
            // Another way to say 127.0.0.2, and a name that leads to the machine itself.
            "/number" => redirect(&format!("http://2130706434:{secret}/")),
            "/name" => redirect(&format!("http://localhost:{secret}/")),
            "/file" => redirect("file:///etc/passwd"),
            "/round" => redirect("/round"),
            _ => b"HTTP/1.1 200 OK\r\ncontent-type: Text/HTML; Charset=\"latin1\"\r\nconnection: close\r\n\r\nhi"
                .to_vec(),
        })
        .await;
        let client = client(&["127.0.0.1"]);
        let get = async |path: &str| client.fetch(&format!("http://127.0.0.1:{port}{path}"), &wanted(&|_| 100)).await;
        assert!(matches!(get("/number").await, Err(Failure::Refused(_))));
        // The name has an allowed address too; only that one is connected to.
        let named = get("/name").await;
        assert!(named.is_ok_and(|page| page.body == b"secret"));
        assert!(matches!(get("/file").await, Err(Failure::Address(_))));
        assert!(matches!(get("/round").await, Err(Failure::Redirects(3))));
        let page = get("/page").await.unwrap();
        assert_eq!((page.content_type.as_str(), page.charset.as_deref()), ("text/html", Some("latin1")));
        assert_eq!(asked.load(Ordering::SeqCst), 1);
        let strict = self::client(&[]);
        let refused = strict.fetch(&format!("http://localhost:{secret}/"), &wanted(&|_| 100)).await;
        assert!(matches!(refused, Err(Failure::Refused(_))), "{refused:?}");
        assert_eq!(asked.load(Ordering::SeqCst), 1, "nothing was connected to");
        let to = client.location(&format!("http://127.0.0.1:{port}/round")).await.unwrap();
        assert_eq!(to, Some(format!("http://127.0.0.1:{port}/round")));
    }

    #[tokio::test]
    async fn a_bomb_is_decoded_only_as_far_as_it_is_wanted() {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        packed.write_all(&vec![b'x'; 50 << 20]).unwrap();
        let packed = packed.finish().unwrap();
        assert!(packed.len() < 100 << 10);
        let (port, _) = serve(move |_| {
            let mut out =
                b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-encoding: gzip\r\nconnection: close\r\n\r\n"
                    .to_vec();
            out.extend_from_slice(&packed);
            out
        })
        .await;
        let address = format!("http://127.0.0.1:{port}/");
        let client = client(&["127.0.0.1"]);
        let page = client.fetch(&address, &wanted(&|_| 1 << 20)).await.unwrap();
        assert_eq!((page.body.len(), page.cut), (1 << 20, true));
        let untouched = client.fetch(&address, &wanted(&|_| 0)).await.unwrap();
        assert!(untouched.body.is_empty());
    }
}
