//! `server-client`.
