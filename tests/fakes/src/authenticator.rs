//! An authenticator app: RFC 6238 with SHA-1, six digits and thirty seconds, as most apps know
//! nothing else.

use aws_lc_rs::hmac;

/// An authenticator app that was set up with one secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authenticator {
    secret: Vec<u8>,
}

impl Authenticator {
    /// Set up by typing a key: base32 (RFC 4648 §6), blanks and case ignored. `None`: no key.
    pub fn of_key(text: &str) -> Option<Self> {
        let mut secret = Vec::new();
        let (mut bits, mut count) = (0_u32, 0);
        for character in text.chars().filter(|c| !c.is_whitespace() && *c != '=') {
            let value = match character.to_ascii_uppercase() {
                letter @ 'A'..='Z' => u32::from(letter) - u32::from('A'),
                digit @ '2'..='7' => u32::from(digit) - u32::from('2') + 26,
                _ => return None,
            };
            bits = bits << 5 | value;
            count += 5;
            if count >= 8 {
                count -= 8;
                secret.push(u8::try_from(bits >> count & 0xff).ok()?);
            }
        }
        (!secret.is_empty()).then_some(Self { secret })
    }

    /// Set up by a page that shows the key as text.
    pub fn of_page(html: &str) -> Option<Self> {
        let (_, rest) = html.split_once("id=\"key\">")?;
        Self::of_key(rest.split('<').next()?)
    }

    /// The code that it shows at a moment, in seconds since 1970.
    pub fn code(&self, seconds: i64) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &self.secret);
        let tag = hmac::sign(&key, &seconds.div_euclid(30).to_be_bytes());
        let bytes = tag.as_ref();
        let offset = usize::from(bytes[19] & 0x0f);
        let cut = |index: usize| u32::from(bytes[offset + index]);
        let number = (cut(0) & 0x7f) << 24 | cut(1) << 16 | cut(2) << 8 | cut(3);
        format!("{:06}", number % 1_000_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B; its eight digits end in these six.
    #[test]
    fn codes_are_those_of_the_standard() {
        let app = Authenticator::of_key("GEZD GNBV GY3T QOJQ gezdgnbvgy3tqojq").unwrap();
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
        ] {
            assert_eq!(app.code(seconds), code);
        }
        assert_eq!(Authenticator::of_key("0189"), None);
    }
}
