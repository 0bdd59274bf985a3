//! The WebSocket side: [`Hub`] knows who is connected and who is in which channel and delivers events;
//! `socket` speaks the protocol on one connection.

mod hub;
pub mod socket;

pub use hub::{Action, ClientAction, Connection, Hub, Next};
