//! The migrations of the whole server, products included: one numbered list, so that a number means one thing.

use db::Migration;

const CHAT: &str = include_str!("../../migrations/0001_chat.sql");

/// Every step, in order. Released steps are never edited; a change is a new number.
pub const MIGRATIONS: &[Migration] = &[Migration { version: 1, name: "chat", sqlite: CHAT, postgres: CHAT }];
