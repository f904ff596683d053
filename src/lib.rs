//! The reference service of Drydock.
//!
//! `main` loads a [`config::Config`] and hands it to [`server::Server`], which accepts connections
//! until it drains. Each request on them goes through the [`envelope`] and its [`limits`] to a
//! handler in [`routes`]; an `Err` becomes a response in [`error`]. The modules stand here in the
//! order in which to read them.

#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod config;

pub mod server;

pub mod accept;

pub mod backlog;

pub mod worker;

pub mod connection;

pub mod upgrade;

pub mod envelope;

pub mod routes;

pub mod negotiation;

pub mod page;

pub mod forwarded;

pub mod limits;

pub mod health;

pub mod shutdown;

pub mod drain;

pub mod handover;

pub mod log;

pub mod error;
