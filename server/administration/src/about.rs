//! What the program knows of itself and its machine, for notices and for the support packet.

use operations::doctor::Subject;
use std::path::PathBuf;

/// Kept in the site by [`crate::start`].
#[derive(Clone, Debug)]
pub struct About {
    pub data_dir: PathBuf,
    /// What the doctor looks at.
    pub subject: Subject,
    /// Unix milliseconds.
    pub started_at: i64,
}

impl About {
    /// Free bytes of the disk with the data; `None` when the system does not say.
    pub fn disk(&self) -> Option<u64> {
        let stat = nix::sys::statvfs::statvfs(&self.data_dir).ok()?;
        Some(u64::from(stat.blocks_available()) * u64::from(stat.fragment_size()))
    }
}
