//! The page of somebody whose account is being made.

/// Its texts.
#[derive(Debug)]
pub(crate) struct SettingUp {
    pub(crate) title: &'static str,
    /// Said while it only takes a while.
    pub(crate) under_way: &'static str,
    /// Said while JSM does not answer.
    pub(crate) saved: &'static str,
    pub(crate) account: StepText,
    pub(crate) organizations: StepText,
    pub(crate) portals: StepText,
    pub(crate) look: &'static str,
}

/// The line of one step. Whole, since "ready" follows the number and gender of its noun in some
/// languages, and punctuation is not the same in all.
#[derive(Debug)]
pub(crate) struct StepText {
    done: &'static str,
    waits: &'static str,
}

impl StepText {
    /// The line of a step that is `done`, or under way.
    pub(crate) fn of(&self, done: bool) -> &'static str {
        if done { self.done } else { self.waits }
    }
}

pub(super) const EN: SettingUp = SettingUp {
    title: "Setting up your account",
    under_way: "This takes a few seconds. This page goes on by itself, to the page that you asked for.",
    saved: "Saved. The support portal does not answer at the moment; we let you in as soon as it does. You can leave this page open, or close it and come back by your link.",
    account: StepText { done: "Your account: ready", waits: "Your account: under way" },
    organizations: StepText {
        done: "Your organization: ready",
        waits: "Your organization: under way",
    },
    portals: StepText {
        done: "Your support portals: ready",
        waits: "Your support portals: under way",
    },
    look: "Look now",
};

pub(super) const DE: SettingUp = SettingUp {
    title: "Ihr Konto wird eingerichtet",
    under_way: "Das dauert einige Sekunden. Diese Seite führt von selbst weiter, zu der Seite, die Sie aufgerufen haben.",
    saved: "Gespeichert. Das Supportportal antwortet im Moment nicht; wir lassen Sie ein, sobald es antwortet. Sie können diese Seite offen lassen oder sie schließen und über Ihren Link wiederkommen.",
    account: StepText { done: "Ihr Konto: fertig", waits: "Ihr Konto: in Arbeit" },
    organizations: StepText {
        done: "Ihre Organisation: fertig",
        waits: "Ihre Organisation: in Arbeit",
    },
    portals: StepText {
        done: "Ihre Supportportale: fertig",
        waits: "Ihre Supportportale: in Arbeit",
    },
    look: "Jetzt nachsehen",
};

pub(super) const FR: SettingUp = SettingUp {
    title: "Votre compte est en cours de création",
    under_way: "Cela prend quelques secondes. Cette page vous mène d’elle-même à la page demandée.",
    saved: "C’est enregistré. Le portail d’assistance ne répond pas pour le moment ; nous vous ferons entrer dès qu’il répondra. Vous pouvez laisser cette page ouverte, ou la fermer et revenir par votre lien.",
    account: StepText { done: "Votre compte : prêt", waits: "Votre compte : en cours" },
    organizations: StepText {
        done: "Votre organisation : prête",
        waits: "Votre organisation : en cours",
    },
    portals: StepText {
        done: "Vos portails d’assistance : prêts",
        waits: "Vos portails d’assistance : en cours",
    },
    look: "Vérifier maintenant",
};

pub(super) const ES: SettingUp = SettingUp {
    title: "Estamos preparando su cuenta",
    under_way: "Tardará unos segundos. Esta página le llevará por sí sola a la página que ha pedido.",
    saved: "Guardado. El portal de soporte no responde en este momento; le dejaremos entrar en cuanto responda. Puede dejar esta página abierta, o cerrarla y volver con su enlace.",
    account: StepText { done: "Su cuenta: lista", waits: "Su cuenta: en curso" },
    organizations: StepText {
        done: "Su organización: lista", waits: "Su organización: en curso"
    },
    portals: StepText {
        done: "Sus portales de soporte: listos",
        waits: "Sus portales de soporte: en curso",
    },
    look: "Comprobar ahora",
};

pub(super) const PT_BR: SettingUp = SettingUp {
    title: "Estamos preparando sua conta",
    under_way: "Isso leva alguns segundos. Esta página segue sozinha para a página que você pediu.",
    saved: "Salvo. O portal de suporte não responde no momento; deixaremos você entrar assim que ele responder. Você pode deixar esta página aberta, ou fechá-la e voltar pelo seu link.",
    account: StepText { done: "Sua conta: pronta", waits: "Sua conta: em andamento" },
    organizations: StepText {
        done: "Sua organização: pronta",
        waits: "Sua organização: em andamento",
    },
    portals: StepText {
        done: "Seus portais de suporte: prontos",
        waits: "Seus portais de suporte: em andamento",
    },
    look: "Verificar agora",
};
