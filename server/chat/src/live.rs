//! Settings that an administrator changes while the site runs.

use crate::Config;
use std::ops::Deref;
use std::sync::OnceLock;

/// The newest [`Config`]. Reading takes no lock: a change is appended and the former ones stay until the site ends,
/// which costs a few hundred bytes for each time that an administrator saves the settings.
#[derive(Debug)]
pub struct Live {
    config: Config,
    next: OnceLock<Box<Live>>,
}

impl Live {
    /// Begins with `config`.
    pub fn new(config: Config) -> Self {
        Self { config, next: OnceLock::new() }
    }

    fn last(&self) -> &Self {
        let mut at = self;
        while let Some(next) = at.next.get() {
            at = next;
        }
        at
    }

    /// From now on `config` holds.
    pub fn replace(&self, config: Config) {
        let mut new = Box::new(Self::new(config));
        loop {
            match self.last().next.set(new) {
                Ok(()) => return,
                // Somebody else was faster: behind theirs.
                Err(back) => new = back,
            }
        }
    }
}

impl Deref for Live {
    type Target = Config;
    fn deref(&self) -> &Config {
        &self.last().config
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readers_see_the_newest_settings() {
        let live = Live::new(Config::default());
        let old = &live.site_name;
        live.replace(Config { site_name: "Field".into(), ..Config::default() });
        live.replace(Config { site_name: "Clinic".into(), ..Config::default() });
        assert_eq!((old.as_str(), live.site_name.as_str()), ("Muster", "Clinic"));
    }
}
