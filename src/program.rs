//! What this program is called, and where it comes from.

use chassis::Program;

/// This program, for the page and the chassis.
pub const PROGRAM: Program = chassis::program!();
