//! `rtcd-client`.
