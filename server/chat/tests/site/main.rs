//! The chat server as its users meet it, on both engines; one file per subject.
//! One program for all of them: linking the server once per subject took longer than running the tests.

mod accounts;
mod boot;
mod bots;
mod channels;
mod cjk;
mod day;
mod erasing;
mod files;
mod finding;
mod groups;
mod guests;
mod invitations;
mod keeping;
mod mail;
mod permalinks;
mod portraits;
mod presence;
mod privacy;
mod profiles;
mod roles;
mod saying;
mod schemes;
mod searching;
mod second_factor;
mod secrets;
mod sessions;
mod sockets;
mod support;
mod sync;
mod teams;
mod threads;
mod together;
mod uploads;
mod urgent;
