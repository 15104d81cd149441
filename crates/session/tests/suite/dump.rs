//! What somebody finds who steals the store's files.

use session::{
    AttemptHandle, Attempts, ParkedHead, ParkedLimits, ParkedRequests, ReplayMarks, Who,
};
use store::{Area, Entry, Store};

use crate::world::*;

#[tokio::test]
async fn a_dump_of_the_store_shows_nobody_and_opens_nothing() {
    let world = World::new();
    let sessions = world.replica(&[1]);
    let cookie = sign_in(&sessions).await;
    let handle = AttemptHandle::from_random([42; 16]);
    let attempts = Attempts::new(world.store(), sealer(&[1]));
    attempts.put(&handle, &"/portal/1/SUP-1042", NOW.plus(IDLE), NOW).await.unwrap();
    let marks = ReplayMarks::new(world.store());
    marks.mark("saml", &["acme", "_assertion-1"], NOW.plus(IDLE), NOW).await.unwrap();
    let limits = ParkedLimits { request: 1000, person: 1 << 20, all: 1 << 20, keep: IDLE };
    let parked = ParkedRequests::new(world.store(), sealer(&[1]), limits);
    let Who::Person(ann) = facts().who else { panic!("a person") };
    let mut writer = parked.begin(&ann.identity.person, None, NOW).await.unwrap();
    writer.write(b"summary=words-nobody-may-read").await.unwrap();
    let head = ParkedHead {
        person: ann.identity.person,
        site: site("help"),
        browser: [7; 32],
        method: "POST".to_owned(),
        target: "/portal/1/SUP-7777".to_owned(),
        headers: vec![("content-type".to_owned(), "text/of-a-kind".to_owned())],
        at: NOW,
    };
    let parked_handle = writer.finish(head).await.unwrap().0.to_string();
    let control = Entry { value: b"seen-in-clear".to_vec(), deadline: NOW, groups: Vec::new() };
    world.store.put(Area::Records, "control", control, NOW).await.unwrap();

    let set = cookie.set_cookie();
    let value = set.to_str().unwrap().split(['=', ';']).nth(1).unwrap();
    let raw = base64_bytes(value);
    let handle_text = handle.to_string();
    let forbidden: [(&str, &[u8]); 22] = [
        ("address", b"ann@acme.example"),
        ("domain", b"acme.example"),
        ("name", b"Ann Lee"),
        ("subject", b"subject-4711"),
        ("group", b"acme-admins"),
        ("session of the identity provider", b"idp-session-9"),
        ("device", b"Testbrowser"),
        ("client", b"192.0.2.7"),
        ("secret", b"hush-hush"),
        ("name of a secret", b"upstream cookie"),
        ("cookie", value.as_bytes()),
        ("first half of the cookie", &value.as_bytes()[..20]),
        ("id", &raw[..16]),
        ("key of the session", &raw[16..]),
        ("sealing key", &[1; 32]),
        ("handle", handle_text.as_bytes()),
        ("target of an attempt", b"SUP-1042"),
        ("assertion id", b"_assertion-1"),
        ("body of a parked request", b"words-nobody-may-read"),
        ("target of a parked request", b"SUP-7777"),
        ("field of a parked request", b"text/of-a-kind"),
        ("handle of a parked request", parked_handle.as_bytes()),
    ];
    let file = world.files();
    let holds = |what: &[u8]| file.windows(what.len()).any(|window| window == what);
    assert!(holds(b"seen-in-clear"), "the search itself works");
    for (what, bytes) in forbidden {
        assert!(!holds(bytes), "the {what} is in the files in clear");
    }
}

/// Base64url by hand: the crate under test must not check itself.
fn base64_bytes(text: &str) -> Vec<u8> {
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let (mut bits, mut count, mut bytes) = (0_u32, 0, Vec::new());
    for letter in text.chars() {
        bits = bits << 6 | u32::try_from(alphabet.find(letter).unwrap()).unwrap();
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from(bits >> count & 0xff).unwrap());
        }
    }
    bytes
}
