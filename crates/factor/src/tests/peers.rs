//! Other people's programs make codes, and ours takes them: oathtool and pyotp.

use std::path::Path;
use std::process::Command;

use super::*;
use crate::{Algorithm, Digits, FactorError};

/// A program that makes codes: hash, digits, secret in base32, seconds.
type Maker = fn(&str, u8, &str, i64) -> String;

fn oathtool(hash: &str, digits: u8, secret: &str, seconds: i64) -> String {
    let now = Timestamp::from_seconds(seconds).to_string().replace('T', " ").replace('Z', " UTC");
    let mut command = Command::new("oathtool");
    command.arg(format!("--totp={hash}")).arg(format!("--digits={digits}"));
    run(command.arg(format!("--now={now}")).args(["--base32", secret]))
}

fn pyotp(hash: &str, digits: u8, secret: &str, seconds: i64) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let program = "import sys, hashlib, pyotp\n\
        hash, digits, secret, seconds = sys.argv[1:]\n\
        totp = pyotp.TOTP(secret, digits=int(digits), digest=getattr(hashlib, hash))\n\
        print(totp.at(int(seconds)))";
    let (digits, seconds) = (digits.to_string(), seconds.to_string());
    let arguments = ["-c", program, hash, &digits, secret, &seconds];
    run(Command::new(root.join("target/peers/python/bin/python")).args(arguments))
}

fn run(command: &mut Command) -> String {
    let made = command
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}; ./scripts/install test installs it"));
    assert!(made.status.success(), "{command:?}: {}", String::from_utf8_lossy(&made.stderr));
    String::from_utf8(made.stdout).unwrap().trim().to_owned()
}

fn settings(algorithm: Algorithm, digits: Digits) -> FactorSettings {
    FactorSettings { algorithm, digits, ..FactorSettings::default() }
}

#[tokio::test]
async fn codes_of_other_programs_are_taken_and_those_of_the_wrong_kind_are_not() {
    let makers: [(&str, Maker); 2] = [("oathtool", oathtool), ("pyotp", pyotp)];
    let kinds = [
        (Algorithm::Sha1, "sha1", Digits::Six),
        (Algorithm::Sha256, "sha256", Digits::Eight),
        (Algorithm::Sha512, "sha512", Digits::Six),
    ];
    for (maker, make) in makers {
        for (algorithm, hash, digits) in kinds {
            let (store, ann) = (memory(), person("ann"));
            let factors = Factors::new(store, sealer(), settings(algorithm, digits));
            let begun = factors.begin_enrolment(&ann, "Help", "ann", home(), NOW).await.unwrap();
            // As somebody types it who reads it from the screen.
            let key = begun.key_text.expose().replace(' ', "");
            let count = digits.count();
            let code = make(hash, count, &key, NOW.as_seconds());
            factors.confirm_enrolment(&ann, &code, home(), NOW).await.unwrap();
            let then = NOW.plus(STEP);
            let other_hash = if hash == "sha1" { "sha256" } else { "sha1" };
            for wrong in [
                make(other_hash, count, &key, then.as_seconds()),
                make(hash, if count == 6 { 8 } else { 6 }, &key, then.as_seconds()),
            ] {
                let refused = factors.check_code(&ann, &wrong, home(), then).await;
                assert!(matches!(refused, Err(FactorError::Wrong { .. })), "{maker} {hash}");
            }
            let code = make(hash, count, &key, then.as_seconds());
            let passed = factors.check_code(&ann, &code, home(), then).await;
            assert!(passed.is_ok(), "{maker} {hash}: {passed:?}");
        }
    }
}
