//! What an administrator does with a site, through the API, on both engines.

mod config;
mod local;
mod numbers;
mod support;
