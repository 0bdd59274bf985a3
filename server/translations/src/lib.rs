//! `translations`.
