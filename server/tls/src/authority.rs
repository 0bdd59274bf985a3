//! The site's own certificate authority: made once, then it signs the server's certificates.

use crate::certificate::{self, Facts};
use crate::names::{self, Name};
use crate::{Error, Place, Settings, store};
use ipnet::IpNet;
use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DistinguishedName, DnType, ExtendedKeyUsagePurpose,
    GeneralSubtree, IsCa, Issuer, KeyPair, KeyUsagePurpose, NameConstraints, SanType,
};
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::path::Path;
use time::OffsetDateTime;
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

/// File of the authority's certificate, which people install.
pub const CA: &str = "ca.pem";
/// File of its key.
pub const CA_KEY: &str = "ca.key.pem";
/// File of the server's certificate and of what signed it.
pub const SERVER: &str = "server.pem";
/// File of its key.
pub const SERVER_KEY: &str = "server.key.pem";

const DAY: i64 = 24 * 3600;
const CA_DAYS: i64 = 3653;
/// Clocks of phones and of machines without a battery are off.
const EARLIER: i64 = 2 * DAY;
/// Ends of names that no public authority vouches for.
const LOCAL_ENDS: [&str; 8] = ["localhost", "local", "lan", "home", "home.arpa", "internal", "intranet", "private"];
const LOCAL_NETS: [&str; 8] = [
    "127.0.0.0/8",
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "169.254.0.0/16",
    "100.64.0.0/10",
    "::1/128",
    "fc00::/7",
];

/// Names that the site wants: of its URL, of the settings, of the machine.
///
/// # Errors
/// A configured name that is none.
pub fn wanted(settings: &Settings, place: &Place) -> Result<BTreeSet<Name>, Error> {
    let mut all = names::of_machine();
    all.extend(settings.extra_names()?);
    all.extend(place.host());
    Ok(all)
}

/// Makes sure that authority and certificate are there and good for `wanted`. Whether anything was made.
///
/// # Errors
/// When a file cannot be read or written.
pub fn ensure(settings: &Settings, place: &Place, wanted: &BTreeSet<Name>, now: i64) -> Result<bool, Error> {
    let folder = &place.folder;
    if !folder.join(CA).exists() {
        make_authority(settings, place, wanted, now)?;
    }
    let ca = folder.join(CA);
    let ca_text = store::read(&ca)?;
    let (allowed, refused) = split(&ca_text, &ca, wanted)?;
    let known = certificate::read(&folder.join(SERVER)).ok();
    let whole = crate::files::load(&folder.join(SERVER), &folder.join(SERVER_KEY), None, now).is_ok();
    let ca_facts = certificate::read(&ca)?;
    if whole && known.is_some_and(|known| is_good(&known, &ca_facts, &allowed, now)) {
        return Ok(false);
    }
    issue(settings, place, &ca_text, &allowed, now)?;
    if !refused.is_empty() {
        let names = names::listed(&refused);
        tracing::warn!(%names, "the site's authority was not made for these names; `server tls renew --new-ca` makes another one, which people have to install");
    }
    Ok(true)
}

/// A new certificate at once, of the authority that is there or of a new one.
///
/// # Errors
/// When a file cannot be read or written.
pub fn renew(settings: &Settings, place: &Place, wanted: &BTreeSet<Name>, new_ca: bool, now: i64) -> Result<(), Error> {
    settings.check()?;
    store::folder(&place.folder)?;
    let path = place.folder.join(CA);
    if new_ca || !path.exists() {
        make_authority(settings, place, wanted, now)?;
    }
    let ca = store::read(&path)?;
    let (allowed, _) = split(&ca, &path, wanted)?;
    issue(settings, place, &ca, &allowed, now)
}

fn is_good(known: &Facts, ca: &Facts, allowed: &BTreeSet<Name>, now: i64) -> bool {
    let signed = known.signer_id == ca.key_id && !ca.key_id.is_empty();
    signed && !known.is_due(now) && allowed.iter().all(|name| known.covers(name))
}

fn at(seconds: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

/// Makes a new authority in place of what is there. People have to install it again.
///
/// # Errors
/// When a file cannot be written.
pub fn make_authority(settings: &Settings, place: &Place, wanted: &BTreeSet<Name>, now: i64) -> Result<(), Error> {
    let mut params = CertificateParams::default();
    params.distinguished_name = titled(&format!("{} local CA ({})", place.site_name, names::machine()));
    params.not_before = at(now - EARLIER);
    params.not_after = at(now + CA_DAYS * DAY);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    if settings.constrain {
        params.name_constraints =
            Some(NameConstraints { permitted_subtrees: permitted(wanted), excluded_subtrees: Vec::new() });
    }
    let key = KeyPair::generate()?;
    let made = params.self_signed(&key)?;
    // The certificate last: it says that the authority is whole.
    store::write_private(&place.folder.join(CA_KEY), &key.serialize_pem())?;
    store::write(&place.folder.join(CA), &made.pem())?;
    tracing::info!(fingerprint = %certificate::fingerprint(made.der()), "the site has its own certificate authority now");
    Ok(())
}

/// A name of 64 characters at most, as the standard has it.
fn titled(name: &str) -> DistinguishedName {
    let mut title = DistinguishedName::new();
    title.push(DnType::CommonName, name.chars().take(64).collect::<String>());
    title
}

fn local_nets() -> impl Iterator<Item = IpNet> {
    LOCAL_NETS.iter().filter_map(|net| net.parse().ok())
}

fn permitted(wanted: &BTreeSet<Name>) -> Vec<GeneralSubtree> {
    let mut all: Vec<_> = LOCAL_ENDS.iter().map(|end| GeneralSubtree::DnsName((*end).into())).collect();
    let subnet = |net: IpNet| GeneralSubtree::IpAddress(CidrSubnet::from_addr_prefix(net.network(), net.prefix_len()));
    all.extend(local_nets().map(subnet));
    for name in wanted {
        match name {
            Name::Host(host) => all.push(GeneralSubtree::DnsName(host.trim_start_matches("*.").into())),
            Name::Address(address) if local_nets().any(|net| net.contains(address)) => {}
            Name::Address(address) => all.push(subnet(IpNet::from(*address))),
        }
    }
    all
}

/// Which of `wanted` the authority may vouch for, and which not.
///
/// # Errors
/// When the certificate cannot be read.
pub fn split(ca: &str, path: &Path, wanted: &BTreeSet<Name>) -> Result<(BTreeSet<Name>, BTreeSet<Name>), Error> {
    let chain = certificate::chain(ca, path)?;
    let wrong = |reason: String| Error::NoCertificate { path: path.to_owned(), reason };
    let der = chain.first().map(AsRef::as_ref).unwrap_or_default();
    let (_, parsed) = X509Certificate::from_der(der).map_err(|e| wrong(e.to_string()))?;
    let constraints = parsed.name_constraints().map_err(|e| wrong(e.to_string()))?;
    let Some(trees) = constraints.and_then(|c| c.value.permitted_subtrees.clone()) else {
        return Ok((wanted.clone(), BTreeSet::new()));
    };
    Ok(wanted.iter().cloned().partition(|name| trees.iter().any(|tree| permits(&tree.base, name))))
}

fn permits(tree: &GeneralName, name: &Name) -> bool {
    match (tree, name) {
        (GeneralName::DNSName(end), Name::Host(host)) => {
            let host = host.trim_start_matches("*.");
            host == *end || host.strip_suffix(end).is_some_and(|rest| rest.ends_with('.'))
        }
        (GeneralName::IPAddress(bytes), Name::Address(address)) => {
            let (net, mask) = bytes.split_at(bytes.len() / 2);
            let own = match address {
                IpAddr::V4(a) => a.octets().to_vec(),
                IpAddr::V6(a) => a.octets().to_vec(),
            };
            own.len() == net.len() && own.iter().zip(net).zip(mask).all(|((a, n), m)| a & m == n & m)
        }
        _ => false,
    }
}

/// Signs a new certificate for the server, with a new key.
///
/// # Errors
/// When the authority's files cannot be read or the new ones not written.
pub fn issue(settings: &Settings, place: &Place, ca: &str, names: &BTreeSet<Name>, now: i64) -> Result<(), Error> {
    let folder = &place.folder;
    let ca_facts = certificate::read(&folder.join(CA))?;
    let key_path = folder.join(CA_KEY);
    let ca_key = KeyPair::from_pem(&store::read(&key_path)?)
        .map_err(|e| Error::NoKey { path: key_path, reason: e.to_string() })?;
    let issuer = Issuer::from_ca_cert_pem(ca, ca_key)?;
    let mut params = CertificateParams::default();
    let title = place.host().unwrap_or_else(|| Name::Host(names::machine()));
    params.distinguished_name = titled(&title.to_string());
    for name in names {
        params.subject_alt_names.push(match name {
            Name::Host(host) => SanType::DnsName(host.clone().try_into()?),
            Name::Address(address) => SanType::IpAddress(*address),
        });
    }
    params.not_before = at((now - EARLIER).max(ca_facts.begins));
    params.not_after = at((now + i64::from(settings.certificate_days) * DAY).min(ca_facts.ends));
    params.use_authority_key_identifier_extension = true;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let key = KeyPair::generate()?;
    let made = params.signed_by(&key, &issuer)?;
    store::write_private(&folder.join(SERVER_KEY), &key.serialize_pem())?;
    store::write(&folder.join(SERVER), &format!("{}{ca}", made.pem()))?;
    tracing::info!(names = %names::listed(names), "the site's authority signed a certificate");
    Ok(())
}
