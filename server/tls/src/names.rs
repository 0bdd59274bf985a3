//! Names and addresses that a certificate is for.

use std::collections::BTreeSet;
use std::fmt;
use std::net::IpAddr;

/// A host name in lower case, or an address.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Name {
    Host(String),
    Address(IpAddr),
}

impl Name {
    /// # Errors
    /// In words, when it is neither a host name (`*.` may stand in front) nor an address.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim().trim_end_matches('.').to_lowercase();
        if let Ok(address) = text.parse::<IpAddr>() {
            return Ok(Self::Address(address.to_canonical()));
        }
        let host = text.strip_prefix("*.").unwrap_or(&text);
        let label = |l: &str| {
            let fits = (1..=63).contains(&l.len()) && !l.starts_with('-') && !l.ends_with('-');
            fits && l.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        };
        if host.len() > 253 || !host.split('.').all(label) {
            return Err(format!("{text:?} is neither a host name nor an address"));
        }
        Ok(Self::Host(text))
    }

    /// Whether a certificate with this name is good for `wanted`.
    pub fn covers(&self, wanted: &Self) -> bool {
        match (self, wanted) {
            (Self::Host(pattern), Self::Host(host)) => match pattern.strip_prefix("*.") {
                Some(parent) => host.split_once('.').is_some_and(|(_, rest)| rest == parent) || host == pattern,
                None => pattern == host,
            },
            (a, b) => a == b,
        }
    }

    /// As it stands in a URL.
    pub fn in_url(&self) -> String {
        match self {
            Self::Address(IpAddr::V6(address)) => format!("[{address}]"),
            other => other.to_string(),
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host(host) => f.write_str(host),
            Self::Address(address) => address.fmt(f),
        }
    }
}

/// Names in one line.
pub fn listed<'a>(names: impl IntoIterator<Item = &'a Name>) -> String {
    let names: Vec<String> = names.into_iter().map(Name::to_string).collect();
    if names.is_empty() { "no name at all".into() } else { names.join(", ") }
}

/// The machine's host name; `localhost` when it has none that fits.
pub fn machine() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    match Name::parse(&name) {
        Ok(Name::Host(host)) => host,
        _ => "localhost".into(),
    }
}

/// What other machines may call this one: its host name, that name in multicast DNS, and the addresses of its interfaces.
pub fn of_machine() -> BTreeSet<Name> {
    let mut all = BTreeSet::from([Name::Host("localhost".into())]);
    let host = machine();
    if !host.contains('.') && host != "localhost" {
        all.insert(Name::Host(format!("{host}.local")));
    }
    all.insert(Name::Host(host));
    all.extend(addresses().into_iter().map(Name::Address));
    all
}

/// Addresses of the interfaces, loopback among them. Link-local IPv6 is left out: browsers take no zone in a URL.
fn addresses() -> Vec<IpAddr> {
    let interfaces = nix::ifaddrs::getifaddrs().into_iter().flatten();
    let address = |i: nix::ifaddrs::InterfaceAddress| {
        let socket = i.address?;
        let v4 = socket.as_sockaddr_in().map(|a| IpAddr::V4(a.ip()));
        v4.or_else(|| socket.as_sockaddr_in6().map(|a| IpAddr::V6(a.ip())))
    };
    let link_local = |a: &IpAddr| matches!(a, IpAddr::V6(v6) if v6.is_unicast_link_local());
    interfaces.filter_map(address).filter(|a| !link_local(a)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_good_for_its_names_and_one_level_below_a_star() {
        let name = |t: &str| Name::parse(t).unwrap();
        assert!(name("Chat.Example.org").covers(&name("chat.example.org.")));
        assert!(name("*.example.org").covers(&name("chat.example.org")));
        assert!(!name("*.example.org").covers(&name("a.chat.example.org")));
        assert!(!name("*.example.org").covers(&name("example.org")));
        assert!(name("::ffff:10.0.0.1").covers(&name("10.0.0.1")));
        assert!(!name("10.0.0.1").covers(&name("10.0.0.2")));
        for wrong in ["", "a b", "-x", "https://x", "x..y"] {
            assert!(Name::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_machine_knows_itself() {
        let all = of_machine();
        assert!(all.contains(&Name::parse("localhost").unwrap()) && all.contains(&Name::parse("127.0.0.1").unwrap()));
    }
}
