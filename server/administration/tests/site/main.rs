//! What an administrator does with a site, through the API, on both engines.

mod config;
mod local;
mod mail;
mod numbers;
mod support;
