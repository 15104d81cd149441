//! Random numbers that a seed repeats.

use std::hash::{BuildHasher, Hasher, RandomState};

/// xorshift64* (Vigna 2016).
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed | 1)
    }

    pub(super) fn fresh_seed() -> u64 {
        RandomState::new().build_hasher().finish() >> 16
    }

    pub(super) fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let number = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(number).unwrap() % limit.max(1)
    }

    pub(super) fn one_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    /// Mostly the last of several, as people go on with what they did last.
    pub(super) fn pick<'t, T>(&mut self, from: &'t [T]) -> Option<&'t T> {
        let place =
            if self.one_in(3) { self.below(from.len()) } else { from.len().wrapping_sub(1) };
        from.get(place)
    }
}
