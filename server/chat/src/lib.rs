//! The chat core: a folder per domain, each with its routes, use cases, rules and SQL.
//!
//! * [`Site`] is what every use case gets: database, hub, clock, configuration, file storage. Cheap to clone.
//! * [`Actor`] is who asks: an extractor that has already proved the session.
//! * [`ws::Hub`] delivers events; a use case says them with [`Site::emit`] on its transaction, so nobody hears of what
//!   was not committed.
//! * Products (calls, agents, translations) live in their own crates and meet chat here only: they call the functions
//!   that a domain exports, tap the hub and register WebSocket actions.

pub mod actor;
pub mod attributes;
pub mod audits;
pub mod auth;
pub mod bookmarks;
pub mod channels;
pub mod commands;
pub mod drafts;
pub mod emoji;
pub mod erasing;
pub mod error;
pub mod features;
pub mod files;
pub mod groups;
pub mod invitations;
pub mod json;
pub mod keys;
pub mod mail;
pub mod paging;
pub mod portraits;
pub mod posts;
pub mod preferences;
pub mod products;
pub mod push;
mod qr;
pub mod roles;
pub mod routes;
pub mod scheduled;
pub mod schema;
pub mod schemes;
pub mod search;
pub mod sidebar;
pub mod site;
pub mod status;
pub mod sync;
pub mod system;
pub mod teams;
pub mod threads;
pub mod unoffered;
pub mod uploads;
pub mod users;
pub mod ws;

pub use actor::Actor;
pub use error::{Error, Result};
pub use json::Json;
pub use products::Product;
pub use site::{Config, Site};
