//! French.

use super::SecondFactor;

pub(in crate::pages::texts) const SECOND_FACTOR: SecondFactor = SecondFactor {
    title: "Confirmez que c’est bien vous",
    at_sign_in: |site| format!("{site} demande une seconde étape lors de la connexion."),
    at_page: |site| format!("{site} demande une seconde étape avant d’ouvrir cette page."),
    open_app: |account| {
        format!("Ouvrez votre application d’authentification et saisissez le code pour {account}.")
    },
    code: "Code de votre application",
    confirm: "Confirmer",
    trust: |days| match days {
        1 => "Ne plus demander dans ce navigateur pendant un jour".to_owned(),
        days => format!("Ne plus demander dans ce navigateur pendant {days} jours"),
    },
    no_code: "Je n’ai pas de code",
    wrong: "Ce code ne convient pas. Vérifiez l’heure de votre téléphone ; chez nous, il est",
    wrong_recovery: "Ce n’est aucun de vos codes de secours.",
    used: "Ce code a déjà été utilisé. Veuillez attendre le suivant.",
    too_many: |wait| format!("Trop de codes étaient faux. Vous pourrez réessayer dans {wait}."),
    protect: "Protégez votre connexion",
    scan: "Scannez cette image avec une application d’authentification sur votre téléphone.",
    picture: "Code QR pour une application d’authentification",
    open_in_app: "Ouvrir dans une application d’authentification sur cet appareil",
    by_hand: "Ou saisissez cette clé dans l’application :",
    copy: "Copier",
    copied: "Copié",
    first_code: "Code que l’application affiche maintenant",
    later: "Pas maintenant",
    codes: "Conservez ces codes de secours",
    codes_why: "Si vous perdez votre téléphone, chacun d’eux vous ouvre l’accès une fois. Ils ne pourront plus être affichés.",
    download: "Télécharger",
    print: "Imprimer",
    end: "Les quatre derniers caractères de l’un d’eux",
    end_wrong: "Aucun des codes ne se termine ainsi.",
    codes_gone: "Vos codes de secours ont été affichés une fois. Saisissez la fin d’un code que vous avez conservé, ou faites-en créer de nouveaux.",
    new_codes: "Créer de nouveaux codes",
    recovery: "Utiliser un code de secours",
    recovery_why: "Saisissez l’un des codes que vous avez conservés en configurant votre application. Chacun sert une fois.",
    recovery_code: "Code de secours",
    lost: "Pas de code sous la main ?",
    lost_why: "Avec un code de secours, vous entrez aussitôt.",
    reset_why: |hours| {
        format!(
            "Sans lui, vous pouvez demander une réinitialisation. Après {hours} heures, vous pourrez configurer une nouvelle application. Toute connexion avec un code l’arrête d’ici là."
        )
    },
    reset: "Demander une réinitialisation",
    reset_waits: "Une réinitialisation a été demandée",
    reset_due: |moment| {
        format!(
            "Vous pourrez configurer une nouvelle application après le {moment}. Si vous retrouvez votre téléphone avant, connectez-vous simplement avec un code : cela arrête la réinitialisation."
        )
    },
    back: "Revenir au code",
};
