//! How figures are written: in which unit, and with how many digits.

/// What a figure is a number of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Unit {
    Bytes,
    Seconds,
    PerSecond,
    Count,
}

impl Unit {
    /// What the results and bench/plots.toml call it, and how much of this one of those is.
    pub(crate) fn of(name: &str) -> Option<(Self, f64)> {
        Some(match name {
            "B" => (Self::Bytes, 1.0),
            "KiB" => (Self::Bytes, 1024.0),
            "MB" => (Self::Bytes, 1e6),
            "us" => (Self::Seconds, 1e-6),
            "ms" => (Self::Seconds, 1e-3),
            "s" => (Self::Seconds, 1.0),
            "1/s" => (Self::PerSecond, 1.0),
            "1" => (Self::Count, 1.0),
            _ => return None,
        })
    }

    /// The multiples that it is written in, from the least: the size, and the name.
    fn multiples(self) -> &'static [(f64, &'static str)] {
        match self {
            Self::Bytes => &[
                (1.0, "\u{a0}B"),
                (1e3, "\u{a0}kB"),
                (1e6, "\u{a0}MB"),
                (1e9, "\u{a0}GB"),
            ],
            Self::Seconds => &[
                (1e-9, "\u{a0}ns"),
                (1e-6, "\u{a0}µs"),
                (1e-3, "\u{a0}ms"),
                (1.0, "\u{a0}s"),
            ],
            Self::PerSecond => &[(1.0, "/s")],
            Self::Count => &[(1.0, "")],
        }
    }

    /// The largest multiple of which a figure is one or more.
    pub(crate) fn multiple(self, figure: f64) -> (f64, &'static str) {
        let (all, figure) = (self.multiples(), rounded(figure.abs()));
        let fits = all.iter().rfind(|(size, _)| figure >= *size);
        *fits.unwrap_or(&all[0])
    }

    /// A figure with its unit.
    pub(crate) fn written(self, figure: f64) -> String {
        let (size, name) = self.multiple(figure);
        significant(figure / size) + name
    }
}

/// Three digits that say something, and a space before each three of the thousands.
pub(crate) fn significant(figure: f64) -> String {
    let figure = rounded(figure);
    let digits = match figure.abs() {
        0.0 | 100.0.. => 0,
        10.0.. => 1,
        1.0.. => 2,
        0.1.. => 3,
        0.01.. => 4,
        _ => 5,
    };
    let number = format!("{:.digits$}", figure.abs());
    let sign = if figure < 0.0 { "-" } else { "" };
    if digits > 0 {
        return format!("{sign}{number}");
    }
    let threes: Vec<_> = number.as_bytes().rchunks(3).rev().collect();
    let threes = threes.iter().map(|three| String::from_utf8_lossy(three));
    sign.to_owned() + &threes.collect::<Vec<_>>().join("\u{a0}")
}

/// To three digits.
fn rounded(figure: f64) -> f64 {
    format!("{figure:.2e}").parse().unwrap_or(figure)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_digits_are_written() {
        for (figure, written) in [
            (0.0, "0"),
            (0.035_04, "0.0350"),
            (0.999_6, "1.00"),
            (1.024, "1.02"),
            (45.67, "45.7"),
            (999.4, "999"),
            (1_000.0, "1\u{a0}000"),
            (1_234_567.0, "1\u{a0}230\u{a0}000"),
            (-125_210.0, "-125\u{a0}000"),
        ] {
            assert_eq!(significant(figure), written, "{figure}");
        }
    }

    #[test]
    fn units_are_of_a_fitting_size() {
        for (name, figure, shown) in [
            ("KiB", 3_906.25, "4.00\u{a0}MB"),
            ("B", 999.9, "1.00\u{a0}kB"),
            ("B", 0.0, "0\u{a0}B"),
            ("us", 12_000.0, "12.0\u{a0}ms"),
            ("1/s", 52_349.0, "52\u{a0}300/s"),
            ("1", 12.0, "12.0"),
        ] {
            let written = Unit::of(name).map(|(unit, factor)| unit.written(figure * factor));
            assert_eq!(written.as_deref(), Some(shown), "{figure} {name}");
        }
        assert_eq!(Unit::of("lines"), None);
    }
}
