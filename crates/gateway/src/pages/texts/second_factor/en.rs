//! English.

use super::SecondFactor;

pub(in crate::pages::texts) const SECOND_FACTOR: SecondFactor = SecondFactor {
    title: "Confirm that it is you",
    at_sign_in: |site| format!("{site} asks for a second step when you sign in."),
    at_page: |site| format!("{site} asks for a second step before this page opens."),
    open_app: |account| format!("Open your authenticator app and type the code for {account}."),
    code: "Code from your app",
    confirm: "Confirm",
    trust: |days| match days {
        1 => "Do not ask again in this browser for a day".to_owned(),
        days => format!("Do not ask again in this browser for {days} days"),
    },
    no_code: "I cannot get a code",
    wrong: "That code did not match. Check your phone's clock; our time is",
    wrong_recovery: "That is none of your recovery codes.",
    used: "That code was used before. Please wait for the next one.",
    too_many: |wait| format!("Too many codes were wrong. You can try again in {wait}."),
    protect: "Protect your sign-in",
    scan: "Scan this picture with an authenticator app on your phone.",
    picture: "QR code for an authenticator app",
    open_in_app: "Open in an authenticator app on this device",
    by_hand: "Or type this key into the app:",
    copy: "Copy",
    copied: "Copied",
    first_code: "Code that the app shows now",
    later: "Not now",
    codes: "Keep these recovery codes",
    codes_why: "If you lose your phone, each of them lets you in once. They cannot be shown again.",
    download: "Download",
    print: "Print",
    end: "Last four characters of any one of them",
    end_wrong: "None of the codes ends like that.",
    codes_gone: "Your recovery codes were shown once. Type the end of one that you have kept, or let us make new ones.",
    new_codes: "Make new codes",
    recovery: "Use a recovery code",
    recovery_why: "Type one of the codes that you kept when you set up your app. Each works once.",
    recovery_code: "Recovery code",
    lost: "No code at hand?",
    lost_why: "With a recovery code you get in at once.",
    reset_why: |hours| {
        format!(
            "Without one, you can ask for a reset. After {hours} hours you may set up a new app. Whoever signs in with a code until then stops it."
        )
    },
    reset: "Ask for a reset",
    reset_waits: "A reset has been asked for",
    reset_due: |moment| {
        format!(
            "You may set up a new app after {moment}. Should you find your phone before, simply sign in with a code: that stops the reset."
        )
    },
    back: "Back to the code",
};
