//! Any message of single logout: `0` and a query, `1` and a form, `2` and an envelope. Only the seeds
//! are signed, so whatever is accepted must say what they say.

#![no_main]

mod party;

use std::sync::LazyLock;
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use party::{NOW, Party};
use saml::{IncomingLogout, LogoutExpectation, LogoutMessage, ServiceKeys, read_logout};

static PARTY: LazyLock<Party> =
    LazyLock::new(|| Party::new(include_bytes!("../keys/logout-idp.xml"), ServiceKeys::default()));

fn read(input: &str) -> Option<LogoutMessage> {
    let (way, rest) = input.split_at_checked(1)?;
    let incoming = match way {
        "0" => IncomingLogout::Redirect { raw_query: rest },
        "1" => IncomingLogout::Post { raw_form: rest },
        _ => IncomingLogout::Soap { body: rest },
    };
    let expectation = LogoutExpectation {
        idp: &PARTY.idp,
        sp: &PARTY.sp,
        clock_skew: Duration::from_secs(60),
        sha1_until: None,
        cbc_until: None,
    };
    read_logout(&incoming, &expectation, NOW).map_err(|error| error.refusal()).ok()
}

static SEEDS_ARE_READ: LazyLock<()> = LazyLock::new(|| {
    for seed in [
        include_str!("../seeds/saml_logout/redirect"),
        include_str!("../seeds/saml_logout/post"),
        include_str!("../seeds/saml_logout/soap"),
        include_str!("../seeds/saml_logout/answer"),
        include_str!("../seeds/saml_logout/answer-redirect"),
    ] {
        read(seed).expect("the seed is read");
    }
});

fuzz_target!(|input: &str| {
    *SEEDS_ARE_READ;
    match read(input) {
        Some(LogoutMessage::Request(request)) => {
            assert_eq!((request.id(), request.name_id().value()), ("_logout", "ann-4711"));
            assert_eq!(request.session_indexes(), ["_s1", "_s2"]);
        }
        Some(LogoutMessage::Response(response)) => {
            assert_eq!(response.in_response_to(), format!("_{}", "a7".repeat(20)));
            assert!(response.success());
        }
        None => {}
    }
});
