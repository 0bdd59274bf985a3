//! Types and client of the job service: the JSON API of Mattermost's calls-offloader, plus OpenAI's transcription
//! request that our service answers beside it.
//!
//! Start at [`Client`]. The types are shared with the service itself, so the wire is defined once, in [`job`].

pub mod job;
pub mod transcription;

mod client;

pub use client::{Client, Error};
pub use job::{CreateJob, InitJobs, Job, JobType, VersionInfo};
pub use transcription::{ResponseFormat, Transcription, TranscriptionOptions, TranscriptionSegment, TranscriptionWord};
