//! Letters in every language: whole, one line for a subject, and nothing that does anything.

use domain::{Language, Timestamp};

use super::texts::text;
use super::{Addressee, Letter};

#[test]
fn every_letter_is_there_in_every_language() {
    let due = Timestamp::from_seconds(1_800_000_000);
    for letter in [
        Letter::Enrolled,
        Letter::RecoveryCodeUsed { left: 2 },
        Letter::ResetRequested { due },
        Letter::ResetDone,
    ] {
        let mut seen = std::collections::BTreeSet::new();
        for language in Language::ALL {
            let to = Addressee {
                email: "ann@acme.example".parse().unwrap(),
                name: "Ann".to_owned(),
                language: language.tag().to_owned(),
                site: "Example Help".to_owned(),
                url: "https://help.example.com/.vestibule/account".to_owned(),
            };
            let (subject, body) = text(&letter, &to);
            assert!(subject.starts_with("Example Help: ") && !subject.contains('\n'));
            for part in ["Ann", "Example Help", "https://help.example.com/.vestibule/account"] {
                assert!(body.contains(part), "{part} in {body}");
            }
            if matches!(letter, Letter::ResetRequested { .. }) {
                assert!(body.contains("2027"), "{body}");
            }
            assert!(seen.insert(body), "{language} is written in another language");
        }
    }
}
