//! `rtcd-sfu`.
