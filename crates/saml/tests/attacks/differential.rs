//! A second verifier as the judge: whatever is accepted here, bergshamra accepts on the same
//! element; and thousands of damaged messages, none of which may change what is believed.

use bergshamra::keys::loader::load_x509_cert_der;
use bergshamra::{DsigContext, KeysManager, VerifyResult, verify_all};

use crate::forge::{ACME, Check, Sign, answer};

const MUTATIONS: usize = 1_500;

/// Every id that bergshamra finds validly signed; `None` when it finds fault with any signature.
fn signed_ids(xml: &str) -> Option<Vec<String>> {
    let mut keys = KeysManager::new();
    keys.add_key(load_x509_cert_der(&ACME.der()).unwrap());
    let context = DsigContext::new(keys);
    let mut ids = Vec::new();
    for result in verify_all(&context, xml).ok()? {
        let VerifyResult::Valid { references, .. } = result else { return None };
        for reference in references {
            assert!(reference.digest_verified && reference.resolved_node.is_some());
            ids.push(reference.uri.strip_prefix('#')?.to_owned());
        }
    }
    Some(ids)
}

#[test]
fn a7_a_second_verifier_agrees_on_every_control() {
    for (what, expected) in [
        (Sign::Response, &["_response"][..]),
        (Sign::Assertion, &["_assertion"]),
        (Sign::Both, &["_response", "_assertion"]),
    ] {
        let xml = answer().sign(what);
        assert!(Check::new().run(&xml).is_ok());
        assert_eq!(signed_ids(&xml).unwrap(), expected, "{what:?}");
    }
}

/// xorshift64*: seeded, so that a failure can be repeated.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let drawn = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16;
        usize::try_from(drawn).unwrap() % limit
    }
}

const INSERTED: [&str; 14] = [
    "<!-- -->",
    "<x/>",
    " ",
    "&amp;",
    "&#10;",
    "\"",
    "<![CDATA[x]]>",
    "<?x?>",
    "</saml:NameID>",
    " ID=\"_assertion\"",
    "<saml:NameID>root</saml:NameID>",
    "xmlns:saml=\"urn:x\"",
    "\u{e9}",
    "=",
];

fn mutated(xml: &str, random: &mut Random) -> String {
    let mut bytes = xml.as_bytes().to_vec();
    for _ in 0..=random.below(3) {
        let at = random.below(bytes.len());
        match random.below(6) {
            0 => bytes[at] ^= 1 << random.below(7),
            1 => {
                bytes.remove(at);
            }
            2 => {
                let piece = INSERTED[random.below(INSERTED.len())];
                bytes.splice(at..at, piece.bytes());
            }
            3 => {
                let end = (at + 1 + random.below(200)).min(bytes.len());
                let piece: Vec<u8> = bytes[at..end].to_vec();
                let to = random.below(bytes.len());
                bytes.splice(to..to, piece);
            }
            4 => {
                let end = (at + 1 + random.below(100)).min(bytes.len());
                bytes.drain(at..end);
            }
            _ => {
                let other = random.below(bytes.len());
                bytes.swap(at, other);
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[test]
fn a7_damaged_messages_never_change_what_is_believed() {
    let seed = 0x5a_4d_1c_20_26_11_22_07;
    println!("seed {seed:#x}, {MUTATIONS} mutations of each message");
    let mut random = Random(seed);
    for what in [Sign::Response, Sign::Assertion, Sign::Both] {
        let honest = answer().sign(what);
        let believed = Check::new().run(&honest).unwrap();
        let mut survived = 0;
        for number in 0..MUTATIONS {
            let damaged = mutated(&honest, &mut random);
            let Ok(assertion) = Check::new().run(&damaged) else { continue };
            survived += 1;
            assert_eq!(assertion, believed, "seed {seed:#x}, {what:?} {number}: {damaged}");
            let judge = signed_ids(&damaged);
            let expected = if what == Sign::Assertion { "_assertion" } else { "_response" };
            let agrees = judge.is_some_and(|ids| ids.iter().any(|id| id == expected));
            assert!(agrees, "seed {seed:#x}, {what:?} {number}: only we accept {damaged}");
        }
        println!("{what:?}: {survived} of {MUTATIONS} still say the same");
    }
}
