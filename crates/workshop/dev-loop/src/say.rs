//! A line of the loop's own, among those of the programs that it runs.

macro_rules! say {
    ($($text:tt)*) => {{
        use std::io::Write as _;
        // A terminal that is gone is no reason to end otherwise than by its signal.
        let _ = writeln!(std::io::stderr(), "dev: {}", format_args!($($text)*));
    }};
}

pub(crate) use say;
