//! The page of somebody whose account is being made.

/// Its texts.
#[derive(Debug)]
pub(crate) struct SettingUp {
    pub(crate) title: &'static str,
    /// Said while it only takes a while.
    pub(crate) under_way: &'static str,
    /// Said while JSM does not answer.
    pub(crate) saved: &'static str,
    pub(crate) account: &'static str,
    pub(crate) organizations: &'static str,
    pub(crate) portals: &'static str,
    pub(crate) done: &'static str,
    pub(crate) waits: &'static str,
    pub(crate) look: &'static str,
}

pub(super) const EN: SettingUp = SettingUp {
    title: "Setting up your account",
    under_way: "This takes a few seconds. This page goes on by itself, to the page that you asked for.",
    saved: "Saved. The support portal does not answer at the moment; we let you in as soon as it does. You can leave this page open, or close it and come back by your link.",
    account: "Your account",
    organizations: "Your organization",
    portals: "Your support portals",
    done: "ready",
    waits: "under way",
    look: "Look now",
};

pub(super) const DE: SettingUp = SettingUp {
    title: "Ihr Konto wird eingerichtet",
    under_way: "Das dauert einige Sekunden. Diese Seite führt von selbst weiter, zu der Seite, die Sie aufgerufen haben.",
    saved: "Gespeichert. Das Supportportal antwortet im Moment nicht; wir lassen Sie ein, sobald es antwortet. Sie können diese Seite offen lassen oder sie schließen und über Ihren Link wiederkommen.",
    account: "Ihr Konto",
    organizations: "Ihre Organisation",
    portals: "Ihre Supportportale",
    done: "fertig",
    waits: "in Arbeit",
    look: "Jetzt nachsehen",
};

pub(super) const FR: SettingUp = SettingUp {
    title: "Votre compte est en cours de création",
    under_way: "Cela prend quelques secondes. Cette page vous mène d’elle-même à la page demandée.",
    saved: "C’est enregistré. Le portail d’assistance ne répond pas pour le moment ; nous vous ferons entrer dès qu’il répondra. Vous pouvez laisser cette page ouverte, ou la fermer et revenir par votre lien.",
    account: "Votre compte",
    organizations: "Votre organisation",
    portals: "Vos portails d’assistance",
    done: "prêt",
    waits: "en cours",
    look: "Vérifier maintenant",
};

pub(super) const ES: SettingUp = SettingUp {
    title: "Estamos preparando su cuenta",
    under_way: "Tardará unos segundos. Esta página le llevará por sí sola a la página que ha pedido.",
    saved: "Guardado. El portal de soporte no responde en este momento; le dejaremos entrar en cuanto responda. Puede dejar esta página abierta, o cerrarla y volver con su enlace.",
    account: "Su cuenta",
    organizations: "Su organización",
    portals: "Sus portales de soporte",
    done: "listo",
    waits: "en curso",
    look: "Comprobar ahora",
};

pub(super) const PT_BR: SettingUp = SettingUp {
    title: "Estamos preparando sua conta",
    under_way: "Isso leva alguns segundos. Esta página segue sozinha para a página que você pediu.",
    saved: "Salvo. O portal de suporte não responde no momento; deixaremos você entrar assim que ele responder. Você pode deixar esta página aberta, ou fechá-la e voltar pelo seu link.",
    account: "Sua conta",
    organizations: "Sua organização",
    portals: "Seus portais de suporte",
    done: "pronto",
    waits: "em andamento",
    look: "Verificar agora",
};
