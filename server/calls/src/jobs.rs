//! Jobs at the recording service: what the workers are told, and asking for them.

use crate::call::Jobs;
use crate::config::{Config, Quality};
use crate::posts;
use crate::service::Calls;
use offloader_client::{CreateJob, JobType};
use serde_json::{Map, Value, json};
use std::time::Duration;

/// The images whose versions Mattermost's plugin asks for; our service maps the names to its own worker.
const RECORDER: &str = "calls-recorder:v0.8.13";
const TRANSCRIBER: &str = "calls-transcriber:v0.7.2";

/// What a worker is told of its call.
pub struct Assignment<'a> {
    pub site_url: &'a str,
    pub token: &'a str,
    pub channel_id: &'a str,
    pub post_id: &'a str,
    pub job_id: &'a str,
}

fn common(to: &Assignment<'_>) -> Map<String, Value> {
    let values = json!({
        "site_url": to.site_url, "call_id": to.channel_id, "post_id": to.post_id, "auth_token": to.token,
    });
    values.as_object().cloned().unwrap_or_default()
}

/// The job of recording.
pub fn recording(config: &Config, to: &Assignment<'_>) -> CreateJob {
    let (width, height, video, rate, preset) = match config.recording_quality {
        Quality::Low => (1280, 720, 1000, 15, "ultrafast"),
        Quality::Medium => (1280, 720, 1500, 20, "veryfast"),
        Quality::High => (1920, 1080, 2500, 20, "veryfast"),
    };
    let own = json!({
        "recording_id": to.job_id, "width": width, "height": height, "video_rate": video, "audio_rate": 64,
        "frame_rate": rate, "video_preset": preset, "output_format": "mp4",
    });
    job(config, JobType::Recording, RECORDER, to, own, 1)
}

/// The job of transcribing, with captions when they are wanted.
pub fn transcribing(config: &Config, to: &Assignment<'_>) -> CreateJob {
    let own = json!({
        "transcription_id": to.job_id, "transcribe_api": "whisper.cpp", "model_size": "base", "output_format": "vtt",
        "num_threads": config.transcriber_threads, "live_captions_on": config.enable_live_captions,
        "live_captions_model_size": "tiny", "live_captions_num_transcribers": 1,
        "live_captions_num_threads_per_transcriber": config.transcriber_threads, "live_captions_language": "en",
    });
    job(config, JobType::Transcribing, TRANSCRIBER, to, own, 2)
}

fn job(config: &Config, kind: JobType, image: &str, to: &Assignment<'_>, own: Value, factor: i64) -> CreateJob {
    let mut input_data = common(to);
    input_data.extend(own.as_object().cloned().unwrap_or_default());
    CreateJob {
        kind,
        max_duration_sec: i64::from(config.max_recording_minutes.clamp(1, 1440)) * 60 * factor,
        runner: format!("{}/{image}", config.image_registry),
        input_data,
    }
}

/// Asks the recording service for the jobs of a recording that has begun, and tells the call. The state of the recording.
///
/// # Errors
/// The reason of the service, which the people in the call have been told.
pub async fn create(calls: Calls, channel_id: String, begun: Jobs) -> Result<Value, String> {
    if let Err(error) =
        posts::note_jobs(&calls.site, &begun.post_id, &begun.recording, begun.transcription.as_deref()).await
    {
        tracing::warn!(%error, "the post of a call does not know of its recording");
    }
    let wanted =
        [(JobType::Recording, Some(begun.recording.as_str())), (JobType::Transcribing, begun.transcription.as_deref())];
    let mut state = Value::Null;
    for (kind, job_id) in wanted {
        let Some(job_id) = job_id else { continue };
        let to = Assignment {
            site_url: &calls.worker_site_url,
            token: &calls.bot_token,
            channel_id: &channel_id,
            post_id: &begun.post_id,
            job_id,
        };
        let job = match kind {
            JobType::Recording => recording(&calls.config, &to),
            JobType::Transcribing => transcribing(&calls.config, &to),
        };
        let outcome = calls.offloader.create_job(&job).await.map(|job| job.id).map_err(|e| e.to_string());
        let (id, told) = (job_id.to_owned(), outcome.clone());
        let now_is = calls.rooms.with(&channel_id, move |call, now| call.job_created(&id, told, now)).await.flatten();
        state = now_is.unwrap_or(state);
        outcome.map_err(|reason| format!("failed to create {} job: {reason}", kind.as_str()))?;
    }
    Ok(state)
}

/// Lets the recording service prepare for the workers that will be asked for; tried for a while, since it may start later
/// than this server.
pub async fn prepare(calls: Calls) {
    let runners = [RECORDER, TRANSCRIBER].map(|image| format!("{}/{image}", calls.config.image_registry));
    for attempt in 0..30 {
        match calls.offloader.init_jobs(&runners).await {
            Ok(()) => return,
            Err(error) => tracing::debug!(%error, attempt, "the recording service cannot be prepared yet"),
        }
        tokio::select! {
            () = calls.stop.cancelled() => return,
            () = tokio::time::sleep(Duration::from_secs(10)) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn workers_are_told_what_mattermosts_workers_expect() {
        let to = Assignment { site_url: "http://h", token: "t", channel_id: "ch", post_id: "p", job_id: "j" };
        let config = Config::default();
        let job = recording(&config, &to);
        assert_eq!((job.runner.as_str(), job.max_duration_sec), ("mattermost/calls-recorder:v0.8.13", 3600));
        for (key, value) in [("site_url", "http://h"), ("call_id", "ch"), ("post_id", "p"), ("recording_id", "j")] {
            assert_eq!(job.input_data[key], value);
        }
        let job = transcribing(&config, &to);
        assert_eq!((job.runner.as_str(), job.max_duration_sec), ("mattermost/calls-transcriber:v0.7.2", 7200));
        assert_eq!(
            (&job.input_data["transcription_id"], &job.input_data["live_captions_on"]),
            (&json!("j"), &json!(true))
        );
    }
}
