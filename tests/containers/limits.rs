//! Rates: for one client, and for many behind one address.

use std::process;

use crate::{client::burst, stack::Stack};

/// Above the burst that server/limits.conf allows.
const REQUESTS: usize = 500;

fn burst_on(stack: &Stack) -> Vec<u16> {
    let codes = burst(&stack.ca(), &stack.https(&format!("/burst-[1-{REQUESTS}]")));
    assert_eq!(codes.len(), REQUESTS);
    codes
}

pub fn a_public_address_has_a_rate() {
    // The gateway is what the edge takes for the client. With a range that is reserved for
    // documentation, it looks like a public address.
    let subnet = process::id() % 16 * 16;
    let stack = Stack::up(&format!(
        "networks: {{edge: {{ipam: {{config: [{{subnet: 203.0.113.{subnet}/28}}]}}}}}}"
    ));
    let codes = burst_on(&stack);
    let refused = codes.iter().filter(|&&code| code == 429).count();
    assert!(refused > 0, "none of {REQUESTS} was refused");
    // A page with all its parts is not.
    assert!(REQUESTS - refused >= 200, "{refused} were refused");
}

pub fn clients_behind_one_private_address_are_not_slowed_down() {
    let codes = burst_on(Stack::shared());
    assert!(!codes.contains(&429));
}
