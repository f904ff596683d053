//! The helper program of Drydock's nginx image: [`keypair`] checks the TLS pair that the user
//! supplied, or makes one for localhost.
//!
//! It is linked statically and runs where there is no shell, no `/etc/passwd` and no name
//! service, so nothing here starts another program or looks up a user by name.

pub mod keypair;
