//! French.

use super::Account;

pub(in super::super) const ACCOUNT: Account = Account {
    title: "Votre compte",
    from: |label| {
        format!("Votre nom et votre adresse viennent de {label} et ne se modifient que là-bas.")
    },
    second_step: "Deuxième étape",
    app_since: |when| format!("Application d’authentification, configurée le {when}"),
    no_app: "Aucune application d’authentification n’est configurée. Elle vous sera demandée là où il le faut.",
    codes_left: |left| match left {
        1 => "Il reste 1 code de secours".to_owned(),
        left => format!("Il reste {left} codes de secours"),
    },
    codes_low: "Créez-en de nouveaux avant d’utiliser le dernier.",
    reset_waits: |when| {
        format!(
            "Quelqu’un a demandé de retirer votre application et vos codes de secours. Cela aura lieu le {when}."
        )
    },
    withdraw: "Ne pas les retirer",
    new_codes: "Créer de nouveaux codes de secours",
    new_app: "Configurer une autre application",
    proof: "Code de votre application, ou un code de secours",
    proof_why: "Pour une modification, confirmez que c’est bien vous.",
    devices: "Appareils connectés",
    this_device: "Cet appareil",
    unknown_device: "Navigateur inconnu",
    used: |address, when| format!("{address}, utilisé en dernier le {when}"),
    sign_out_there: "Déconnecter",
    trusted: "Navigateurs de confiance",
    trusted_why: "La deuxième étape ne vous y est pas demandée.",
    no_trusted: "Aucun",
    trusted_until: |when| format!("jusqu’au {when}"),
    forget: "Oublier",
    sign_ins: "Dernières connexions",
    no_sign_ins: "Aucune n’est connue.",
    when: "Quand",
    address: "Adresse",
    browser: "Navigateur",
    not_you: "Si l’une d’elles n’est pas la vôtre, déconnectez l’appareil et prévenez l’assistance.",
    done: "C’est fait.",
    home: "Retour au centre d’aide",
};
