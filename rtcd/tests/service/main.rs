//! The running binary, spoken to as chat servers and participants do.

mod media;
mod protocol;
mod running;
