//! The worker against a stand-in for the chat server and the SFU: a person reads aloud and shares a screen, over real
//! WebSocket and WebRTC, and the worker hands in a recording or a transcript.

mod standin;

use standin::{Play, Site};
use std::path::Path;
use std::process::{Child, Command};
use std::time::Duration;

const JOB: &str = "jobjobjobjobjobjobjobjobjo";

fn worker(kind: &str, site: &Site, folder: &Path) -> Child {
    let id = if kind == "recording" { "RECORDING_ID" } else { "TRANSCRIPTION_ID" };
    let mut command = Command::new(env!("CARGO_BIN_EXE_offloader-worker"));
    command
        .arg(kind)
        .env("SITE_URL", &site.url)
        .env("CALL_ID", standin::CHANNEL)
        .env("POST_ID", "postpostpostpostpostpostpo")
        .env("AUTH_TOKEN", standin::TOKEN)
        .env(id, JOB)
        .env("DATA_DIR", folder)
        .env("LIVE_CAPTIONS_ON", "true");
    if let Ok(models) = std::env::var("MUSTER_MODELS_DIR") {
        command.env("MODELS_DIR", models);
    }
    command.spawn().expect("the worker starts")
}

async fn ended(mut child: Child) -> bool {
    let waiting = tokio::task::spawn_blocking(move || child.wait().expect("the worker can be waited for"));
    tokio::time::timeout(Duration::from_secs(120), waiting).await.expect("the worker ends").unwrap().success()
}

/// What ffprobe says of a file: one `key=value` a line.
fn probe(path: &Path) -> String {
    let run = Command::new("ffprobe")
        .args(["-v", "error", "-count_packets", "-show_entries"])
        .arg("format=duration:format_tags=comment:stream=codec_name,width,height,nb_read_packets")
        .args(["-of", "default=noprint_wrappers=1"])
        .arg(path)
        .output()
        .expect("ffprobe is installed");
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    String::from_utf8(run.stdout).unwrap()
}

fn value(probed: &str, key: &str) -> f64 {
    let line =
        probed.lines().find_map(|l| l.strip_prefix(&format!("{key}="))).unwrap_or_else(|| panic!("{key}: {probed}"));
    line.parse().unwrap()
}

/// Loudness of each second of the sound, decoded by ffmpeg.
fn loudness(path: &Path) -> Vec<f64> {
    let run = Command::new("ffmpeg")
        .args(["-v", "error", "-i"])
        .arg(path)
        .args(["-f", "s16le", "-ac", "1", "-ar", "8000", "-"])
        .output()
        .expect("ffmpeg is installed");
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let samples: Vec<f64> =
        run.stdout.chunks_exact(2).map(|b| f64::from(i16::from_le_bytes([b[0], b[1]])) / 32768.0).collect();
    samples.chunks(8000).map(|s| (s.iter().map(|x| x * x).sum::<f64>() / s.len() as f64).sqrt()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recorder_killed_in_the_middle_loses_only_seconds() {
    let folder = tempfile::tempdir().unwrap();
    // It plays until it is killed, and the second time for six seconds.
    let site = Site::start(vec![Play::for_ever(), Play::seconds(6.0)]).await;
    let mut first = worker("recording", &site, folder.path());
    site.wait_for_media(8.0).await;
    first.kill().unwrap();
    first.wait().unwrap();
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert!(ended(worker("recording", &site, folder.path())).await);

    let seen = site.seen();
    assert!(seen.statuses.iter().all(|s| s["Status"] == "started"), "{:?}", seen.statuses);
    let posted = &seen.recordings[..];
    assert_eq!(posted.len(), 1, "{posted:?}");
    assert_eq!((posted[0]["JobID"].as_str(), posted[0]["FileIDs"][0].as_str()), (Some(JOB), Some("file1")));
    let (name, bytes) = &seen.uploads[0];
    assert_eq!(name, "Call_Town_Square.webm");
    let path = folder.path().join("handed-in.webm");
    std::fs::write(&path, bytes).unwrap();
    let probed = probe(&path);
    println!("{probed}");
    assert!(probed.contains("codec_name=vp8") && probed.contains("codec_name=opus"), "{probed}");
    assert_eq!((value(&probed, "width"), value(&probed, "height")), (320.0, 180.0));
    // 8 s, the pause of 2 s and what joining takes, and 6 s.
    let duration = value(&probed, "duration");
    assert!((15.0..20.0).contains(&duration), "{duration}");
    assert!(probed.contains("Nothing was recorded from"), "the gap is told: {probed}");
    let loud = loudness(&path);
    println!("{loud:.3?}");
    // The reader begins after a second; what the kill cost at the end of the first part is under a second and a half.
    let heard = |seconds: std::ops::Range<usize>| loud[seconds].iter().filter(|l| **l > 0.01).count();
    assert!(heard(1..7) >= 4, "the first part: {loud:?}");
    assert!(heard(loud.len() - 5..loud.len()) >= 3, "the second part: {loud:?}");
    assert!(loud[7..loud.len() - 5].iter().any(|l| *l < 0.002), "the gap is silent: {loud:?}");
    // Every picture can be decoded. Times stay as they are: rounded to a frame rate, two pictures may share one.
    let as_it_is = ["-fps_mode", "passthrough", "-enc_time_base", "1/1000", "-f", "null", "-"];
    let decoded = Command::new("ffmpeg").args(["-v", "error", "-i"]).arg(&path).args(as_it_is).output().unwrap();
    assert!(decoded.status.success() && decoded.stderr.is_empty(), "{}", String::from_utf8_lossy(&decoded.stderr));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_is_captioned_live_and_transcribed_by_name() {
    assert!(std::env::var("MUSTER_MODELS_DIR").is_ok(), "MUSTER_MODELS_DIR names the folder of models");
    let folder = tempfile::tempdir().unwrap();
    let site = Site::start(vec![Play::seconds(13.0)]).await;
    assert!(ended(worker("transcribing", &site, folder.path())).await);

    let seen = site.seen();
    assert_eq!(seen.statuses[0]["Status"], "started");
    println!("{} captions, first after {:.1} s of media: {:?}", seen.captions.len(), seen.captions[0].0, seen.captions);
    let live = seen.captions.iter().find(|(_, c)| c["text"].as_str().unwrap().to_lowercase().contains("best of times"));
    let (at, caption) = live.expect("a caption with the first words");
    assert!(*at < 13.0, "a caption comes while the call lasts");
    assert_eq!(caption["session_id"], standin::SPEAKER);
    let posted = &seen.transcriptions[0]["Transcriptions"][0];
    assert_eq!((posted["Language"].as_str(), posted["FileIDs"].as_array().map(Vec::len)), (Some("en"), Some(2)));
    let file = |n: usize| (seen.uploads[n].0.as_str(), String::from_utf8_lossy(&seen.uploads[n].1).into_owned());
    let ((vtt_name, vtt), (txt_name, txt)) = (file(0), file(1));
    println!("{vtt}\n{txt}");
    assert_eq!((vtt_name, txt_name), ("Call_Town_Square.vtt", "Call_Town_Square.txt"));
    assert!(vtt.starts_with("WEBVTT\n") && vtt.contains("<v Ada Lovelace>(Ada Lovelace) "), "{vtt}");
    let said = txt.to_lowercase();
    for words in ["best of times", "worst of times", "age of wisdom", "age of foolishness", "epoch of belief"] {
        assert!(said.contains(words), "{words}: {txt}");
    }
}

/// The first words are one utterance of almost eight seconds: at the kill nothing of it is text yet.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_transcriber_keeps_the_words_it_heard() {
    assert!(std::env::var("MUSTER_MODELS_DIR").is_ok(), "MUSTER_MODELS_DIR names the folder of models");
    let folder = tempfile::tempdir().unwrap();
    let site = Site::start(vec![Play::for_ever(), Play::seconds(5.0)]).await;
    let mut first = worker("transcribing", &site, folder.path());
    site.wait_for_media(6.0).await;
    first.kill().unwrap();
    first.wait().unwrap();
    assert!(ended(worker("transcribing", &site, folder.path())).await);
    let seen = site.seen();
    let txt = String::from_utf8_lossy(&seen.uploads[1].1).to_lowercase();
    println!("{txt}");
    assert!(txt.matches("best of times").count() >= 2, "heard before the kill and after: {txt}");
    assert!(txt.contains("worst of times"), "{txt}");
}
