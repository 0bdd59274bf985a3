//! `speech`.
