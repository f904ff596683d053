//! Lists of tests.

/// Tests by their names.
pub type Tests = &'static [(&'static str, fn())];

/// Tests, each under its own path.
macro_rules! tests {
    ($($test:path),* $(,)?) => { &[$((stringify!($test), $test as fn())),*] };
}

pub(crate) use tests;
