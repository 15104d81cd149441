//! French, formal.

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
    account: super::account::FR,
    refused: REFUSED,
    parking: parking::FR,
    second_factor: second_factor::FR,
    setting_up: setting_up::FR,
    moment,
    since: |m| format!("le {}", moment(m)),
    since_today: |m| format!("{:02}:{:02} (UTC)", m.hour, m.minute),
    notice,
};

const SIGN_IN: SignIn = SignIn {
    title: "Connexion",
    title_at: |site| format!("Connexion à {site}"),
    for_request: "Vous ouvrez une demande d’assistance.",
    email: "Adresse e-mail professionnelle",
    email_wrong: "Veuillez saisir une adresse e-mail, par exemple nom@entreprise.fr.",
    go_on: "Continuer",
    or_choose: "Ou choisissez votre organisation",
    last_time: "Utilisée la dernière fois",
    or_another: "Ou choisissez une autre organisation",
    with: |label| format!("Continuer avec {label}"),
    narrow: "Rechercher votre organisation",
    none_found: "Aucune organisation ne porte ce nom.",
    choose_how: "Choisissez comment vous connecter",
    own: "Utiliser la connexion du centre d’aide",
    other_address: "Utiliser une autre adresse e-mail",
    leads_to: |label, host| format!("Vous allez vous connecter chez {label} ({host})."),
    not_yours: "Ce n’est pas votre entreprise ?",
    going_to: |label| format!("Vers {label}"),
    goes_by_itself: "Si rien ne se passe après quelques secondes, appuyez sur le bouton.",
    as_whom: |name| format!("Continuer en tant que {name} ?"),
    unasked: |label, site| {
        format!(
            "{label} souhaite vous connecter à {site}. Ne continuez que si vous venez de le demander vous-même."
        )
    },
    instead_of: |name| {
        format!("Vous êtes actuellement connecté en tant que {name} ; cette session prendra fin.")
    },
    rather_not: "Ne pas me connecter",
};

const SIGN_OUT: SignOut = SignOut {
    title: "Déconnexion",
    question: |site| format!("Se déconnecter de {site} ?"),
    signed_in_as: |name| format!("Vous êtes connecté en tant que {name}."),
    stay: "Rester connecté",
    under_way: "Déconnexion en cours",
    asking: |label| format!("Nous mettons aussi fin à votre session chez {label}."),
    done: "Vous êtes déconnecté",
    ended: "Session terminée",
    untouched: "Non concernée",
    still_signed_in: "Vous y êtes encore connecté",
    no_answer: "Pas de réponse ; vous y êtes peut-être encore connecté",
    end_it_there: "S’y déconnecter",
    shared_computer: "Sur un ordinateur partagé, mettez aussi fin aux autres sessions ou fermez le navigateur.",
    again: "Se reconnecter",
    help_center: "Session propre du centre d’aide",
};

const OPERATOR: Operator = Operator {
    test_of: |label| format!("Test de {label}"),
    mapped: "Ce qu’une connexion en fait",
    follows: "Ce qui suivrait",
    received: "Ce qui est arrivé",
    nothing_written: "C’était un test : personne n’a été connecté et rien n’a été enregistré.",
    would_succeed: "Une vraie connexion réussirait",
    would_fail: "Une vraie connexion serait refusée",
    warnings: "Avertissements",
    no_warnings: "Aucun",
    name: "Nom",
    value: "Valeur",
    emergency: "Accès d’urgence",
    admits: |name, until| {
        format!(
            "Ce lien connecte {name} sans fournisseur d’identité. Il est valable une seule fois, jusqu’au {until}."
        )
    },
    recorded: "Son utilisation est enregistrée et signalée immédiatement.",
    use_it: "Se connecter maintenant",
};

const REFUSED: Refused = Refused {
    code: "Si vous demandez de l’aide, indiquez ce code :",
    again_in: "Nouvel essai dans {} secondes.",
    stop: "Ne plus réessayer",
    for_your_it: "Texte pour votre propre service informatique",
    to_your_it: letter,
    subject: "Connexion au centre d’aide : adresse e-mail manquante",
    copy: "Copier le texte",
    copied: "Copié",
    mail: "Envoyer par e-mail",
};

const MONTHS: [&str; 12] = [
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
];

fn moment(m: &Moment) -> String {
    let day = if m.day == 1 { "1er".to_owned() } else { m.day.to_string() };
    format!("{day} {} {} à {:02}:{:02} (UTC)", m.month_of(MONTHS), m.year, m.hour, m.minute)
}

fn letter(letter: &Letter<'_>) -> String {
    let Letter { site, host, code, moment } = letter;
    format!(
        "Bonjour,\n\nJe ne peux pas me connecter à {site} (https://{host}). Notre fournisseur d’identité n’a pas transmis mon adresse e-mail dans sa réponse. Merci d’autoriser la transmission de l’adresse e-mail de nos comptes à cette application.\n\nCode de référence : {code}\nDate : {moment}\n\nMerci d’avance"
    )
}

fn notice(notice: Notice, circumstances: &Circumstances<'_>) -> Words {
    // Never after « de »: it would have to be elided before a vowel.
    let who = circumstances.provider.unwrap_or("Le service de connexion de votre entreprise");
    let whom = circumstances.provider.unwrap_or("le service de connexion de votre entreprise");
    let again = Some("Réessayer");
    let afresh = Some("Recommencer");
    let other_way = Some("Choisir un autre moyen");
    let kept = "Nous gardons en mémoire la page demandée.";
    match notice {
        Notice::ProviderDenied => Words::new(
            format!("{who} ne vous a pas donné accès"),
            "La connexion y a été annulée ou refusée. Vous pouvez réessayer ou choisir un autre moyen.",
            again,
        ),
        Notice::ProviderUnreachable => Words::new(
            match circumstances.since {
                Some(since) => format!("{who} ne répond plus depuis {since}"),
                None => format!("{who} ne répond pas"),
            },
            format!("La connexion y est actuellement impossible. {kept}"),
            Some("Réessayer maintenant"),
        ),
        Notice::AnswerNotAccepted => Words::new(
            format!("{who} a envoyé une réponse que nous ne pouvons pas accepter"),
            "Nous n’avons pas pu confirmer que cette réponse vous est destinée. Veuillez réessayer ; si cela se reproduit, transmettez le code ci-dessous à votre service informatique.",
            again,
        ),
        Notice::AddressMissing => Words::new(
            format!("{who} ne nous a pas transmis votre adresse e-mail"),
            "Sans elle, nous ne savons pas quel compte est le vôtre. Votre propre service informatique peut y remédier : veuillez lui envoyer le texte ci-dessous.",
            again,
        ),
        Notice::AddressNotAllowed => Words::new(
            format!("Cette adresse ne peut pas être utilisée avec {whom}"),
            "Veuillez choisir la connexion qui correspond à votre adresse e-mail.",
            other_way,
        ),
        Notice::StartAgain => Words::new(
            "Cette connexion n’est plus connue",
            "Elle est déjà terminée ou a été commencée il y a trop longtemps. Veuillez recommencer.",
            afresh,
        ),
        Notice::AnswerUsed => Words::new(
            "Cette connexion a déjà été utilisée",
            format!(
                "Chaque réponse ne vaut qu’une fois ; revenir en arrière en affiche une ancienne. {kept}"
            ),
            afresh,
        ),
        Notice::TookTooLong => Words::new(
            "Cette connexion a pris trop de temps",
            format!("Pour votre sécurité, elle doit être terminée en moins de 30 minutes. {kept}"),
            afresh,
        ),
        Notice::OtherBrowser => Words::new(
            "Cette connexion a été commencée dans un autre navigateur",
            "Une connexion doit se terminer dans le navigateur où elle a commencé. Vous pouvez recommencer dans celui-ci.",
            Some("Recommencer ici"),
        ),
        Notice::ClockWrong => Words::new(
            "Deux horloges ne concordent pas",
            format!(
                "{who} indique une heure trop différente de la nôtre ; nous ne pouvons donc pas accepter la réponse. Veuillez réessayer dans une minute ; si cela se reproduit, transmettez le code ci-dessous à votre service informatique."
            ),
            again,
        ),
        Notice::ProviderNotInUse => Words::new(
            format!("{who} n’est pas utilisé pour se connecter ici"),
            "Ce moyen a été désactivé pour ce centre d’aide. Veuillez en choisir un autre.",
            other_way,
        ),
        Notice::LinkOver => Words::new(
            "Ce lien n’est plus valable",
            "Il ne fonctionne qu’une fois et peu de temps. Veuillez en demander un nouveau.",
            None,
        ),
        Notice::AccountLinkedElsewhere => Words::new(
            "Cette adresse appartient déjà à une autre connexion",
            "Veuillez vous connecter comme auparavant, ou demandez à l’assistance de réunir les deux.",
            other_way,
        ),
        Notice::AccountUnusable => Words::new(
            "Votre compte d’assistance ne peut pas être utilisé",
            "Il a été fermé ou relève d’un autre type de connexion. Veuillez contacter l’assistance.",
            again,
        ),
        Notice::AccountEnded => Words::new(
            "Votre accès a été fermé",
            "Une personne responsable de ce centre d’aide doit rouvrir votre compte. Veuillez vous adresser à votre contact.",
            None,
        ),
        Notice::AccountAsked => Words::new(
            "Votre accès a été fermé",
            "Nous avons demandé aux responsables de ce centre d’aide de rouvrir votre compte. Veuillez réessayer plus tard ou vous adresser à votre contact.",
            again,
        ),
        Notice::AtlassianAccount => Words::new(
            "Utilisez la connexion d’Atlassian pour cette adresse",
            "Cette adresse appartient à un compte Atlassian. Veuillez vous connecter avec ce compte chez Atlassian.",
            Some("Aller à la connexion d’Atlassian"),
        ),
        Notice::SupportUnavailable => Words::new(
            "Le portail d’assistance ne répond pas",
            format!("{kept} Veuillez réessayer dans une minute."),
            again,
        ),
        Notice::TryAgainLater => Words::new(
            "Veuillez réessayer dans un instant",
            "Quelque chose chez nous ne répond pas pour l’instant. Si vous étiez connecté, vous l’êtes toujours.",
            again,
        ),
        Notice::NotPermitted => Words::new(
            "Vous ne pouvez pas vous connecter ici",
            "Cette adresse n’est pas admise dans ce centre d’aide. Si vous pensez que c’est une erreur, adressez-vous à votre interlocuteur.",
            Some("Utiliser une autre adresse"),
        ),
        Notice::NotFound => Words::new(
            "Il n’y a rien ici",
            "L’adresse est erronée ou n’est plus utilisée.",
            Some("Aller au centre d’aide"),
        ),
        Notice::BadRequest => Words::new(
            "Cette requête n’a pas pu être comprise",
            "Veuillez revenir au centre d’aide et réessayer à partir de là.",
            Some("Aller au centre d’aide"),
        ),
        Notice::TooManyTries => Words::new(
            "Trop d’adresses en peu de temps",
            "De nombreuses adresses ont été saisies depuis votre réseau. Veuillez patienter une minute, puis réessayer.",
            again,
        ),
        Notice::CookiesNeeded => Words::new(
            "Votre navigateur n’a pas conservé notre cookie",
            "La connexion nécessite un cookie. Veuillez autoriser les cookies pour ce site, ou ouvrir le lien en dehors de la navigation privée, puis réessayer.",
            again,
        ),
        Notice::FormTooLarge
        | Notice::FormNotKept
        | Notice::ParkedElsewhere
        | Notice::ParkedSent
        | Notice::ParkedUncertain
        | Notice::ParkedOver
        | Notice::ParkedWaits => parking::FR.words(notice),
    }
}
