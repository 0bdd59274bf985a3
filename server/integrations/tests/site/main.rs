//! The integrations as their authors meet them, on both engines; one file per kind.
//! One program for all of them: linking the server once per subject took longer than running the tests.

mod commands;
mod incoming;
mod interactive;
mod oauth;
mod outgoing;
mod support;
