//! Letters in every language: whole, one line for a subject, and nothing that does anything.

use domain::{Language, Timestamp};

use super::texts::text;
use super::{Addressee, Later, Letter};

#[test]
fn every_letter_is_there_in_every_language() {
    let due = Timestamp::from_seconds(1_800_000_000);
    for letter in [
        Letter::Enrolled,
        Letter::RecoveryCodeUsed { left: 2 },
        Letter::ResetRequested { due },
        Letter::ResetDone,
        stayed_away(Later::Opens),
        stayed_away(Later::NeedsSupport),
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
            if matches!(letter, Letter::ResetRequested { .. } | Letter::StayedAway { .. }) {
                assert!(body.contains("2027"), "{body}");
            }
            assert!(seen.insert(body), "{language} is written in another language");
        }
    }
}

#[test]
fn a_letter_about_an_end_says_what_a_later_sign_in_does() {
    let to = Addressee {
        email: "ann@acme.example".parse().unwrap(),
        name: "Ann".to_owned(),
        language: "en".to_owned(),
        site: "Example Help".to_owned(),
        url: "https://help.example.com/".to_owned(),
    };
    assert!(text(&stayed_away(Later::Opens), &to).1.contains("opens it again"));
    assert!(text(&stayed_away(Later::NeedsSupport), &to).1.contains("only support"));
}

fn stayed_away(later: Later) -> Letter {
    let until = Timestamp::from_seconds(1_800_000_000);
    let receipt = provisioning::Receipt { written: Timestamp::EPOCH, until };
    let (jsm, account) = ("support".parse().unwrap(), domain::JsmAccount("qm:1".to_owned()));
    Letter::StayedAway { jsm, account, receipt, later }
}
