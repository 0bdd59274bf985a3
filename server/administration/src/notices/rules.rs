//! What is worth a notice.

use serde::Serialize;

const DAY_MS: i64 = 24 * 3_600_000;
/// Days that a site may go without a backup before somebody is told.
const BACKUP_DAYS: i64 = 7;
/// Days after which a backup is old.
const OLD_DAYS: i64 = 30;
/// Days that a new version is news.
const NEWS_DAYS: i64 = 14;
/// A disk with less free space than this, bytes, is nearly full.
const FREE: u64 = 2 << 30;

/// A notice as upstream's clients show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Notice {
    pub id: String,
    pub sys_admin_only: bool,
    pub team_admin_only: bool,
    pub title: String,
    pub description: String,
    pub image: String,
    pub action: String,
    pub action_param: String,
    pub action_text: String,
}

/// What the notices follow from. Times are Unix milliseconds, 0 for never.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    pub now: i64,
    /// Since when there is a site.
    pub begun: i64,
    pub last_backup: i64,
    pub version: &'static str,
    pub version_since: i64,
    /// Free bytes of the disk with the data; `None` when that is not known.
    pub disk: Option<u64>,
}

fn notice(id: String, title: &str, description: String) -> Notice {
    Notice {
        id,
        sys_admin_only: true,
        team_admin_only: false,
        title: title.into(),
        description,
        image: String::new(),
        action: String::new(),
        action_param: String::new(),
        action_text: String::new(),
    }
}

/// What holds now. A notice that was put away comes back, under another id, when it still holds a month later.
pub fn notices(f: &Facts) -> Vec<Notice> {
    let month = f.now / (30 * DAY_MS);
    let mut all = Vec::new();
    if let Some(free) = f.disk.filter(|free| *free < FREE) {
        let text = format!(
            "The disk with the data of this server has {} MB left. A full disk stops every message: make room, or move the data folder.",
            free >> 20
        );
        all.push(notice(format!("disk-{month}"), "The disk is nearly full", text));
    }
    let backup = "`server backup FILE` makes one while the server runs, and checks it.";
    if f.last_backup == 0 && f.begun > 0 && f.now - f.begun > BACKUP_DAYS * DAY_MS {
        let text = format!("Nobody has made a backup of this server yet. {backup}");
        all.push(notice(format!("backup-none-{month}"), "There is no backup", text));
    } else if f.last_backup > 0 && f.now - f.last_backup > OLD_DAYS * DAY_MS {
        let days = (f.now - f.last_backup) / DAY_MS;
        let text = format!("The last backup of this server is {days} days old. {backup}");
        all.push(notice(format!("backup-old-{month}"), "The backup is old", text));
    }
    if f.version_since > 0 && f.now - f.version_since < NEWS_DAYS * DAY_MS {
        let text = format!("This server runs version {} now. CHANGELOG.md says what is new.", f.version);
        all.push(notice(format!("version-{}", f.version), "A new version is running", text));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_notice_holds_in_its_time() {
        let now = 1000 * DAY_MS;
        let ids = |f: &Facts| notices(f).into_iter().map(|n| n.id).collect::<Vec<_>>();
        let well = Facts {
            now,
            begun: now - 100 * DAY_MS,
            last_backup: now - DAY_MS,
            version: "1.2.3",
            version_since: 0,
            disk: Some(FREE),
        };
        assert!(ids(&well).is_empty());
        assert_eq!(ids(&Facts { last_backup: 0, ..well.clone() }), ["backup-none-33"]);
        assert!(ids(&Facts { last_backup: 0, begun: now - DAY_MS, ..well.clone() }).is_empty(), "the site is new");
        assert_eq!(ids(&Facts { last_backup: now - 31 * DAY_MS, ..well.clone() }), ["backup-old-33"]);
        assert_eq!(ids(&Facts { disk: Some(FREE - 1), ..well.clone() }), ["disk-33"]);
        assert_eq!(ids(&Facts { version_since: now - DAY_MS, ..well.clone() }), ["version-1.2.3"]);
        assert!(ids(&Facts { version_since: now - 15 * DAY_MS, ..well }).is_empty());
    }
}
