//! The reference service of Drydock.
//!
//! `main` loads a [`config::Config`] and hands it to [`server::Server`]. Each request goes
//! through the server's envelope and its [`limits`] to a handler in [`routes`]; an `Err` becomes
//! a response in [`error`]. The modules stand here in the order in which to read them.

#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod config;

pub mod server;

pub mod routes;

pub mod negotiation;

pub mod page;

pub mod forwarded;

pub mod limits;

pub mod connection;

pub mod health;

pub mod shutdown;

pub mod handover;

pub mod log;

pub mod error;
