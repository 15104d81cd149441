//! German, formal.

use domain::Notice;

use super::{
    Circumstances, Letter, Operator, Refused, SignIn, SignOut, Texts, Words, parking,
    second_factor, setting_up,
};
use crate::pages::moment::Moment;

pub(super) const TEXTS: Texts = Texts {
    sign_in: SIGN_IN,
    sign_out: SIGN_OUT,
    operator: OPERATOR,
    account: super::account::DE,
    refused: REFUSED,
    parking: parking::DE,
    second_factor: second_factor::DE,
    setting_up: setting_up::DE,
    moment,
    since: |m| format!("dem {}", moment(m)),
    since_today: |m| format!("{:02}:{:02} Uhr (UTC)", m.hour, m.minute),
    notice,
};

const SIGN_IN: SignIn = SignIn {
    title: "Anmelden",
    title_at: |site| format!("Anmelden bei {site}"),
    for_request: "Sie öffnen eine Supportanfrage.",
    email: "Geschäftliche E-Mail-Adresse",
    email_wrong: "Bitte geben Sie eine E-Mail-Adresse ein, zum Beispiel name@firma.de.",
    go_on: "Weiter",
    or_choose: "Oder wählen Sie Ihre Organisation",
    last_time: "Zuletzt verwendet",
    or_another: "Oder wählen Sie eine andere Organisation",
    with: |label| format!("Weiter mit {label}"),
    narrow: "Organisation suchen",
    none_found: "Keine Organisation mit diesem Namen.",
    choose_how: "Wie möchten Sie sich anmelden?",
    own: "Anmeldung des Hilfe-Centers verwenden",
    other_address: "Andere E-Mail-Adresse verwenden",
    leads_to: |label, host| format!("Sie melden sich bei {label} an ({host})."),
    not_yours: "Nicht Ihre Firma?",
    going_to: |label| format!("Weiter zu {label}"),
    goes_by_itself: "Wenn nach einigen Sekunden nichts geschieht, drücken Sie bitte die Schaltfläche.",
    as_whom: |name| format!("Weiter als {name}?"),
    unasked: |label, site| {
        format!(
            "{label} möchte Sie bei {site} anmelden. Fahren Sie nur fort, wenn Sie das gerade selbst veranlasst haben."
        )
    },
    instead_of: |name| format!("Sie sind jetzt als {name} angemeldet; diese Sitzung wird beendet."),
    rather_not: "Nicht anmelden",
};

const SIGN_OUT: SignOut = SignOut {
    title: "Abmelden",
    question: |site| format!("Bei {site} abmelden?"),
    signed_in_as: |name| format!("Sie sind als {name} angemeldet."),
    stay: "Angemeldet bleiben",
    under_way: "Sie werden abgemeldet",
    asking: |label| format!("Auch Ihre Sitzung bei {label} wird beendet."),
    done: "Sie sind abgemeldet",
    ended: "Beendet",
    untouched: "Nicht betroffen",
    still_signed_in: "Dort sind Sie noch angemeldet",
    no_answer: "Keine Antwort; möglicherweise sind Sie dort noch angemeldet",
    end_it_there: "Dort abmelden",
    shared_computer: "Beenden Sie an einem gemeinsam genutzten Computer auch die übrigen Sitzungen, oder schließen Sie den Browser.",
    again: "Wieder anmelden",
    help_center: "Eigene Sitzung des Hilfe-Centers",
};

const OPERATOR: Operator = Operator {
    test_of: |label| format!("Test von {label}"),
    mapped: "Was eine Anmeldung daraus macht",
    follows: "Was folgen würde",
    received: "Was ankam",
    nothing_written: "Das war ein Test: Niemand wurde angemeldet, nichts wurde gespeichert.",
    would_succeed: "Eine echte Anmeldung würde gelingen",
    would_fail: "Eine echte Anmeldung würde abgelehnt",
    warnings: "Warnungen",
    no_warnings: "Keine",
    name: "Name",
    value: "Wert",
    emergency: "Notfallzugang",
    admits: |name, until| {
        format!(
            "Dieser Link meldet {name} ohne Identitätsanbieter an. Er gilt einmal, bis {until}."
        )
    },
    recorded: "Die Verwendung wird protokolliert und sofort gemeldet.",
    use_it: "Jetzt anmelden",
};

const REFUSED: Refused = Refused {
    code: "Wenn Sie um Hilfe bitten, nennen Sie diesen Code:",
    again_in: "Neuer Versuch in {} Sekunden.",
    stop: "Nicht mehr versuchen",
    for_your_it: "Text für Ihre eigene IT-Abteilung",
    to_your_it: letter,
    subject: "Anmeldung beim Hilfe-Center: E-Mail-Adresse fehlt",
    copy: "Text kopieren",
    copied: "Kopiert",
    mail: "Als E-Mail senden",
};

const MONTHS: [&str; 12] = [
    "Januar",
    "Februar",
    "März",
    "April",
    "Mai",
    "Juni",
    "Juli",
    "August",
    "September",
    "Oktober",
    "November",
    "Dezember",
];

fn moment(m: &Moment) -> String {
    let month = m.month_of(MONTHS);
    format!("{}. {month} {}, {:02}:{:02} Uhr (UTC)", m.day, m.year, m.hour, m.minute)
}

fn letter(letter: &Letter<'_>) -> String {
    let Letter { site, host, code, moment } = letter;
    format!(
        "Guten Tag,\n\nich kann mich nicht bei {site} (https://{host}) anmelden. Unser Identitätsanbieter hat in seiner Antwort meine E-Mail-Adresse nicht mitgeschickt. Bitte geben Sie die E-Mail-Adresse unserer Konten für diese Anwendung frei.\n\nReferenzcode: {code}\nZeitpunkt: {moment}\n\nVielen Dank"
    )
}

fn notice(notice: Notice, circumstances: &Circumstances<'_>) -> Words {
    // In the nominative throughout: a label cannot be declined.
    let who = circumstances.provider.unwrap_or("Der Anmeldedienst Ihrer Firma");
    let again = Some("Erneut versuchen");
    let afresh = Some("Neu beginnen");
    let other_way = Some("Anderen Weg wählen");
    let kept = "Die gewünschte Seite merken wir uns.";
    match notice {
        Notice::ProviderDenied => Words::new(
            format!("{who} hat Sie nicht angemeldet"),
            "Die Anmeldung dort wurde abgebrochen oder abgelehnt. Sie können es erneut versuchen oder einen anderen Weg wählen.",
            again,
        ),
        Notice::ProviderUnreachable => Words::new(
            match circumstances.since {
                Some(since) => format!("{who} antwortet seit {since} nicht"),
                None => format!("{who} antwortet nicht"),
            },
            format!("Die Anmeldung dort ist gerade nicht möglich. {kept}"),
            Some("Jetzt erneut versuchen"),
        ),
        Notice::AnswerNotAccepted => Words::new(
            format!("{who} hat eine Antwort geschickt, die wir nicht annehmen können"),
            "Wir konnten nicht bestätigen, dass die Antwort für Sie bestimmt ist. Bitte versuchen Sie es erneut. Wenn es wieder geschieht, nennen Sie den Code unten Ihrer eigenen IT-Abteilung.",
            again,
        ),
        Notice::AddressMissing => Words::new(
            format!("{who} hat uns Ihre E-Mail-Adresse nicht genannt"),
            "Ohne sie wissen wir nicht, welches Konto Ihres ist. Ihre eigene IT-Abteilung kann das ändern: Bitte schicken Sie ihr den folgenden Text.",
            again,
        ),
        Notice::AddressNotAllowed => Words::new(
            match circumstances.provider {
                Some(provider) => {
                    format!("Diese Adresse ist für die Anmeldung mit {provider} nicht zugelassen")
                }
                None => "Diese Adresse ist für diese Anmeldung nicht zugelassen".to_owned(),
            },
            "Bitte wählen Sie die Anmeldung, die zu Ihrer E-Mail-Adresse gehört.",
            other_way,
        ),
        Notice::StartAgain => Words::new(
            "Diese Anmeldung ist nicht mehr bekannt",
            "Sie wurde bereits abgeschlossen oder vor zu langer Zeit begonnen. Bitte beginnen Sie neu.",
            afresh,
        ),
        Notice::AnswerUsed => Words::new(
            "Diese Anmeldung wurde bereits verwendet",
            format!("Jede Antwort gilt nur einmal; beim Zurückgehen erscheint eine alte. {kept}"),
            afresh,
        ),
        Notice::TookTooLong => Words::new(
            "Diese Anmeldung hat zu lange gedauert",
            format!(
                "Zu Ihrer Sicherheit muss sie innerhalb von 30 Minuten abgeschlossen sein. {kept}"
            ),
            afresh,
        ),
        Notice::OtherBrowser => Words::new(
            "Diese Anmeldung wurde in einem anderen Browser begonnen",
            "Eine Anmeldung muss in dem Browser enden, in dem sie begonnen hat. Sie können in diesem neu beginnen.",
            Some("Hier neu beginnen"),
        ),
        Notice::ClockWrong => Words::new(
            "Zwei Uhren gehen verschieden",
            format!(
                "{who} hat eine Uhrzeit geschickt, die zu weit von unserer abweicht; deshalb können wir die Antwort nicht annehmen. Bitte versuchen Sie es in einer Minute erneut. Wenn es wieder geschieht, nennen Sie den Code unten Ihrer eigenen IT-Abteilung."
            ),
            again,
        ),
        Notice::ProviderNotInUse => Words::new(
            format!("{who} wird hier nicht zum Anmelden verwendet"),
            "Dieser Weg ist für dieses Hilfe-Center abgeschaltet. Bitte wählen Sie einen anderen.",
            other_way,
        ),
        Notice::LinkOver => Words::new(
            "Dieser Link gilt nicht mehr",
            "Er gilt nur einmal und nur kurze Zeit. Bitte lassen Sie sich einen neuen geben.",
            None,
        ),
        Notice::AccountLinkedElsewhere => Words::new(
            "Diese Adresse gehört bereits zu einer anderen Anmeldung",
            "Bitte melden Sie sich so an wie bisher, oder bitten Sie den Support, beide zu verbinden.",
            other_way,
        ),
        Notice::AccountUnusable => Words::new(
            "Ihr Supportkonto kann nicht verwendet werden",
            "Es wurde beendet oder gehört zu einer anderen Art der Anmeldung. Bitte wenden Sie sich an den Support.",
            again,
        ),
        Notice::AccountEnded => Words::new(
            "Ihr Zugang wurde beendet",
            "Jemand, der dieses Hilfe-Center betreut, muss Ihr Konto wieder öffnen. Bitte wenden Sie sich an Ihre Ansprechperson dort.",
            None,
        ),
        Notice::AccountAsked => Words::new(
            "Ihr Zugang wurde beendet",
            "Wir haben die Betreuer dieses Hilfe-Centers gebeten, Ihr Konto wieder zu öffnen. Bitte versuchen Sie es später noch einmal oder wenden Sie sich an Ihre Ansprechperson dort.",
            again,
        ),
        Notice::AtlassianAccount => Words::new(
            "Melden Sie sich mit dieser Adresse bei Atlassian an",
            "Diese Adresse gehört zu einem Atlassian-Konto. Bitte melden Sie sich mit diesem Konto bei Atlassian an.",
            Some("Zur Anmeldung bei Atlassian"),
        ),
        Notice::SupportUnavailable => Words::new(
            "Das Supportportal antwortet nicht",
            format!("{kept} Bitte versuchen Sie es in einer Minute erneut."),
            again,
        ),
        Notice::TryAgainLater => Words::new(
            "Bitte versuchen Sie es gleich noch einmal",
            "Bei uns antwortet gerade etwas nicht. Falls Sie angemeldet waren, bleiben Sie es.",
            again,
        ),
        Notice::NotPermitted => Words::new(
            "Sie dürfen sich hier nicht anmelden",
            "Diese Adresse ist für das Hilfe-Center nicht zugelassen. Wenn Sie das für falsch halten, fragen Sie bitte Ihre Ansprechperson dort.",
            Some("Andere Adresse verwenden"),
        ),
        Notice::NotFound => Words::new(
            "Hier ist nichts",
            "Die Adresse ist falsch oder wird nicht mehr verwendet.",
            Some("Zum Hilfe-Center"),
        ),
        Notice::BadRequest => Words::new(
            "Diese Anfrage war nicht zu verstehen",
            "Bitte gehen Sie zum Hilfe-Center zurück und versuchen Sie es von dort erneut.",
            Some("Zum Hilfe-Center"),
        ),
        Notice::TooManyTries => Words::new(
            "Zu viele Adressen in kurzer Zeit",
            "Aus Ihrem Netz wurden viele Adressen eingegeben. Bitte warten Sie eine Minute und versuchen Sie es noch einmal.",
            again,
        ),
        Notice::CookiesNeeded => Words::new(
            "Ihr Browser hat unser Cookie nicht behalten",
            "Zum Anmelden ist ein Cookie nötig. Bitte erlauben Sie Cookies für diese Seite, oder öffnen Sie den Link außerhalb des privaten Modus, und versuchen Sie es erneut.",
            again,
        ),
        Notice::FormTooLarge
        | Notice::FormNotKept
        | Notice::ParkedElsewhere
        | Notice::ParkedSent
        | Notice::ParkedUncertain
        | Notice::ParkedOver
        | Notice::ParkedWaits => parking::DE.words(notice),
    }
}
