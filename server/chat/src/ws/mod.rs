//! The WebSocket side: [`Hub`] knows who is connected and who is in which channel and delivers events; a [`Connection`]
//! keeps what its client was sent and has yet to get; `socket` speaks the protocol, `requests` answers what clients ask.

mod connection;
mod frame;
mod hub;
mod register;
mod requests;
pub mod socket;
mod taps;

pub use connection::{Connection, Next};
pub use hub::{Hub, Newcomer};
pub use register::Standing;
pub(crate) use requests::typing;
pub use socket::open;
pub(crate) use socket::standing;
pub use taps::{Action, ClientAction};
