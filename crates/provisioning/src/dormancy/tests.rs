use super::DormancyState::*;
use super::*;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn day(n: u32) -> Timestamp {
    Timestamp::EPOCH.plus(DAY * n)
}

fn policy() -> DormancySettings {
    let except = vec![AddressPattern::Domain("board.example".parse().unwrap())];
    DormancySettings { after: DAY * 100, notice: DAY * 30, mode: DormancyMode::End, except }
}

/// Somebody who was here on day 0.
fn ledger(email: Option<&str>, notice: Option<(u32, Post)>) -> Ledger {
    let mut ledger = Ledger::of(None);
    ledger.last_sign_in = Some(day(0));
    ledger.contact = email.map(|email| Contact {
        email: email.parse().unwrap(),
        name: "Ann".to_owned(),
        language: "en".to_owned(),
        site: "help".parse().unwrap(),
    });
    ledger.course.notice = notice.map(|(on, post)| {
        let written = day(on);
        Notice { receipt: Receipt { written, until: policy().earliest_end(day(0), written) }, post }
    });
    ledger
}

#[test]
fn nobody_loses_access_but_after_a_notice_that_was_taken_and_is_over() {
    let ann = Some("ann@acme.example");
    let sent = |on: u32, given: u32| Some((on, Post::Sent(day(given))));
    let noticed = |given, ends| Noticed { given: day(given), ends: day(ends) };
    for (what, ledger, today, wanted) in [
        ("here not long ago", ledger(ann, None), 69, Awake),
        ("a notice is due", ledger(ann, None), 70, NoticeDue),
        ("however long ago", ledger(ann, None), 4000, NoticeDue),
        ("it was written", ledger(ann, Some((70, Post::Waits))), 73, NoticeWaits),
        ("and given up", ledger(ann, Some((70, Post::Waits))), 74, NoticeDue),
        ("never ended without", ledger(ann, Some((70, Post::Waits))), 4000, NoticeDue),
        ("refused", ledger(ann, Some((70, Post::Refused))), 99, Undeliverable),
        ("tried again much later", ledger(ann, Some((70, Post::Refused))), 100, NoticeDue),
        ("given", ledger(ann, sent(70, 70)), 99, noticed(70, 100)),
        ("over", ledger(ann, sent(70, 70)), 100, Over { given: day(70) }),
        ("late by mail", ledger(ann, sent(70, 72)), 101, noticed(72, 102)),
        ("late by us", ledger(ann, sent(300, 300)), 329, noticed(300, 330)),
        ("late and over", ledger(ann, sent(300, 300)), 330, Over { given: day(300) }),
        ("excepted", ledger(Some("eve@board.example"), sent(70, 70)), 4000, Excepted),
        ("unknown address", ledger(None, sent(70, 70)), 4000, NoAddress),
    ] {
        let policy = policy();
        assert_eq!(policy.state(&ledger, day(today)), Some(wanted), "{what}");
        let may = policy.may_end(&ledger, Warrant::Policy, day(today));
        assert_eq!(may, matches!(wanted, Over { .. }), "{what}");
    }
    assert_eq!(policy().state(&Ledger::of(None), day(4000)), None, "nobody was ever here");
}

#[test]
fn what_a_notice_promised_holds_under_another_policy() {
    let noticed = ledger(Some("ann@acme.example"), Some((70, Post::Sent(day(70)))));
    let hasty = DormancySettings { after: DAY * 60, notice: DAY, ..policy() };
    let slow = DormancySettings { notice: DAY * 60, ..policy() };
    assert!(!hasty.may_end(&noticed, Warrant::Policy, day(99)));
    assert!(hasty.may_end(&noticed, Warrant::Policy, day(100)));
    assert!(!slow.may_end(&noticed, Warrant::Policy, day(129)));
    assert!(slow.may_end(&noticed, Warrant::Policy, day(130)));
}

#[test]
fn an_operator_may_waive_the_notice_and_nothing_else() {
    let ann = Some("ann@acme.example");
    let ended = |mut ledger: Ledger| {
        ledger.course.end = Some(End { at: day(100), done: true });
        ledger
    };
    let open = DormancySettings { except: vec![], ..policy() };
    for (what, policy, ledger, today, wanted) in [
        ("no notice", policy(), ledger(ann, None), 101, true),
        ("here on day 1, which was not noted", policy(), ledger(ann, None), 100, false),
        ("excepted", policy(), ledger(Some("eve@board.example"), None), 4000, false),
        ("may be excepted", policy(), ledger(None, None), 4000, false),
        ("nobody is", open, ledger(None, None), 101, true),
        ("ended before", policy(), ended(ledger(ann, None)), 4000, false),
        ("never here", policy(), Ledger::of(None), 4000, false),
    ] {
        assert_eq!(
            policy.may_end(&ledger, Warrant::OrderWithoutNotice, day(today)),
            wanted,
            "{what}"
        );
    }
}

#[test]
fn a_sign_in_begins_anew_unless_somebody_has_set_out_to_end_the_access_meanwhile() {
    let mut away = ledger(Some("ann@acme.example"), Some((70, Post::Sent(day(70)))));
    let mut back = away.clone();
    back.note_sign_in(None, day(99));
    assert_eq!((back.last_sign_in, back.course.is_empty()), (Some(day(99)), true));
    assert_eq!(policy().state(&back, day(169)), Some(NoticeDue), "a new notice for a new absence");

    let end = Some(End { at: day(100), done: false });
    away.course.end = end;
    let before = away.clone();
    away.note_sign_in(None, day(100));
    assert_eq!(away, before);
    away.note_sign_in(end, day(100));
    assert!(away.course.is_empty(), "seen to");
}
