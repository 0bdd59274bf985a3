//! The sidebar: how each user groups and orders the channels of a team.
//!
//! Only what a user changed is stored. The three built-in categories and the place of a channel that was never moved
//! follow from the channels themselves ([`rules::assemble`]).

mod favourites;
mod routes;
pub mod rules;
mod store;

pub use favourites::{CATEGORY as FAVOURITE, follow_preference};
pub use routes::{of_team, router};
