//! How figures are written: in which unit, and with how many digits.

/// What a figure is a number of.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Unit {
    /// Bytes.
    Bytes,
    /// Seconds.
    Seconds,
    /// So many a second.
    PerSecond,
    /// Things that are counted.
    Count,
    /// What is not known here, as it is called.
    Other(String),
}

/// The multiples that a figure is written in, from the least: its size, and its name with
/// what stands before it.
type Multiples = &'static [(f64, &'static str)];

const BYTES: Multiples = &[
    (1.0, "\u{a0}B"),
    (1e3, "\u{a0}kB"),
    (1e6, "\u{a0}MB"),
    (1e9, "\u{a0}GB"),
];
const SECONDS: Multiples = &[
    (1e-9, "\u{a0}ns"),
    (1e-6, "\u{a0}µs"),
    (1e-3, "\u{a0}ms"),
    (1.0, "\u{a0}s"),
];
const PER_SECOND: Multiples = &[(1.0, "/s")];
const COUNT: Multiples = &[(1.0, "")];

impl Unit {
    /// What the results call it, and how much of this one of those is.
    pub(crate) fn of(name: &str) -> (Self, f64) {
        match name {
            "B" => (Self::Bytes, 1.0),
            "kB" => (Self::Bytes, 1e3),
            "KiB" => (Self::Bytes, 1024.0),
            "MB" => (Self::Bytes, 1e6),
            "MiB" => (Self::Bytes, 1024.0 * 1024.0),
            "ns" => (Self::Seconds, 1e-9),
            "us" => (Self::Seconds, 1e-6),
            "ms" => (Self::Seconds, 1e-3),
            "s" => (Self::Seconds, 1.0),
            "1/s" => (Self::PerSecond, 1.0),
            "1" => (Self::Count, 1.0),
            other => (Self::Other(other.to_owned()), 1.0),
        }
    }

    /// A figure in the largest multiple of which `like` is one or more: the number, and the
    /// multiple's name.
    fn split(&self, figure: f64, like: f64) -> (f64, String) {
        let multiples = match self {
            Self::Bytes => BYTES,
            Self::Seconds => SECONDS,
            Self::PerSecond => PER_SECOND,
            Self::Count => COUNT,
            Self::Other(name) => return (figure, format!("\u{a0}{name}")),
        };
        let (like, _) = rounded(like.abs());
        let (size, name) = multiples
            .iter()
            .rev()
            .find(|(size, _)| like >= *size)
            .unwrap_or(&multiples[0]);
        (figure / size, (*name).to_owned())
    }

    /// A figure with its unit.
    pub(crate) fn written(&self, figure: f64) -> String {
        let (number, unit) = self.split(figure, figure);
        significant(number) + &unit
    }

    /// The same without zeros at the end: for limits, and marks on an axis, whose last is
    /// `like`.
    pub(crate) fn short(&self, figure: f64, like: f64) -> String {
        let (number, unit) = self.split(figure, like);
        short(number) + &unit
    }

    /// From `low` to `high`, without the unit, which is that of `like`.
    pub(crate) fn range(&self, low: f64, high: f64, like: f64) -> String {
        let number = |figure| significant(self.split(figure, like).0);
        format!("{} to {}", number(low), number(high))
    }
}

/// Three digits that say something, and a space before each three of the thousands.
pub(crate) fn significant(figure: f64) -> String {
    let (figure, exponent) = rounded(figure);
    if figure == 0.0 {
        return "0".to_owned();
    }
    let digits = usize::try_from(2 - exponent).unwrap_or(0);
    let number = format!("{figure:.digits$}");
    let (sign, whole) = number.split_at(usize::from(figure < 0.0));
    if digits > 0 {
        return number;
    }
    let mut grouped = sign.to_owned();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            grouped.push('\u{a0}');
        }
        grouped.push(digit);
    }
    grouped
}

/// The same without zeros after the point that say nothing.
pub(crate) fn short(figure: f64) -> String {
    let number = significant(figure);
    if number.contains('.') {
        let number = number.trim_end_matches('0');
        return number.trim_end_matches('.').to_owned();
    }
    number
}

/// To three digits, and the power of ten of the first.
fn rounded(figure: f64) -> (f64, i32) {
    let written = format!("{figure:.2e}");
    let exponent = written.rsplit_once('e').map(|(_, exponent)| exponent);
    (
        written.parse().unwrap_or(figure),
        exponent.and_then(|it| it.parse().ok()).unwrap_or(0),
    )
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
            (1.0, "1.00"),
            (1.024, "1.02"),
            (45.67, "45.7"),
            (999.4, "999"),
            (1_000.0, "1\u{a0}000"),
            (52_349.0, "52\u{a0}300"),
            (1_234_567.0, "1\u{a0}230\u{a0}000"),
            (-25_210.0, "-25\u{a0}200"),
        ] {
            assert_eq!(significant(figure), written, "{figure}");
        }
    }

    #[test]
    fn units_are_of_a_fitting_size() {
        let written = |name, figure: f64| {
            let (unit, factor) = Unit::of(name);
            unit.written(figure * factor)
        };
        assert_eq!(written("KiB", 3_906.25), "4.00\u{a0}MB");
        assert_eq!(written("B", 999.9), "1.00\u{a0}kB");
        assert_eq!(written("B", 0.0), "0\u{a0}B");
        assert_eq!(written("ms", 4.2), "4.20\u{a0}ms");
        assert_eq!(written("us", 12_000.0), "12.0\u{a0}ms");
        assert_eq!(written("1/s", 52_349.0), "52\u{a0}300/s");
        assert_eq!(written("1", 12.0), "12.0");
        assert_eq!(Unit::Seconds.short(0.005, 0.005), "5\u{a0}ms");
        assert_eq!(Unit::Seconds.short(0.5, 2.0), "0.5\u{a0}s");
        assert_eq!(Unit::PerSecond.short(20_000.0, 60_000.0), "20\u{a0}000/s");
        assert_eq!(written("lines", 12.0), "12.0\u{a0}lines");
    }

    #[test]
    fn a_range_has_the_unit_of_its_middle() {
        assert_eq!(Unit::Seconds.range(0.9, 1.2, 1.0), "0.900 to 1.20");
        assert_eq!(
            Unit::Seconds.range(0.000_9, 1.2, 0.01),
            "0.900 to 1\u{a0}200"
        );
    }
}
