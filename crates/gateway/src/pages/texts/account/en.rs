//! English.

use super::Account;

pub(in super::super) const ACCOUNT: Account = Account {
    title: "Your account",
    from: |label| format!("Your name and address come from {label} and can only be changed there."),
    second_step: "Second step",
    app_since: |when| format!("Authenticator app, set up {when}"),
    no_app: "No authenticator app is set up. You are asked for one where it is needed.",
    codes_left: |left| match left {
        1 => "1 recovery code left".to_owned(),
        left => format!("{left} recovery codes left"),
    },
    codes_low: "Make new ones before you use the last.",
    reset_waits: |when| {
        format!("Somebody asked to remove your app and recovery codes. This will happen {when}.")
    },
    withdraw: "Do not remove them",
    new_codes: "Make new recovery codes",
    new_app: "Set up another app",
    proof: "Code of your app, or a recovery code",
    proof_why: "For a change here, please confirm that it is you.",
    devices: "Signed-in devices",
    this_device: "This device",
    unknown_device: "Unknown browser",
    used: |address, when| format!("{address}, last used {when}"),
    sign_out_there: "Sign out there",
    trusted: "Trusted browsers",
    trusted_why: "Here you are not asked for the second step.",
    no_trusted: "None",
    trusted_until: |when| format!("until {when}"),
    forget: "Forget",
    sign_ins: "Last sign-ins",
    no_sign_ins: "None are known.",
    when: "When",
    address: "Address",
    browser: "Browser",
    not_you: "If one of these was not you, sign out there and tell support.",
    done: "Done.",
    home: "Back to the help center",
};
