//! The known name that a mistyped one probably means.

/// The candidate with the fewest edits, when they are few enough to be a slip of the hand.
pub(crate) fn nearest<'a>(said: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    // Distance is quadratic; nothing that long is a slip.
    if said.chars().count() > 64 {
        return None;
    }
    let said = said.to_lowercase();
    let close = known.into_iter().filter_map(|name| {
        let allowed = (name.len() / 3).max(1);
        // Each character more or less is an edit: most names need no further look.
        if name.len().abs_diff(said.len()) > allowed {
            return None;
        }
        let distance = distance(&said, &name.to_lowercase());
        (distance <= allowed).then_some((distance, name))
    });
    close.min().map(|(_, name)| name.to_owned())
}

/// Levenshtein distance with adjacent swaps counted once (optimal string alignment).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=b.len()).collect();
    let mut previous = None;
    for (row, left) in a.chars().enumerate() {
        let mut current = vec![row + 1];
        for (column, &top) in b.iter().enumerate() {
            let at =
                |list: &[usize], index: usize| list.get(index).copied().unwrap_or(usize::MAX / 2);
            let mut best = (at(&above, column + 1) + 1).min(at(&current, column) + 1);
            best = best.min(at(&above, column) + usize::from(left != top));
            let swapped = column > 0 && previous == Some(top) && b.get(column - 1) == Some(&left);
            if swapped {
                best = best.min(at(&before, column - 1) + 1);
            }
            current.push(best);
        }
        before = std::mem::replace(&mut above, current);
        previous = Some(left);
    }
    above.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_recognised_and_strangers_are_not() {
        let known = ["hosts", "label", "upstream", "session"];
        assert_eq!(nearest("host", known).as_deref(), Some("hosts"));
        assert_eq!(nearest("lable", known).as_deref(), Some("label"));
        assert_eq!(nearest("Upstraem", known).as_deref(), Some("upstream"));
        assert_eq!(nearest("certificates", known), None);
        assert_eq!(nearest("", known), None);
        assert_eq!(nearest(&"x".repeat(5000), known), None);
    }

    #[test]
    fn distances_are_the_usual_ones() {
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("ab", "ba"), 1);
        assert_eq!(distance("", "abc"), 3);
    }
}
