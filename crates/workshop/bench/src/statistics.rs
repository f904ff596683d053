//! What several rounds say together.

/// The middle of some figures, and how far they lie apart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Spread {
    /// Half of them are below.
    pub(crate) median: f64,
    /// The least.
    pub(crate) low: f64,
    /// The most.
    pub(crate) high: f64,
}

/// `None` of no figures.
pub(crate) fn spread(figures: &[f64]) -> Option<Spread> {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    let (low, high) = (*sorted.first()?, *sorted.last()?);
    let half = sorted.len() / 2;
    let median = if sorted.len().is_multiple_of(2) {
        f64::midpoint(sorted[half - 1], sorted[half])
    } else {
        sorted[half]
    };
    Some(Spread { median, low, high })
}

/// Figures without their rounds.
pub(crate) fn values(figures: &[(u32, f64)]) -> Vec<f64> {
    figures.iter().map(|(_, value)| *value).collect()
}

/// What some are of others: of each round by itself, since a round's figures share what else
/// the machine did.
pub(crate) fn ratios(own: &[(u32, f64)], base: &[(u32, f64)]) -> Vec<f64> {
    base.iter()
        .filter_map(|(round, base)| {
            let (_, value) = own.iter().find(|(of, _)| of == round)?;
            (*base > 0.0).then(|| value / base)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(spread(&[]), None);
        let of = |figures: &[f64]| spread(figures).map(|spread| spread.median);
        assert_eq!(of(&[3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(of(&[4.0, 1.0, 2.0, 3.0]), Some(2.5));
    }

    #[test]
    fn ratios_are_of_rounds_that_have_both() {
        let own = [(1, 5.0), (2, 8.0), (4, 1.0)];
        let base = [(2, 4.0), (1, 10.0), (3, 1.0), (4, 0.0)];
        assert_eq!(ratios(&own, &base), [2.0, 0.5]);
        assert_eq!(values(&own), [5.0, 8.0, 1.0]);
    }
}
