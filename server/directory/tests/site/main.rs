//! Logins, synchronisation and groups with a real OpenLDAP server, on both engines.

mod accounts;
mod encryption;
mod groups;
mod login;
mod support;
