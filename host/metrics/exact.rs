//! A sum of floats that is the same in whatever order it was added up, so that
//! snapshots merge exactly. Used by `measure`.

/// Exponents that share one integer.
const BLOCK: u16 = 32;

/// The exact sum of finite floats: one wide integer for each block of exponents that occurred,
/// mostly one or two. Good for 2^43 values.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Sum(Vec<(u16, i128)>);

impl Sum {
    /// Adds a finite value.
    pub fn add(&mut self, value: f64) {
        let bits = value.to_bits();
        let (exponent, fraction) = ((bits >> 52) as u16 & 0x7ff, bits & ((1 << 52) - 1));
        // Subnormal numbers have no leading one, and the exponent of the smallest normal ones.
        let (exponent, mantissa) = if exponent == 0 { (1, fraction) } else { (exponent, fraction | 1 << 52) };
        let part = i128::from(mantissa) << (exponent % BLOCK);
        self.add_part(exponent / BLOCK, if value.is_sign_negative() { -part } else { part });
    }

    fn add_part(&mut self, block: u16, part: i128) {
        match self.0.binary_search_by_key(&block, |known| known.0) {
            Ok(index) => self.0[index].1 = self.0[index].1.wrapping_add(part),
            Err(index) => self.0.insert(index, (block, part)),
        }
    }

    /// Adds what `other` added.
    pub fn merge(&mut self, other: &Sum) {
        other.0.iter().for_each(|&(block, part)| self.add_part(block, part));
    }

    /// The sum as a float; infinite where it is beyond the greatest.
    pub fn value(&self) -> f64 {
        let scaled = |&(block, part): &(u16, i128)| {
            // In two steps, since half of the range would be lost in one.
            let exponent = i32::from(block * BLOCK) - 1075;
            part as f64 * 2f64.powi(exponent / 2) * 2f64.powi(exponent - exponent / 2)
        };
        self.0.iter().rev().map(scaled).sum::<f64>() + 0.0
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(values: &[f64]) -> Sum {
        let mut sum = Sum::default();
        values.iter().for_each(|&value| sum.add(value));
        sum
    }

    #[test]
    fn known_sums() {
        assert_eq!(of(&[]).value(), 0.0);
        assert_eq!(of(&[0.1; 10]).value(), 1.0, "the float nearest to ten times the float 0.1");
        assert_eq!(of(&[1e16, 1.0, -1e16]).value(), 1.0, "which plain addition loses");
        assert_eq!(of(&[f64::MAX]).value(), f64::MAX);
        assert_eq!(of(&[f64::MAX, f64::MAX]).value(), f64::INFINITY);
        assert_eq!(of(&[5e-324, 5e-324]).value(), 1e-323);
        assert_eq!(of(&[-0.0]).value().to_bits(), 0.0f64.to_bits());
    }

    proptest! {
        #[test]
        fn one_value_is_itself(bits: u64) {
            let value = f64::from_bits(bits);
            prop_assume!(value.is_finite());
            prop_assert_eq!(of(&[value]).value(), value);
        }

        /// Beside integers, whose sums are exact.
        #[test]
        fn integers_add_up(values in prop::collection::vec(-1_000_000_000i64..1_000_000_000, 0..200)) {
            let floats: Vec<f64> = values.iter().map(|&value| value as f64).collect();
            prop_assert_eq!(of(&floats).value(), values.iter().sum::<i64>() as f64);
        }

        #[test]
        fn the_order_does_not_matter(mut values in prop::collection::vec(-1e300f64..1e300, 0..50), at in 0usize..50) {
            let whole = of(&values);
            let (a, b) = values.split_at(at.min(values.len()));
            let (mut ab, mut ba) = (of(a), of(b));
            ab.merge(&of(b));
            ba.merge(&of(a));
            prop_assert_eq!(&ab, &whole);
            prop_assert_eq!(&ba, &whole);
            values.reverse();
            prop_assert_eq!(of(&values), whole);
        }
    }
}
