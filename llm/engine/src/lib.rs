//! Generates text for many requests at once. Speaks tokens, not HTTP; no tokio, no sockets, no clock.
//!
//! [`Engine::start`] gives one OS thread the model. A request goes in through [`Engine::submit`], which refuses at
//! once when the queue is full; its [`Delta`]s come out through the [`Sink`] it brought.

mod engine;
mod sampler;
mod scheduler;
mod sequence;
mod stop;
mod template;

pub use engine::{Engine, EngineError, Limits, Request, SubmitError};
pub use sampler::Sampling;
pub use sequence::{Delta, Finish, Sink};
pub use template::{ChatTemplate, TemplateError, Turn};
