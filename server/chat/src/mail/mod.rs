//! Mail to people: a bounded queue and one sender behind it, which gives each mail a deadline.

mod settings;

pub use settings::{Security, Settings};

use crate::{Error, Result, Site};
use lettre::message::Mailbox;
use lettre::transport::smtp::authentication::Credentials;
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

type Transport = AsyncSmtpTransport<Tokio1Executor>;

/// Times a mail is tried.
const TRIES: u32 = 3;
/// Pause before a mail is tried again, seconds, times the number of tries.
const PAUSE_SECONDS: u64 = 5;

/// One mail, plain text.
#[derive(Clone, Debug)]
pub struct Mail {
    pub to: String,
    pub subject: String,
    pub text: String,
}

/// Where mails wait.
pub struct Queue {
    send: mpsc::Sender<Mail>,
    receive: Mutex<Option<mpsc::Receiver<Mail>>>,
}

impl Queue {
    /// An empty queue.
    pub fn new(settings: &Settings) -> Self {
        let (send, receive) = mpsc::channel(settings.max_waiting.max(1));
        Self { send, receive: Mutex::new(Some(receive)) }
    }
}

/// Whether this site sends mail: there is a server, and links in mails have an address that no request can choose.
pub fn is_on(site: &Site) -> bool {
    works(&site.config())
}

/// [`is_on`] with this configuration.
pub(crate) fn works(config: &crate::Config) -> bool {
    !config.mail.host.is_empty() && !config.mail.from.is_empty() && !config.site_url.is_empty()
}

/// Puts a mail in the queue.
///
/// # Errors
/// 503 when too many wait.
pub fn send(site: &Site, mail: Mail) -> Result<()> {
    site.mail().send.try_send(mail).map_err(|_| {
        let message = "Too many mails wait to be sent; try again later.";
        Error::unavailable("api.email.queue_full.app_error", message)
    })
}

fn transport(settings: &Settings) -> std::result::Result<Transport, lettre::transport::smtp::Error> {
    let builder = match settings.security {
        Security::None => Transport::builder_dangerous(&settings.host),
        Security::Starttls => Transport::starttls_relay(&settings.host)?,
        Security::Tls => Transport::relay(&settings.host)?,
    };
    let builder = builder.port(settings.port).timeout(Some(Duration::from_secs(settings.deadline_seconds.max(1))));
    let login =
        (!settings.username.is_empty()).then(|| Credentials::new(settings.username.clone(), settings.password.clone()));
    Ok(login.into_iter().fold(builder, |builder, login| builder.credentials(login)).build())
}

/// Sends what waits, until `stop`, through the mail server that is set at that time.
pub async fn run(site: Site, stop: CancellationToken) {
    let receive = site.mail().receive.lock().unwrap_or_else(PoisonError::into_inner).take();
    let Some(mut receive) = receive else { return };
    let mut used: Option<(Settings, Transport)> = None;
    loop {
        let mail = tokio::select! {
            () = stop.cancelled() => return,
            mail = receive.recv() => mail,
        };
        let Some(mail) = mail else { return };
        let config = site.config();
        if !works(&config) {
            tracing::warn!("a mail was dropped: no mail server is set");
            continue;
        }
        if used.as_ref().is_none_or(|(settings, _)| *settings != config.mail) {
            used = match transport(&config.mail) {
                Ok(transport) => Some((config.mail.clone(), transport)),
                Err(error) => {
                    tracing::error!(%error, "the mail server cannot be used; a mail was dropped");
                    continue;
                }
            };
        }
        let Some((_, transport)) = &used else { continue };
        tokio::select! {
            () = stop.cancelled() => return,
            () = deliver(&site, transport, &mail) => {}
        }
    }
}

/// Sends one mail with these settings and waits for it: what an administrator asks to see whether they are right.
///
/// # Errors
/// What the mail server, or the way to it, said.
pub async fn attempt(config: &crate::Config, mail: &Mail) -> std::result::Result<(), String> {
    let message = message(config, mail)?;
    let transport = transport(&config.mail).map_err(|e| e.to_string())?;
    let deadline = Duration::from_secs(config.mail.deadline_seconds.clamp(1, 60));
    match tokio::time::timeout(deadline, transport.send(message)).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!("no answer within {} s", deadline.as_secs())),
    }
}

async fn deliver(site: &Site, transport: &Transport, mail: &Mail) {
    let message = match message(&site.config(), mail) {
        Ok(message) => message,
        Err(reason) => {
            tracing::warn!(%reason, "a mail could not be written");
            return;
        }
    };
    let deadline = Duration::from_secs(site.config().mail.deadline_seconds.max(1));
    for attempt in 1..=TRIES {
        let reason = match tokio::time::timeout(deadline, transport.send(message.clone())).await {
            Ok(Ok(_)) => return,
            Ok(Err(error)) if error.is_permanent() => {
                tracing::warn!(%error, "the mail server refused a mail");
                return;
            }
            Ok(Err(error)) => error.to_string(),
            Err(_) => "no answer in time".to_owned(),
        };
        tracing::warn!(%reason, attempt, "a mail could not be sent");
        if attempt < TRIES {
            tokio::time::sleep(Duration::from_secs(PAUSE_SECONDS * u64::from(attempt))).await;
        }
    }
}

fn message(config: &crate::Config, mail: &Mail) -> std::result::Result<Message, String> {
    let address = |text: &str| text.parse::<Address>().map_err(|e| format!("{text:?} is no address: {e}"));
    let from = Mailbox::new(Some(config.site_name.clone()), address(&config.mail.from)?);
    let builder =
        Message::builder().from(from).to(Mailbox::new(None, address(&mail.to)?)).subject(mail.subject.clone());
    builder.body(mail.text.clone()).map_err(|e| e.to_string())
}
