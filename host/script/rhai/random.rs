//! The random numbers of `math::random`: xoshiro256**, seeded and projected as Lua's library has it, so that the same seed
//! makes the same decisions in both languages. Used by `state` and `basics`.

pub(super) struct Random([u64; 4]);

impl Random {
    /// Lua's `math.randomseed(high, low)`.
    pub(super) fn new(high: i64, low: i64) -> Random {
        let mut random = Random([high.cast_unsigned(), 0xff, low.cast_unsigned(), 0]);
        // The first ones hold little but the seed.
        for _ in 0..16 {
            random.bits();
        }
        random
    }

    /// Any of all integers.
    pub(super) fn bits(&mut self) -> u64 {
        let [a, b, c, d] = &mut self.0;
        let result = b.wrapping_mul(5).rotate_left(7).wrapping_mul(9);
        let shifted = *b << 17;
        *c ^= *a;
        *d ^= *b;
        *b ^= *c;
        *a ^= *d;
        *c ^= shifted;
        *d = d.rotate_left(45);
        result
    }

    /// From 0 up to 1.
    pub(super) fn float(&mut self) -> f64 {
        const DIGITS: u32 = f64::MANTISSA_DIGITS;
        (self.bits() >> (u64::BITS - DIGITS)) as f64 / (1u64 << DIGITS) as f64
    }

    /// From `low` to `high`, both of them included; `low` is not above `high`.
    pub(super) fn between(&mut self, low: i64, high: i64) -> i64 {
        let most = high.wrapping_sub(low).cast_unsigned();
        // The bits that the largest has: what lies above it is drawn again.
        let mask = u64::MAX.checked_shr(most.leading_zeros()).unwrap_or(0);
        loop {
            let drawn = self.bits() & mask;
            if drawn <= most {
                return low.wrapping_add(drawn.cast_signed());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_lie_where_they_were_asked_for() {
        let mut random = Random::new(7, -7);
        for (low, high) in
            [(1, 1), (1, 6), (-3, 4), (0, 1), (i64::MIN, i64::MAX), (i64::MIN, 0), (5, i64::MAX)]
        {
            for _ in 0..200 {
                let drawn = random.between(low, high);
                assert!((low..=high).contains(&drawn), "{drawn} from {low} to {high}");
                assert!((0.0..1.0).contains(&random.float()));
            }
        }
    }
}
