//! Failed logins by network address: whoever tries one password on many accounts has to wait, too.

use super::{Address, Settings};
use crate::error::Kind;
use crate::{Error, Result};
use moka::sync::Cache;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// The failures of one address since `since` (Unix milliseconds).
#[derive(Debug, Default)]
struct Window {
    since: i64,
    failures: u32,
}

/// Counts failures per address in bounded memory.
pub struct Throttle {
    windows: Cache<IpAddr, Arc<Mutex<Window>>>,
    most: u32,
    window_ms: i64,
}

/// One network: an IPv6 customer has a whole /64.
fn network(address: Address) -> Option<IpAddr> {
    match address.0? {
        IpAddr::V6(a) => Some(IpAddr::V6(Ipv6Addr::from(u128::from(a) >> 64 << 64))),
        v4 => Some(v4),
    }
}

impl Throttle {
    /// Nothing counted yet.
    pub fn new(settings: &Settings) -> Self {
        let window_ms = settings.address_window_ms().max(1000);
        let kept = Duration::from_millis(window_ms.unsigned_abs().saturating_mul(2));
        let windows = Cache::builder().max_capacity(settings.max_addresses.max(1)).time_to_idle(kept).build();
        Self { windows, most: settings.max_failures_per_address, window_ms }
    }

    /// # Errors
    /// 429 when this address has failed too often.
    pub fn check(&self, address: Address, now: i64) -> Result<()> {
        let Some(window) = network(address).and_then(|a| self.windows.get(&a)) else { return Ok(()) };
        let window = window.lock().unwrap_or_else(PoisonError::into_inner);
        let left = window.since + self.window_ms - now;
        if self.most == 0 || left <= 0 || window.failures < self.most {
            return Ok(());
        }
        let minutes = left / 60_000 + 1;
        let message = format!("Too many failed logins from your address. Try again in {minutes} minutes.");
        Err(Error::new(Kind::TooMany, "api.user.login.too_many_from_address.app_error", message))
    }

    /// Counts a wrong password, code or link.
    pub fn failed(&self, address: Address, now: i64) {
        let Some(address) = network(address) else { return };
        let window = self.windows.get_with(address, Arc::default);
        let mut window = window.lock().unwrap_or_else(PoisonError::into_inner);
        if now - window.since >= self.window_ms {
            *window = Window { since: now, failures: 0 };
        }
        window.failures = window.failures.saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_waits_and_may_try_again_later() {
        let throttle = Throttle::new(&Settings { max_failures_per_address: 3, ..Settings::default() });
        let from = |text: &str| Address(Some(text.parse().unwrap()));
        let start = 1_800_000_000_000;
        for _ in 0..3 {
            assert!(throttle.check(from("2001:db8::1"), start).is_ok());
            throttle.failed(from("2001:db8::1"), start);
        }
        assert_eq!(throttle.check(from("2001:db8::1"), start).unwrap_err().kind, Kind::TooMany);
        assert!(throttle.check(from("2001:db8::ffff"), start).is_err(), "another address of the same customer");
        assert!(throttle.check(from("192.0.2.1"), start).is_ok());
        assert!(throttle.check(from("2001:db8::1"), start + 10 * 60_000).is_ok());
    }
}
