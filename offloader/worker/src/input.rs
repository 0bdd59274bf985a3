//! A job's input, from environment variables with the names that Mattermost's own workers use.

use std::path::PathBuf;

/// A variable that is missing or wrong.
#[derive(Debug, thiserror::Error)]
#[error("{name}: {reason}")]
pub struct InputError {
    name: &'static str,
    reason: String,
}

/// What every job that joins a call needs.
#[derive(Clone, Debug)]
pub struct Input {
    /// SITE_URL: address of the chat server, without a path behind the site's own.
    pub site_url: String,
    /// CALL_ID: the channel of the call.
    pub channel_id: String,
    /// POST_ID: the post of the call.
    pub post_id: String,
    /// RECORDING_ID or TRANSCRIPTION_ID.
    pub job_id: String,
    /// AUTH_TOKEN: the bot's token.
    pub token: String,
    /// DATA_DIR: what the job writes, kept over attempts.
    pub data_dir: PathBuf,
}

impl Input {
    /// Reads the input; `job_id_name` is the variable with the id of this kind of job.
    ///
    /// # Errors
    /// [`InputError`] naming the first variable that is missing or wrong.
    pub fn read(get: &dyn Fn(&str) -> Option<String>, job_id_name: &'static str) -> Result<Self, InputError> {
        let site_url = required(get, "SITE_URL")?.trim_end_matches('/').to_owned();
        if !site_url.starts_with("http://") && !site_url.starts_with("https://") {
            return Err(InputError { name: "SITE_URL", reason: "should begin with http:// or https://".into() });
        }
        Ok(Self {
            site_url,
            channel_id: id(get, "CALL_ID")?,
            post_id: id(get, "POST_ID")?,
            job_id: id(get, job_id_name)?,
            token: required(get, "AUTH_TOKEN")?,
            data_dir: PathBuf::from(get("DATA_DIR").unwrap_or_else(|| "/data".into())),
        })
    }
}

/// What only transcription needs.
#[derive(Clone, Debug)]
pub struct SpeechInput {
    /// MODELS_DIR: folder with `whisper/<size>.bin`.
    pub model: PathBuf,
    /// NUM_THREADS: threads of the speech model, 1 by default, for the SFU shares the machine.
    pub threads: usize,
    /// LANGUAGE: two letters, or empty to find out for each speaker.
    pub language: Option<String>,
    /// LIVE_CAPTIONS_ON: whether captions are shown while people speak.
    pub live_captions: bool,
    /// LIVE_CAPTIONS_INTERIM: whether captions are shown before an utterance ends, when there is time for it.
    pub interim: bool,
    /// WEBVTT_OMIT_SPEAKER: whether names are left out of the captions file.
    pub omit_speaker: bool,
    /// TEXT_COMPACT_SILENCE_THRESHOLD_MS: longest pause within a block of the text file.
    pub compact_silence_ms: u64,
    /// TEXT_COMPACT_MAX_SEGMENT_DURATION_MS: longest block of the text file.
    pub compact_duration_ms: u64,
}

impl SpeechInput {
    /// Reads the input.
    ///
    /// # Errors
    /// [`InputError`] naming the first variable that is wrong.
    pub fn read(get: &dyn Fn(&str) -> Option<String>) -> Result<Self, InputError> {
        let models = PathBuf::from(get("MODELS_DIR").unwrap_or_else(|| "/models".into()));
        // The name that our own service sets wins over upstream's sizes, of which we may have only one.
        let size = get("WHISPER_MODEL").or_else(|| get("MODEL_SIZE")).unwrap_or_else(|| "base".into());
        if size.contains(['/', '\\']) || size.starts_with('.') {
            return Err(InputError { name: "WHISPER_MODEL", reason: format!("{size:?} is no name of a model") });
        }
        let language = get("LANGUAGE").filter(|l| !l.is_empty() && l != "auto");
        Ok(Self {
            model: models.join("whisper").join(format!("{size}.bin")),
            threads: number(get, "NUM_THREADS", 1)?.clamp(1, 64) as usize,
            language,
            live_captions: flag(get, "LIVE_CAPTIONS_ON", false)?,
            interim: flag(get, "LIVE_CAPTIONS_INTERIM", true)?,
            omit_speaker: flag(get, "WEBVTT_OMIT_SPEAKER", false)?,
            compact_silence_ms: number(get, "TEXT_COMPACT_SILENCE_THRESHOLD_MS", 2000)?,
            compact_duration_ms: number(get, "TEXT_COMPACT_MAX_SEGMENT_DURATION_MS", 10_000)?,
        })
    }
}

fn required(get: &dyn Fn(&str) -> Option<String>, name: &'static str) -> Result<String, InputError> {
    get(name).filter(|v| !v.is_empty()).ok_or_else(|| InputError { name, reason: "is missing".into() })
}

fn id(get: &dyn Fn(&str) -> Option<String>, name: &'static str) -> Result<String, InputError> {
    let value = required(get, name)?;
    if kit::id::is_valid(&value) {
        Ok(value)
    } else {
        Err(InputError { name, reason: format!("{value:?} should be 26 letters and digits") })
    }
}

fn number(get: &dyn Fn(&str) -> Option<String>, name: &'static str, default: u64) -> Result<u64, InputError> {
    match get(name).filter(|v| !v.is_empty()) {
        None => Ok(default),
        Some(text) => text.parse().map_err(|_| InputError { name, reason: format!("{text:?} is no whole number") }),
    }
}

fn flag(get: &dyn Fn(&str) -> Option<String>, name: &'static str, default: bool) -> Result<bool, InputError> {
    match get(name).as_deref() {
        None | Some("") => Ok(default),
        Some("true" | "1" | "True" | "TRUE") => Ok(true),
        Some("false" | "0" | "False" | "FALSE") => Ok(false),
        Some(other) => Err(InputError { name, reason: format!("{other:?} is neither true nor false") }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "abcdefghijklmnopqrstuvwxyz";

    fn read(changes: &[(&str, &str)]) -> Result<Input, String> {
        let base = [
            ("SITE_URL", "http://127.0.0.1:8065/"),
            ("CALL_ID", ID),
            ("POST_ID", ID),
            ("RECORDING_ID", ID),
            ("AUTH_TOKEN", "t"),
        ];
        let get = |name: &str| {
            let changed = changes.iter().find(|(n, _)| *n == name);
            changed.or_else(|| base.iter().find(|(n, _)| *n == name)).map(|(_, v)| (*v).to_owned())
        };
        Input::read(&get, "RECORDING_ID").map_err(|e| e.to_string())
    }

    #[test]
    fn wrong_input_names_the_variable() {
        assert_eq!(read(&[]).unwrap().site_url, "http://127.0.0.1:8065");
        assert_eq!(read(&[("CALL_ID", "../etc")]).unwrap_err(), "CALL_ID: \"../etc\" should be 26 letters and digits");
        assert_eq!(read(&[("AUTH_TOKEN", "")]).unwrap_err(), "AUTH_TOKEN: is missing");
        assert!(read(&[("SITE_URL", "127.0.0.1")]).unwrap_err().starts_with("SITE_URL"));
    }

    #[test]
    fn a_model_is_a_name_and_no_path() {
        let with = |name: &'static str, value: &'static str| {
            SpeechInput::read(&move |n: &str| (n == name).then(|| value.to_owned())).map_err(|e| e.to_string())
        };
        assert!(with("MODEL_SIZE", "../x").is_err());
        assert!(with("NUM_THREADS", "two").unwrap_err().contains("NUM_THREADS"));
        assert_eq!(with("MODEL_SIZE", "tiny").unwrap().model, PathBuf::from("/models/whisper/tiny.bin"));
    }
}
