//! Repeatable changes of valid inputs, small ones most of the time.

/// Bits of the languages that our inputs are written in.
const WORDS: [&str; 34] = [
    "<",
    ">",
    "\"",
    "'",
    "&amp;",
    "&#0;",
    "<!--",
    "-->",
    "<![CDATA[",
    "]]>",
    "<!DOCTYPE x [",
    "<?x ?>",
    "xmlns=\"\"",
    "xmlns:ds=\"urn:x\"",
    " ID=\"x\"",
    " Id=\"x\"",
    "<ds:Object>",
    "</ds:Object>",
    "<saml:Assertion>",
    "</saml:Assertion>",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":null",
    "0",
    "-1",
    "99999999999999999999",
    "%00",
    "%2f",
    "\\",
    "\u{202e}",
    "//evil.example",
];

/// Makes inputs; the same seed makes the same ones.
pub(crate) struct Mutator {
    state: u64,
}

impl Mutator {
    /// A mutator that begins at `seed`.
    pub(crate) fn new(seed: u64) -> Self {
        Self { state: seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1 }
    }

    /// A changed copy of one of `seeds`: one to four changes.
    pub(crate) fn mutate(&mut self, seeds: &[Vec<u8>]) -> Vec<u8> {
        let mut input = self.pick(seeds).cloned().unwrap_or_default();
        for _ in 0..=self.below(4) {
            self.change(&mut input, seeds);
        }
        input
    }

    fn change(&mut self, input: &mut Vec<u8>, seeds: &[Vec<u8>]) {
        let range = self.range(input.len());
        match self.below(9) {
            0 => self.flip_bit(input),
            1 => self.set_byte(input),
            2 => drop(input.drain(range)),
            3 => self.copy_within(input, range),
            4 => self.insert_word(input, range),
            5 => self.splice(input, range, seeds),
            6 => self.move_element(input),
            7 => self.swap_texts(input),
            _ => input.truncate(range.start),
        }
    }

    fn flip_bit(&mut self, input: &mut [u8]) {
        let at = self.below(input.len());
        let bit = 1_u8 << self.below(8);
        input.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= bit);
    }

    fn set_byte(&mut self, input: &mut [u8]) {
        let (at, value) =
            (self.below(input.len()), u8::try_from(self.below(256)).unwrap_or_default());
        input.iter_mut().skip(at).take(1).for_each(|byte| *byte = value);
    }

    fn copy_within(&mut self, input: &mut Vec<u8>, range: std::ops::Range<usize>) {
        let copy = input.get(range).unwrap_or_default().to_vec();
        let at = self.below(input.len() + 1);
        input.splice(at..at, copy);
    }

    /// Inserts a word, or replaces what is there by it.
    fn insert_word(&mut self, input: &mut Vec<u8>, range: std::ops::Range<usize>) {
        let word = self.pick(&WORDS).copied().unwrap_or_default();
        let range = if self.below(2) == 0 { range.start..range.start } else { range };
        input.splice(range, word.bytes());
    }

    fn splice(&mut self, input: &mut Vec<u8>, range: std::ops::Range<usize>, seeds: &[Vec<u8>]) {
        let other = self.pick(seeds).cloned().unwrap_or_default();
        let from = self.range(other.len());
        let part = other.get(from).unwrap_or_default().to_vec();
        input.splice(range, part);
    }

    /// Takes something between `<` and a later `>` elsewhere, as signature wrapping does.
    fn move_element(&mut self, input: &mut Vec<u8>) {
        let (opens, closes) = (positions(input, b'<'), positions(input, b'>'));
        let Some(&start) = self.pick(&opens) else { return };
        let after: Vec<usize> = closes.into_iter().filter(|close| *close > start).collect();
        let Some(&end) = self.pick(&after) else { return };
        let part = input.get(start..=end).unwrap_or_default().to_vec();
        if self.below(2) == 0 {
            input.drain(start..=end);
        }
        let Some(&at) = self.pick(&positions(input, b'<')) else { return };
        input.splice(at..at, part);
    }

    /// Swaps two texts between quotes, as an attacker swaps identifiers.
    fn swap_texts(&mut self, input: &mut Vec<u8>) {
        let quotes = positions(input, b'"');
        let pairs: Vec<_> =
            quotes.windows(2).filter_map(|w| Some((*w.first()?, *w.get(1)?))).collect();
        let (Some(&a), Some(&b)) = (self.pick(&pairs), self.pick(&pairs)) else { return };
        let (first, second) = if a.0 < b.0 { (a, b) } else { (b, a) };
        if first.1 > second.0 {
            return;
        }
        let texts =
            [first, second].map(|(from, to)| input.get(from..=to).unwrap_or_default().to_vec());
        let [early, late] = texts;
        input.splice(second.0..=second.1, early);
        input.splice(first.0..=first.1, late);
    }

    /// A short range most of the time, a long one sometimes.
    fn range(&mut self, length: usize) -> std::ops::Range<usize> {
        let start = self.below(length + 1);
        let longest = if self.below(4) == 0 { length } else { 16 };
        start..(start + self.below(longest + 1)).min(length)
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        from.get(self.below(from.len()))
    }

    /// Below `limit`; 0 when that is 0. xorshift64*: speed and repeatability are all that counts.
    fn below(&mut self, limit: usize) -> usize {
        self.state ^= self.state >> 12;
        self.state ^= self.state << 25;
        self.state ^= self.state >> 27;
        let random = self.state.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33;
        usize::try_from(random).unwrap_or_default().checked_rem(limit).unwrap_or_default()
    }
}

fn positions(input: &[u8], wanted: u8) -> Vec<usize> {
    input.iter().enumerate().filter(|(_, byte)| **byte == wanted).map(|(at, _)| at).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_makes_the_same_inputs_and_another_seed_others() {
        let seeds = [b"<a ID=\"x\"><b Id=\"y\"/></a>".to_vec()];
        let inputs = |seed| {
            let mut mutator = Mutator::new(seed);
            (0..1000).map(|_| mutator.mutate(&seeds)).collect::<Vec<_>>()
        };
        assert_eq!(inputs(7), inputs(7));
        assert_ne!(inputs(7), inputs(8));
        assert!(inputs(7).iter().filter(|input| **input != seeds[0]).count() > 900);
    }

    #[test]
    fn empty_input_is_survived() {
        let mut mutator = Mutator::new(1);
        for _ in 0..1000 {
            mutator.mutate(&[Vec::new()]);
            mutator.mutate(&[]);
        }
    }
}
