//! How long to wait before a request is sent again. Used by `client`.

use std::time::Duration;

/// Before the first repetition, at most.
const FIRST: Duration = Duration::from_millis(100);

/// Before any.
const MOST: Duration = Duration::from_secs(5);

/// Before the `nth` repetition, from 1: twice as long each time, of which `share` (0 to 1) is waited. Half of it is
/// left to chance, so that users who failed together do not come back together.
pub(super) fn pause(nth: u32, share: f64) -> Duration {
    let whole = FIRST.saturating_mul(1 << (nth - 1).min(16)).min(MOST);
    whole.mul_f64(0.5 + share.clamp(0.0, 1.0) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_doubles_and_is_bounded() {
        let ms = |nth, share| pause(nth, share).as_millis();
        assert_eq!([ms(1, 1.0), ms(2, 1.0), ms(3, 1.0), ms(6, 1.0)], [100, 200, 400, 3200]);
        assert_eq!([ms(7, 1.0), ms(40, 1.0), ms(u32::MAX, 1.0)], [5000, 5000, 5000]);
        assert_eq!([ms(1, 0.0), ms(2, 0.5)], [50, 150]);
    }
}
