//! `probe URL` exits with 0 when the URL answers 2xx. See [`drydock_probe`].
//!
//! All that is unsafe is in this file: what the kernel hands over at the start of a program,
//! which a standard library would else have made safe.
#![no_std]
#![no_main]
#![expect(
    unsafe_code,
    reason = "the entry point, its arguments and the standard streams come from the kernel"
)]

use core::{ffi::CStr, slice};

use rustix::stdio::{stderr, stdout};

// It is called by nothing here, but calls what is below.
extern crate origin;

/// Called once, by the start of the program.
// SAFETY: the name and the signature are those that origin declares.
#[unsafe(no_mangle)]
extern "Rust" fn origin_main(count: usize, texts: *mut *mut u8, _environment: *mut *mut u8) -> i32 {
    // SAFETY: the kernel puts so many pointers there, each to a text that ends in a zero
    // (execve(2)); they stay where they are until the program ends.
    let arguments = unsafe { slice::from_raw_parts(texts, count) }
        .iter()
        .skip(1)
        .map(|text| unsafe { CStr::from_ptr(text.cast()) }.to_bytes());
    // SAFETY: nothing here closes a descriptor that it did not open. One that the caller has
    // closed is an error at the first write, which is no reason for another verdict.
    let (stdout, stderr) = unsafe { (stdout(), stderr()) };
    drydock_probe::main(arguments, stdout, stderr).into()
}
