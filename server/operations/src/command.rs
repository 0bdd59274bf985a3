//! The sub-commands of the `server` program, as words of the command line. Pure.

use std::path::PathBuf;

/// What the program is asked to do instead of serving.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Reads a bulk file; `dry` only checks it.
    Import {
        file: PathBuf,
        dry: bool,
    },
    Export {
        file: PathBuf,
    },
    Backup {
        file: PathBuf,
    },
    Restore {
        file: PathBuf,
        force: bool,
    },
    Verify {
        file: PathBuf,
    },
    MigrateToPostgres {
        url: String,
    },
    Doctor {
        json: bool,
    },
    /// A new key of the site, and everything sealed with it.
    KeysRotate,
    TlsShow,
    /// Writes the certificate of the site's authority.
    TlsExportCa {
        file: PathBuf,
    },
    /// A new certificate now; `new_ca`: of a new authority, which people have to install.
    TlsRenew {
        new_ca: bool,
    },
}

/// For `--help` and for errors.
pub const USAGE: &str = "\
  server                                  serve
  server import FILE [--validate]         read a bulk export (.zip or .jsonl); --validate only checks it
  server export FILE                      write the site in the bulk format (.zip)
  server backup FILE                      copy database, files, configuration and keys, also while the site is in use
  server verify FILE                      check a backup
  server restore FILE [--force]           put a backup back; --force replaces the site that is there
  server db migrate-to postgres --to URL  move this SQLite site into an empty PostgreSQL database
  server keys rotate                      seal the secrets in the database with a new key
  server tls show                         names, end and fingerprint of the certificates
  server tls export-ca FILE               write the certificate of the site's authority, for people to install
  server tls renew [--new-ca]             a new certificate now; --new-ca: of a new authority
  server doctor [--json]                  check this machine and say what to do";

/// Flags of sub-commands, taken out of the command line before the configuration reads the rest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    pub json: bool,
    pub force: bool,
    pub validate: bool,
    pub new_ca: bool,
    pub to: Option<String>,
}

/// Takes the flags of sub-commands out of `args`.
pub fn split(args: impl IntoIterator<Item = String>) -> (Flags, Vec<String>) {
    let (mut flags, mut rest) = (Flags::default(), Vec::new());
    let mut args = args.into_iter();
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--json" => flags.json = true,
            "--force" => flags.force = true,
            "--validate" | "--dry-run" => flags.validate = true,
            "--new-ca" => flags.new_ca = true,
            "--to" => flags.to = args.next(),
            _ => match arg.strip_prefix("--to=") {
                Some(url) => flags.to = Some(url.to_owned()),
                None => rest.push(arg),
            },
        }
    }
    (flags, rest)
}

/// The command that the words name; `None` without words.
///
/// # Errors
/// A sentence that names the word that is wrong or missing.
pub fn parse(words: &[String], flags: Flags) -> Result<Option<Command>, String> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let mut left = flags.clone();
    let command = match words[..] {
        [] => None,
        ["import", file] => Some(Command::Import { file: file.into(), dry: std::mem::take(&mut left.validate) }),
        ["export", file] => Some(Command::Export { file: file.into() }),
        ["backup", file] => Some(Command::Backup { file: file.into() }),
        ["restore", file] => Some(Command::Restore { file: file.into(), force: std::mem::take(&mut left.force) }),
        ["verify", file] => Some(Command::Verify { file: file.into() }),
        ["db", "migrate-to", "postgres"] => {
            let url = left.to.take().ok_or("--to URL is missing: postgres://user:password@host/database")?;
            Some(Command::MigrateToPostgres { url })
        }
        ["doctor"] => Some(Command::Doctor { json: std::mem::take(&mut left.json) }),
        ["keys", "rotate"] => Some(Command::KeysRotate),
        ["tls", "show"] => Some(Command::TlsShow),
        ["tls", "export-ca", file] => Some(Command::TlsExportCa { file: file.into() }),
        ["tls", "renew"] => Some(Command::TlsRenew { new_ca: std::mem::take(&mut left.new_ca) }),
        ["import" | "export" | "backup" | "restore" | "verify"] => {
            return Err(format!("{}: FILE is missing", words[0]));
        }
        _ => return Err(format!("{:?} is no command of this program", words.join(" "))),
    };
    if left == Flags::default() { Ok(command) } else { Err("a flag is given that this command does not have".into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(line: &str) -> Result<Option<Command>, String> {
        let (flags, rest) = split(line.split_whitespace().map(str::to_owned));
        parse(&rest, flags)
    }

    #[test]
    fn words_become_commands_and_unknown_ones_errors() {
        assert_eq!(of("").unwrap(), None);
        assert_eq!(of("import a.zip --validate").unwrap(), Some(Command::Import { file: "a.zip".into(), dry: true }));
        assert_eq!(of("db migrate-to postgres --to x").unwrap(), Some(Command::MigrateToPostgres { url: "x".into() }));
        for wrong in [
            "serve",
            "import",
            "db migrate-to postgres",
            "backup a b",
            "doctor --force",
            "verify a --json",
            "tls",
            "tls show --new-ca",
        ] {
            assert!(of(wrong).is_err(), "{wrong}");
        }
    }
}
