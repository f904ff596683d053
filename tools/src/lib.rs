//! The two helper programs inside Drydock's images.
//!
//! * [`probe`]: one HTTP request whose answer becomes an exit code.
//! * [`keypair`]: checks the TLS pair that the user supplied, or makes one for localhost.
//!
//! Both are linked statically and run where there is no shell, no `/etc/passwd` and no name
//! service, so nothing here starts another program or looks up a user by name.

pub mod keypair;
pub mod probe;
