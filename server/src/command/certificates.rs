//! `server tls …`.

use super::say;
use crate::config::Config;
use anyhow::{Context, ensure};
use std::path::Path;
use tls::{Facts, Mode, acme, authority, certificate, names};

fn describe(title: &str, facts: &Facts) {
    say(title);
    say(&format!("  subject      {}", facts.subject));
    say(&format!("  issuer       {}", facts.issuer));
    if !facts.names.is_empty() {
        say(&format!("  names        {}", names::listed(&facts.names)));
    }
    say(&format!("  valid        {} to {}", certificate::day(facts.begins), certificate::day(facts.ends)));
    say(&format!("  SHA-256      {}", facts.fingerprint));
}

/// Prints what is there.
pub fn show(config: &Config) -> anyhow::Result<u8> {
    let place = config.place();
    let mut all = match config.tls.mode {
        Mode::Files => vec![("certificate", config.tls.certificate.clone())],
        Mode::LocalCa => vec![("certificate", place.folder.join(authority::SERVER))],
        // TLS may be turned on by a flag of `muster up`, which is not given here.
        Mode::Acme | Mode::Off => vec![
            ("certificate from ACME", place.folder.join(acme::CERTIFICATE)),
            ("certificate of the site", place.folder.join(authority::SERVER)),
        ],
    };
    if config.tls.mode != Mode::Files {
        all.push(("authority of the site", place.folder.join(authority::CA)));
    }
    let mut shown = 0;
    for (title, path) in all.into_iter().filter(|(_, path)| path.exists()) {
        describe(&format!("{title} ({})", path.display()), &certificate::read(&path)?);
        shown += 1;
    }
    ensure!(shown > 0, "no certificate is there yet; the first start makes it");
    Ok(0)
}

/// Writes the authority's certificate: DER when the name ends with `.crt` or `.der`, else PEM.
pub fn export_ca(config: &Config, file: &Path) -> anyhow::Result<u8> {
    let path = config.place().folder.join(authority::CA);
    let pem =
        std::fs::read_to_string(&path).with_context(|| format!("{}: no authority is there yet", path.display()))?;
    ensure!(!file.exists(), "{} exists already", file.display());
    let is_der = file.extension().is_some_and(|end| end == "crt" || end == "der");
    let chain = certificate::chain(&pem, &path)?;
    let der = chain.first().context("no certificate")?;
    std::fs::write(file, if is_der { der.as_ref() } else { pem.as_bytes() })
        .with_context(|| file.display().to_string())?;
    say(&format!("{}, SHA-256 {}", file.display(), certificate::fingerprint(der)));
    Ok(0)
}

/// A new certificate; a running server takes it within `check_seconds`.
pub fn renew(config: &Config, new_ca: bool) -> anyhow::Result<u8> {
    let (settings, place) = (&config.tls, config.place());
    match settings.mode {
        Mode::Acme if !new_ca => {
            acme::ask_for_renewal(&place)?;
            say("the running server asks for a new certificate within its next look; its log says how that went");
        }
        Mode::Off if !place.folder.join(authority::CA).exists() => anyhow::bail!("[server.tls] mode is off"),
        Mode::LocalCa | Mode::Acme | Mode::Off => {
            let wanted = authority::wanted(settings, &place)?;
            authority::renew(settings, &place, &wanted, new_ca, tls::now())?;
            describe("certificate", &certificate::read(&place.folder.join(authority::SERVER))?);
            if new_ca {
                say("this is a new authority: everybody has to install /ca.crt again");
            }
        }
        Mode::Files => anyhow::bail!("only certificates of mode local-ca or acme are made by this server"),
    }
    Ok(0)
}
