//! German.

use super::Account;

pub(in super::super) const ACCOUNT: Account = Account {
    title: "Ihr Konto",
    from: |label| {
        format!("Ihr Name und Ihre Adresse kommen von {label} und lassen sich nur dort ändern.")
    },
    second_step: "Zweiter Schritt",
    app_since: |when| format!("Authenticator-App, eingerichtet am {when}"),
    no_app: "Es ist keine Authenticator-App eingerichtet. Sie werden danach gefragt, wo sie nötig ist.",
    codes_left: |left| match left {
        1 => "Noch 1 Wiederherstellungscode".to_owned(),
        left => format!("Noch {left} Wiederherstellungscodes"),
    },
    codes_low: "Erzeugen Sie neue, bevor Sie den letzten benutzen.",
    reset_waits: |when| {
        format!(
            "Jemand möchte Ihre App und Ihre Wiederherstellungscodes entfernen. Das geschieht am {when}."
        )
    },
    withdraw: "Nicht entfernen",
    new_codes: "Neue Wiederherstellungscodes erzeugen",
    new_app: "Andere App einrichten",
    proof: "Code Ihrer App oder ein Wiederherstellungscode",
    proof_why: "Bitte bestätigen Sie für eine Änderung, dass Sie es sind.",
    devices: "Angemeldete Geräte",
    this_device: "Dieses Gerät",
    unknown_device: "Unbekannter Browser",
    used: |address, when| format!("{address}, zuletzt benutzt am {when}"),
    sign_out_there: "Dort abmelden",
    trusted: "Vertraute Browser",
    trusted_why: "Hier werden Sie nicht nach dem zweiten Schritt gefragt.",
    no_trusted: "Keine",
    trusted_until: |when| format!("bis {when}"),
    forget: "Vergessen",
    sign_ins: "Letzte Anmeldungen",
    no_sign_ins: "Es sind keine bekannt.",
    when: "Wann",
    address: "Adresse",
    browser: "Browser",
    not_you: "Wenn Sie das einmal nicht waren, melden Sie sich dort ab und sagen Sie es dem Support.",
    done: "Erledigt.",
    home: "Zurück zum Hilfe-Center",
};
