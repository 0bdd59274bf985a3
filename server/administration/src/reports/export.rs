//! The report of all accounts as a file: a job that writes CSV (RFC 4180) into the folder of exports.

use super::query::{Asked, range};
use super::store::{self, UserReport};
use chat::{Error, Result, Site};
use object_store::ObjectStoreExt;
use object_store::path::Path as Location;
use operations::bulk::EXPORTS;
use operations::jobs::{Ended, Job, Report, Runner, Work};
use std::sync::Arc;

/// Upstream's name of the job.
pub const KIND: &str = "export_users_to_csv";
/// Most bytes of the file: half a million accounts.
const MOST: usize = 128 << 20;

/// Says that this crate does these jobs.
pub fn register(runner: &Runner) {
    let work: Work = Arc::new(|site, job, report| Box::pin(run(site, job, report)));
    runner.register(KIND, work);
}

const HEAD: &str =
    "Id,Username,Email,CreateAt,Name,Roles,DeletedAt,LastLogin,LastStatusAt,LastPostDate,DaysActive,TotalPosts\r\n";

/// A cell. What a spreadsheet would take for a formula begins with a quote, so that it stays text.
fn cell(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t']);
    let text = if formula { format!("'{text}") } else { text.to_owned() };
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

/// RFC 3339; empty for no time.
fn time(ms: Option<i64>) -> String {
    let ms = ms.filter(|ms| *ms > 0);
    ms.and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok()).map(|t| t.to_string()).unwrap_or_default()
}

fn line(u: &UserReport) -> String {
    let name = format!("{} {}", u.first_name, u.last_name);
    let number = |n: Option<i64>| n.unwrap_or(0).to_string();
    [
        u.id.clone(),
        cell(&u.username),
        cell(&u.email),
        time(Some(u.create_at)),
        cell(name.trim()),
        cell(&u.roles),
        time(Some(u.delete_at)),
        time(Some(u.last_login)),
        time(u.last_status_at),
        time(u.last_post_date),
        number(u.days_active),
        number(u.total_posts),
    ]
    .join(",")
        + "\r\n"
}

async fn run(site: Site, job: Job, report: Report) -> Result<Ended> {
    let range = range(job.data.get("date_range").map_or("", String::as_str), site.clock.now_ms());
    let mut wanted = Asked::default().understood()?;
    wanted.size = 100;
    let all = store::count(&mut site.db.read().await?, &wanted).await?;
    let (mut text, mut written) = (HEAD.to_owned(), 0);
    loop {
        if report.stop.is_cancelled() {
            return Ok(Ended::Stopped);
        }
        let page = store::page(&mut site.db.read().await?, &wanted, range).await?;
        let Some(last) = page.last() else { break };
        wanted.from = Some((last.username.clone(), last.id.clone()));
        text.extend(page.iter().map(line));
        if text.len() > MOST {
            return Err(Error::invalid("app.report.export.too_large", "The report is too large for one file."));
        }
        written += i64::try_from(page.len()).unwrap_or(0);
        report.soon(written * 100 / all.max(1));
    }
    let name = format!("{}_users.csv", job.id);
    site.files
        .put(&Location::from(format!("{EXPORTS}/{name}")), text.into_bytes().into())
        .await
        .map_err(Error::internal)?;
    report.note("export_file", name);
    report.note("users", written.to_string());
    Ok(Ended::Well)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_stay_cells_and_never_become_formulas() {
        assert_eq!(cell("Ana"), "Ana");
        assert_eq!(cell("Ana, \"the first\""), "\"Ana, \"\"the first\"\"\"");
        assert_eq!(cell("=HYPERLINK(\"x\")"), "\"'=HYPERLINK(\"\"x\"\")\"");
        let user = UserReport { id: "i".into(), username: "ana".into(), create_at: 1000, ..UserReport::default() };
        assert_eq!(line(&user), "i,ana,,1970-01-01T00:00:01Z,,,,,,,0,0\r\n");
        assert_eq!(line(&user).matches(',').count(), HEAD.matches(',').count());
    }
}
