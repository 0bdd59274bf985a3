//! What all four services need and no chat concept does: configuration, logging, ids, time, shutdown, sockets.
//!
//! Start reading at [`config`]: every binary begins with `let cfg: Config = kit::config::load(..)`.
//! Nothing in here may name a domain word (post, call, model); the crate stays under 2,000 lines.

pub mod clock;
pub mod config;
pub mod id;
pub mod net;
pub mod shutdown;
pub mod telemetry;

pub use clock::Clock;

/// Installs the process-wide TLS provider (aws-lc-rs). Call first in `main`; a second call is harmless.
pub fn init_crypto() {
    // An Err means that a provider is installed already, which is all that is wanted.
    drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
}
