//! A value that never prints itself.

use zeroize::Zeroize;

/// A secret value: no `Display`, no `Serialize`, redacted `Debug`, wiped when dropped.
///
/// `rg 'expose\(\)'` lists every place where a secret is used.
#[derive(Clone)]
pub struct Secret<T: Zeroize>(T);

impl<T: Zeroize> Secret<T> {
    /// Wraps a value; from here on it is only seen through [`Secret::expose`].
    pub fn new(value: T) -> Self {
        Self(value)
    }

    /// The value itself. Never pass it to a log, an error or a page.
    pub fn expose(&self) -> &T {
        &self.0
    }
}

impl<T: Zeroize> std::fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[secret]")
    }
}

impl<T: Zeroize> Drop for Secret<T> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nothing_of_the_value() {
        assert_eq!(format!("{:?}", Secret::new("hunter2".to_owned())), "[secret]");
    }
}
