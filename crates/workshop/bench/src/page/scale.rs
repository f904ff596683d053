//! Where figures stand on an axis.

/// Figures that differ by more than this are shown by their order of magnitude.
const LINEAR_UP_TO: f64 = 30.0;

/// How many marks an even axis has, about.
const MARKS: f64 = 5.0;

/// An axis from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Scale {
    /// From nothing, with a mark at each step.
    Linear {
        /// From mark to mark.
        step: f64,
        /// How many steps.
        steps: i32,
    },
    /// A mark at each power of ten.
    Logarithmic {
        /// The power at which it begins.
        from: i32,
        /// That at which it ends.
        to: i32,
    },
}

impl Scale {
    /// One that has room for these, of which those that are not above nothing are at its
    /// beginning; they say which it is, if that is not said.
    pub(crate) fn of(figures: &[f64], logarithmic: Option<bool>) -> Self {
        let above = || figures.iter().copied().filter(|figure| *figure > 0.0);
        let high = above().fold(0.0, f64::max);
        let low = above().fold(high, f64::min);
        if high <= 0.0 {
            return Self::Linear {
                step: 1.0,
                steps: 1,
            };
        }
        if logarithmic.unwrap_or(high > low * LINEAR_UP_TO) {
            let from = power(low);
            // The least would have no length at all.
            let short = low < 1.5 * 10_f64.powi(from);
            return Self::Logarithmic {
                from: from - i32::from(short),
                to: (from..=308)
                    .find(|power| 10_f64.powi(*power) >= high)
                    .unwrap_or(308),
            };
        }
        let rough = high / MARKS;
        let ten = 10_f64.powi(power(rough));
        let step = [1.0, 2.0, 2.5, 5.0, 10.0]
            .map(|times| times * ten)
            .into_iter()
            .find(|step| *step >= rough)
            .unwrap_or(rough);
        Self::Linear {
            step,
            steps: (1..=10)
                .find(|steps| f64::from(*steps) * step >= high)
                .unwrap_or(10),
        }
    }

    /// Where on the axis a figure is.
    pub(crate) fn position(self, figure: f64) -> f64 {
        let position = match self {
            Self::Linear { step, steps } => figure / (step * f64::from(steps)),
            Self::Logarithmic { from, to } if figure > 0.0 => {
                (figure.log10() - f64::from(from)) / f64::from(to - from)
            }
            Self::Logarithmic { .. } => 0.0,
        };
        position.clamp(0.0, 1.0)
    }

    /// The figures that have a mark.
    pub(crate) fn marks(self) -> Vec<f64> {
        match self {
            Self::Linear { step, steps } => {
                (0..=steps).map(|index| f64::from(index) * step).collect()
            }
            Self::Logarithmic { from, to } => (from..=to).map(|power| 10_f64.powi(power)).collect(),
        }
    }
}

/// The power of ten that is next below.
fn power(figure: f64) -> i32 {
    let written = format!("{figure:e}");
    written
        .rsplit_once('e')
        .and_then(|(_, power)| power.parse().ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn like_figures_are_on_an_even_axis() {
        let scale = Scale::of(&[52_300.0, 2_000.0, 0.0], None);
        assert_eq!(
            scale,
            Scale::Linear {
                step: 20_000.0,
                steps: 3
            }
        );
        assert_eq!(scale.marks(), [0.0, 20_000.0, 40_000.0, 60_000.0]);
        assert_eq!(
            Scale::of(&[105_000.0], None).marks().last(),
            Some(&125_000.0)
        );
        assert!((scale.position(30_000.0) - 0.5).abs() < 1e-9);
        assert!((scale.position(90_000.0) - 1.0).abs() < 1e-9);
    }

    #[test]
    fn orders_of_magnitude_are_on_one_of_them() {
        let scale = Scale::of(&[0.003, 1.2], None);
        assert_eq!(scale, Scale::Logarithmic { from: -3, to: 1 });
        assert!((scale.position(0.1) - 0.5).abs() < 1e-9);
        assert!(scale.position(-1.0).abs() < 1e-9);
        assert_eq!(Scale::of(&[1.0, 99.0], Some(false)).marks().len(), 6);
        // It has a length.
        assert!(Scale::of(&[1.0, 1_000.0], None).position(1.0) > 0.2);
    }

    #[test]
    fn there_is_an_axis_for_nothing() {
        assert_eq!(Scale::of(&[], None).marks(), [0.0, 1.0]);
        assert_eq!(Scale::of(&[-3.0, 0.0], None).marks(), [0.0, 1.0]);
    }
}
