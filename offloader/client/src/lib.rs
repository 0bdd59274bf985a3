//! `offloader-client`.
