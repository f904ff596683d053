//! What is the same under any web service that is built on actix-web and runs behind a proxy.
//!
//! A [`Service`] takes its [`Config`] from the environment, and serves routes: no request waits or
//! grows without a limit, who asks is known ([`ClientInfo`]), each request has a line in the log, `/livez`
//! and `/readyz` answer, a stop signal drains, and a successor may take the socket over. This is all
//! of one:
//!
//! ```no_run
#![cfg_attr(doc, doc = include_str!("../examples/hello.rs"))]
//! ```
//!
//! An `Err` of a handler, and whatever is refused before there is one, becomes an [`Error`] and a
//! short safe body. The modules stand here in the order in which to read them.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod program;

mod service;

pub mod variable;

mod secret;

mod confine;

pub mod config;

pub mod networks;

pub mod server;

mod accept;

mod backlog;

mod worker;

mod connection;

mod upgrade;

mod envelope;

mod limits;

mod metrics;

pub mod negotiation;

pub mod forwarded;

pub mod trace;

pub mod resource;

pub mod health;

pub mod error;

pub mod shutdown;

mod drain;

pub mod handover;

pub mod log;

pub use crate::config::Config;
pub use crate::error::Error;
pub use crate::forwarded::ClientInfo;
pub use crate::negotiation::{Media, negotiate};
pub use crate::program::{Program, replica};
pub use crate::resource::get;
pub use crate::secret::Secret;
pub use crate::service::Service;
pub use crate::trace::TraceParent;
