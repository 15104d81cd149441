//! German, formal.

use super::SecondFactor;

pub(in crate::pages::texts) const SECOND_FACTOR: SecondFactor = SecondFactor {
    title: "Bestätigen Sie, dass Sie es sind",
    at_sign_in: |site| format!("{site} verlangt beim Anmelden einen zweiten Schritt."),
    at_page: |site| {
        format!("{site} verlangt einen zweiten Schritt, bevor sich diese Seite öffnet.")
    },
    open_app: |account| {
        format!("Öffnen Sie Ihre Authenticator-App und geben Sie den Code für {account} ein.")
    },
    code: "Code aus Ihrer App",
    confirm: "Bestätigen",
    trust: |days| match days {
        1 => "In diesem Browser einen Tag lang nicht mehr fragen".to_owned(),
        days => format!("In diesem Browser {days} Tage lang nicht mehr fragen"),
    },
    no_code: "Ich habe keinen Code",
    wrong: "Dieser Code passt nicht. Prüfen Sie die Uhr Ihres Telefons; bei uns ist es",
    wrong_recovery: "Das ist keiner Ihrer Wiederherstellungscodes.",
    used: "Dieser Code wurde schon verwendet. Bitte warten Sie auf den nächsten.",
    too_many: |wait| {
        format!("Zu viele Codes waren falsch. Sie können es in {wait} erneut versuchen.")
    },
    protect: "Schützen Sie Ihre Anmeldung",
    scan: "Scannen Sie dieses Bild mit einer Authenticator-App auf Ihrem Telefon.",
    picture: "QR-Code für eine Authenticator-App",
    open_in_app: "In einer Authenticator-App auf diesem Gerät öffnen",
    by_hand: "Oder geben Sie diesen Schlüssel in der App ein:",
    copy: "Kopieren",
    copied: "Kopiert",
    first_code: "Code, den die App jetzt zeigt",
    later: "Nicht jetzt",
    codes: "Bewahren Sie diese Wiederherstellungscodes auf",
    codes_why: "Wenn Sie Ihr Telefon verlieren, lässt jeder davon Sie einmal herein. Sie können nicht noch einmal angezeigt werden.",
    download: "Herunterladen",
    print: "Drucken",
    end: "Die letzten vier Zeichen eines dieser Codes",
    end_wrong: "Keiner der Codes endet so.",
    codes_gone: "Ihre Wiederherstellungscodes wurden einmal angezeigt. Geben Sie das Ende eines Codes ein, den Sie aufbewahrt haben, oder lassen Sie neue erzeugen.",
    new_codes: "Neue Codes erzeugen",
    recovery: "Wiederherstellungscode verwenden",
    recovery_why: "Geben Sie einen der Codes ein, die Sie beim Einrichten Ihrer App aufbewahrt haben. Jeder gilt einmal.",
    recovery_code: "Wiederherstellungscode",
    lost: "Kein Code zur Hand?",
    lost_why: "Mit einem Wiederherstellungscode kommen Sie sofort herein.",
    reset_why: |hours| {
        format!(
            "Ohne einen solchen können Sie um Zurücksetzung bitten. Nach {hours} Stunden dürfen Sie eine neue App einrichten. Wer sich bis dahin mit einem Code anmeldet, hält das auf."
        )
    },
    reset: "Um Zurücksetzung bitten",
    reset_waits: "Um Zurücksetzung wurde gebeten",
    reset_due: |moment| {
        format!(
            "Ab dem {moment} dürfen Sie eine neue App einrichten. Finden Sie Ihr Telefon vorher, melden Sie sich einfach mit einem Code an: Das hält die Zurücksetzung auf."
        )
    },
    back: "Zurück zum Code",
};
