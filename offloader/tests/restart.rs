//! The service killed while a job runs: its worker dies with it, and the next start goes on with the same files.

use offloader_client::{Client, CreateJob, JobType};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A worker that writes down its process id and input; the first attempt never ends, the second is done at once.
const WORKER: &str = "#!/bin/sh
echo \"$$ $1 $CALL_ID $WIDTH\" >> \"$DATA_DIR/attempts\"
echo \"attempt of $CALL_ID\" >&2
cp \"$DATA_DIR/attempts\" \"$(dirname \"$0\")/attempts\"
if [ \"$(wc -l < \"$DATA_DIR/attempts\")\" = 1 ]; then exec sleep 300; fi
exit 0
";

fn start(folder: &Path, port: u16) -> Child {
    Command::new(env!("CARGO_BIN_EXE_offloader"))
        .args(["--listen-address", &format!("127.0.0.1:{port}"), "--data-dir"])
        .arg(folder.join("data"))
        .arg("--worker-path")
        .arg(folder.join("worker.sh"))
        .stderr(Stdio::inherit())
        .spawn()
        .expect("the service starts")
}

async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(Instant::now() < deadline, "waited 20 s: {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn attempts(folder: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(folder.join("attempts")).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

#[tokio::test]
async fn a_killed_service_goes_on_with_its_jobs() {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("worker.sh");
    std::fs::write(&script, WORKER).unwrap();
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut service = start(folder.path(), port);
    let client = Client::new(&format!("http://127.0.0.1:{port}"), "me", &"k".repeat(32)).unwrap();
    until("the service answers", async || client.version().await.ok()).await;

    let input = r#"{"call_id":"channel1","width":1280,"auth_token":"secret"}"#;
    let ask = CreateJob {
        kind: JobType::Recording,
        max_duration_sec: 3600,
        runner: "mattermost/calls-recorder:v0.8.13".into(),
        input_data: serde_json::from_str(input).unwrap(),
    };
    let job = client.create_job(&ask).await.unwrap();
    assert!(!job.input_data.contains_key("auth_token"), "the token stays inside");
    let first = until("the first attempt", async || attempts(folder.path()).first().cloned()).await;
    assert!(first.ends_with(" recording channel1 1280"), "{first}");
    let stranger = Client::new(&format!("http://127.0.0.1:{port}"), "me", &"x".repeat(32)).unwrap();
    assert!(stranger.get_job(&job.id).await.unwrap_err().to_string().contains("401"));

    service.kill().unwrap();
    service.wait().unwrap();
    let pid = first.split(' ').next().unwrap().to_owned();
    // A killed worker may stay as a zombie where nothing reaps orphans; it runs no more either way.
    let gone = || {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        (status.is_empty() || status.contains("State:\tZ")).then_some(())
    };
    until("the worker dies with the service", async || gone()).await;

    let mut service = start(folder.path(), port);
    let done = until("the job is done", async || client.get_job(&job.id).await.ok().filter(|j| j.stop_at > 0)).await;
    assert_eq!(done.start_at, job.start_at);
    assert_eq!(attempts(folder.path()).len(), 2, "the second attempt found the files of the first");
    assert_eq!(client.job_logs(&job.id).await.unwrap(), "attempt of channel1\nattempt of channel1\n");
    client.delete_job(&job.id).await.unwrap();
    assert!(client.get_job(&job.id).await.unwrap_err().to_string().contains("404"));
    service.kill().unwrap();
    service.wait().unwrap();
}
