//! On which addresses media is received, and which addresses participants are told.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};

/// The addresses that participants are told in place of this machine's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Override {
    /// Tell the own addresses.
    None,
    /// Tell this one for every address that is not loopback.
    One(IpAddr),
    /// Tell the value for the key, and other addresses as they are.
    Each(BTreeMap<IpAddr, IpAddr>),
}

impl Override {
    /// Reads an address, a host name or a list `outer/inner,…`.
    ///
    /// # Errors
    /// What is wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(Self::None);
        }
        let address = |part: &str| part.trim().parse::<IpAddr>().map_err(|_| format!("{part:?} is no IP address"));
        if text.contains('/') {
            let mut each = BTreeMap::new();
            for pair in text.split(',') {
                let (outer, inner) = pair.split_once('/').ok_or(format!("{pair:?} must be outer/inner"))?;
                each.insert(address(inner)?, address(outer)?);
            }
            return Ok(Self::Each(each));
        }
        if let Ok(ip) = text.parse() {
            return Ok(Self::One(ip));
        }
        let found = (text, 0).to_socket_addrs().map_err(|e| format!("the name {text:?} is not found: {e}"))?;
        let mut found: Vec<IpAddr> = found.map(|a| a.ip()).collect();
        found.sort_by_key(IpAddr::is_ipv6);
        found.first().map(|ip| Self::One(*ip)).ok_or(format!("the name {text:?} has no address"))
    }

    fn apply(&self, own: IpAddr) -> IpAddr {
        match self {
            Self::One(ip) if !own.is_loopback() => *ip,
            Self::Each(each) => each.get(&own).copied().unwrap_or(own),
            _ => own,
        }
    }
}

/// One address on which media is received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Local {
    /// This machine's own address.
    pub own: IpAddr,
    /// The address participants are told.
    pub told: IpAddr,
}

/// Where sockets are opened and what is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Addresses to open sockets on; may be a wildcard.
    pub bind: Vec<IpAddr>,
    /// The addresses behind them.
    pub locals: Vec<Local>,
}

impl Plan {
    /// From the comma list of the configuration; `interfaces` are the addresses of this machine.
    ///
    /// # Errors
    /// The part of the list that is wrong.
    pub fn new(list: &str, over: &Override, interfaces: &[IpAddr]) -> Result<Self, String> {
        let mut bind: Vec<IpAddr> = Vec::new();
        for part in list.split(',').map(str::trim).filter(|p| !p.is_empty()) {
            bind.push(part.parse().map_err(|_| format!("media_address: {part:?} is no IP address"))?);
        }
        if bind.is_empty() {
            return Err("media_address: at least one IP address is needed".into());
        }
        let all = bind.iter().any(|ip| ip.is_unspecified() && ip.is_ipv6());
        let all_v4 = bind.iter().any(|ip| ip.is_unspecified());
        let mut own: Vec<IpAddr> = bind.iter().copied().filter(|ip| !ip.is_unspecified()).collect();
        own.extend(interfaces.iter().filter(|ip| all || (all_v4 && ip.is_ipv4())));
        own.sort();
        own.dedup();
        if all || all_v4 {
            bind.retain(|ip| ip.is_unspecified() || (ip.is_ipv6() && !all));
        }
        if all {
            bind.retain(|ip| ip.is_unspecified() && ip.is_ipv6());
        }
        bind.sort();
        bind.dedup();
        let locals = own.into_iter().map(|ip| Local { own: ip, told: over.apply(ip) }).collect();
        Ok(Self { bind, locals })
    }

    /// The addresses participants are told, each once.
    pub fn told(&self, port: u16) -> Vec<SocketAddr> {
        let mut told: Vec<SocketAddr> = self.locals.iter().map(|l| SocketAddr::new(l.told, port)).collect();
        told.sort();
        told.dedup();
        told
    }

    /// The told address behind an own one.
    pub fn told_for(&self, own: IpAddr) -> Option<IpAddr> {
        self.locals.iter().find(|l| l.own == own).map(|l| l.told)
    }

    /// The own address to send from for a told one; none leaves the choice to the system, when several are behind it.
    pub fn own_for(&self, told: IpAddr) -> Option<IpAddr> {
        let mut own = self.locals.iter().filter(|l| l.told == told).map(|l| l.own);
        own.next().filter(|_| own.next().is_none())
    }
}

/// The addresses of this machine that others can reach, and loopback; without link-local ones.
///
/// # Errors
/// When the system does not tell.
pub fn interfaces() -> std::io::Result<Vec<IpAddr>> {
    let mut found = Vec::new();
    for interface in nix::ifaddrs::getifaddrs()? {
        let Some(address) = interface.address else { continue };
        let ip = address.as_sockaddr_in().map(|a| IpAddr::from(a.ip()));
        let ip = ip.or_else(|| address.as_sockaddr_in6().map(|a| IpAddr::from(a.ip())));
        let link_local = |ip: &IpAddr| match ip {
            IpAddr::V4(ip) => ip.is_link_local(),
            IpAddr::V6(ip) => ip.is_unicast_link_local(),
        };
        found.extend(ip.filter(|ip| !link_local(ip)));
    }
    found.sort();
    found.dedup();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn plan(list: &str, over: &str) -> Plan {
        let interfaces = ["127.0.0.1", "192.168.1.5", "172.17.0.1", "::1", "2001:db8::5"].map(ip);
        Plan::new(list, &Override::parse(over).unwrap(), &interfaces).unwrap()
    }

    fn told(list: &str, over: &str) -> Vec<String> {
        plan(list, over).told(1).iter().map(|a| a.ip().to_string()).collect()
    }

    #[test]
    fn only_what_is_listened_on_is_told() {
        assert_eq!(told("127.0.0.1", ""), ["127.0.0.1"]);
        assert_eq!(told("0.0.0.0", ""), ["127.0.0.1", "172.17.0.1", "192.168.1.5"]);
        assert_eq!(told("::", "").len(), 5);
        assert_eq!(plan("0.0.0.0,192.168.1.5", "").bind, [ip("0.0.0.0")]);
    }

    #[test]
    fn an_override_stands_for_every_address_but_loopback() {
        assert_eq!(told("0.0.0.0", "203.0.113.7"), ["127.0.0.1", "203.0.113.7"]);
        assert_eq!(plan("0.0.0.0", "203.0.113.7").own_for(ip("203.0.113.7")), None);
        let each = plan("0.0.0.0", "203.0.113.7/192.168.1.5");
        assert_eq!(each.own_for(ip("203.0.113.7")), Some(ip("192.168.1.5")));
        assert_eq!(each.told_for(ip("172.17.0.1")), Some(ip("172.17.0.1")));
    }

    #[test]
    fn mistakes_are_named() {
        let error = Plan::new("127.0.0.1,x", &Override::None, &[]).unwrap_err();
        assert_eq!(error, "media_address: \"x\" is no IP address");
        assert_eq!(Override::parse("1.2.3.4/5,6").unwrap_err(), "\"5\" is no IP address");
        assert!(Plan::new(" ", &Override::None, &[]).is_err());
    }
}
