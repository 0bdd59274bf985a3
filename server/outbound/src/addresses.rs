//! Which addresses may be called. No I/O.

use ipnet::IpNet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// An entry of `allowed_addresses` that is neither a host, an address nor a network.
#[derive(Debug, thiserror::Error)]
#[error("allowed_addresses: {0:?} is neither a host name, an address nor a network such as 10.0.0.0/8")]
pub struct BadAddress(String);

/// The rules of one site.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    private: bool,
    networks: Vec<IpNet>,
    hosts: Vec<String>,
}

impl Rules {
    /// Reads the configuration: whether private networks may be called, and what may be called whatever it is.
    ///
    /// # Errors
    /// For an entry that makes no sense.
    pub fn new(private: bool, allowed: &[String]) -> Result<Self, BadAddress> {
        let mut rules = Self { private, ..Self::default() };
        for entry in allowed {
            let text = entry.trim();
            if let Ok(network) = text.parse::<IpNet>() {
                rules.networks.push(network);
            } else if let Ok(address) = text.trim_matches(['[', ']']).parse::<IpAddr>() {
                rules.networks.push(address.into());
            } else if !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "-._".contains(c)) {
                rules.hosts.push(text.to_lowercase());
            } else {
                return Err(BadAddress(entry.clone()));
            }
        }
        Ok(rules)
    }

    /// Whether the host may be called at whatever address it has.
    pub fn trusts(&self, host: &str) -> bool {
        let host = host.trim_end_matches('.').to_lowercase();
        self.hosts.contains(&host)
    }

    /// Whether this address may be called.
    pub fn permits(&self, address: IpAddr) -> bool {
        let address = plain(address);
        if self.networks.iter().any(|n| n.contains(&address)) {
            return true;
        }
        match address {
            IpAddr::V4(v4) => self.permits_v4(v4),
            IpAddr::V6(v6) => self.permits_v6(v6),
        }
    }

    fn permits_v4(&self, address: Ipv4Addr) -> bool {
        let [first, second, ..] = address.octets();
        let shared = first == 100 && (64..128).contains(&second);
        let never = address.is_loopback()
            || address.is_link_local()
            || address.is_multicast()
            || first == 0
            || first >= 240
            || address.is_documentation();
        !never && (self.private || !(address.is_private() || shared))
    }

    fn permits_v6(&self, address: Ipv6Addr) -> bool {
        let never = address.is_loopback()
            || address.is_unspecified()
            || address.is_multicast()
            || address.is_unicast_link_local();
        !never && (self.private || !address.is_unique_local())
    }
}

/// An IPv4 address that is written as an IPv6 one is judged as what it is.
fn plain(address: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = address else { return address };
    if let Some(v4) = v6.to_ipv4_mapped() {
        return v4.into();
    }
    let [a, b, c, d, e, f, high, low] = v6.segments();
    let translated = [a, b, c, d, e, f] == [0x64, 0xff9b, 0, 0, 0, 0];
    let sixto4 = a == 0x2002;
    let compatible = [a, b, c, d, e, f] == [0; 6] && high != 0;
    let of = |high: u16, low: u16| {
        let ([w, x], [y, z]) = (high.to_be_bytes(), low.to_be_bytes());
        IpAddr::V4(Ipv4Addr::new(w, x, y, z))
    };
    match (translated || compatible, sixto4) {
        (true, _) => of(high, low),
        (_, true) => of(b, c),
        _ => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(private: bool, allowed: &[&str]) -> Rules {
        let allowed: Vec<String> = allowed.iter().map(|a| (*a).to_owned()).collect();
        Rules::new(private, &allowed).unwrap()
    }

    #[test]
    fn nobody_reaches_the_server_itself() {
        let rules = rules(true, &[]);
        for refused in [
            "127.0.0.1",
            "127.9.9.9",
            "0.0.0.0",
            "169.254.169.254",
            "224.0.0.1",
            "255.255.255.255",
            "::1",
            "::",
            "fe80::1",
            "::ffff:127.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "::127.0.0.1",
        ] {
            assert!(!rules.permits(refused.parse().unwrap()), "{refused}");
        }
        for allowed in ["10.1.2.3", "192.168.1.4", "172.20.0.1", "9.9.9.9", "fd00::1", "2620:fe::9"] {
            assert!(rules.permits(allowed.parse().unwrap()), "{allowed}");
        }
    }

    #[test]
    fn what_is_listed_is_allowed_and_private_networks_can_be_shut() {
        let rules = rules(false, &["127.0.0.1", "10.1.0.0/16", "bot.lan", "[::1]"]);
        for (address, expected) in
            [("127.0.0.1", true), ("127.0.0.2", false), ("10.1.9.9", true), ("10.2.0.1", false), ("::1", true)]
        {
            assert_eq!(rules.permits(address.parse().unwrap()), expected, "{address}");
        }
        assert!(rules.trusts("BOT.lan.") && !rules.trusts("bot.lan.evil.example"));
        assert!(Rules::new(true, &["10.0.0.0/99".into()]).is_err());
    }
}
