//! The letters in five languages: what happened, what to do if it was somebody else.

use domain::{Language, Timestamp};

use super::{Addressee, Later, Letter};
use crate::pages::moment_text;

/// Subject and body.
pub(super) fn text(letter: &Letter, to: &Addressee) -> (String, String) {
    let language = to.language();
    let words = words(language, letter, &to.site);
    let t = around(language);
    let body = format!(
        "{hello} {name},\n\n{what}\n\n{advice}\n\n{site}\n{url}\n\n{automatic}\n",
        hello = t.hello,
        name = to.name,
        what = words.what,
        advice = words.advice,
        site = to.site,
        url = to.url,
        automatic = t.automatic,
    );
    (format!("{}: {}", to.site, words.subject), body)
}

/// What one letter says.
struct Words {
    subject: &'static str,
    what: String,
    advice: &'static str,
}

/// What stands around every letter.
struct Around {
    hello: &'static str,
    automatic: &'static str,
}

fn around(language: Language) -> Around {
    match language {
        Language::English => Around {
            hello: "Hello",
            automatic: "This message was sent automatically. It never asks for a password or a code.",
        },
        Language::German => Around {
            hello: "Guten Tag",
            automatic: "Diese Nachricht wurde automatisch versandt. Sie fragt nie nach einem Passwort oder Code.",
        },
        Language::French => Around {
            hello: "Bonjour",
            automatic: "Ce message a été envoyé automatiquement. Il ne demande jamais de mot de passe ni de code.",
        },
        Language::Spanish => Around {
            hello: "Hola",
            automatic: "Este mensaje se ha enviado automáticamente. Nunca pide una contraseña ni un código.",
        },
        Language::Portuguese => Around {
            hello: "Olá",
            automatic: "Esta mensagem foi enviada automaticamente. Ela nunca pede senha nem código.",
        },
    }
}

fn words(language: Language, letter: &Letter, site: &str) -> Words {
    match language {
        Language::English => english(letter, site),
        Language::German => german(letter, site),
        Language::French => french(letter, site),
        Language::Spanish => spanish(letter, site),
        Language::Portuguese => portuguese(letter, site),
    }
}

fn at(language: Language, due: Timestamp) -> String {
    moment_text(language, due)
}

fn english(letter: &Letter, site: &str) -> Words {
    let advice = "If this was not you, tell support at once: somebody may know your password.";
    match letter {
        Letter::Enrolled => Words {
            subject: "an authenticator app was set up",
            what: format!("From now on, signing in to {site} can ask for a code of your app."),
            advice,
        },
        Letter::RecoveryCodeUsed { left } => Words {
            subject: "a recovery code was used",
            what: format!("A recovery code was used to sign in to {site}. {left} are left."),
            advice,
        },
        Letter::ResetRequested { due } => Words {
            subject: "somebody asked to reset your second step",
            what: format!(
                "Somebody who signed in as you asked to remove your authenticator app and recovery codes. This will happen on {}.",
                at(Language::English, *due)
            ),
            advice: "If this was not you, sign in with your app or withdraw the request on your account page, and tell support: somebody may know your password.",
        },
        Letter::StayedAway { receipt, later, .. } => Words {
            subject: "your access ends soon",
            what: format!(
                "You have not signed in to {site} for a long time. Your access ends on {}, unless you sign in before.",
                at(Language::English, receipt.until)
            ),
            advice: match later {
                Later::Opens => "Signing in once is enough to keep it. If you sign in later than that, this opens it again.",
                Later::NeedsSupport => "Signing in once is enough to keep it. Later than that, only support can open it again.",
            },
        },
        Letter::ResetDone => Words {
            subject: "your second step was reset",
            what: "Your authenticator app, recovery codes and trusted browsers no longer count, and you were signed out everywhere. You can set up an app at your next sign-in.".to_owned(),
            advice,
        },
    }
}

fn german(letter: &Letter, site: &str) -> Words {
    let advice = "Wenn Sie das nicht waren, melden Sie es bitte sofort dem Support: Jemand kennt vielleicht Ihr Passwort.";
    match letter {
        Letter::Enrolled => Words {
            subject: "Eine Authenticator-App wurde eingerichtet",
            what: format!(
                "Ab jetzt kann bei der Anmeldung bei {site} ein Code Ihrer App verlangt werden."
            ),
            advice,
        },
        Letter::RecoveryCodeUsed { left } => Words {
            subject: "Ein Wiederherstellungscode wurde benutzt",
            what: format!(
                "Ein Wiederherstellungscode wurde zur Anmeldung bei {site} benutzt. Es sind noch {left} übrig."
            ),
            advice,
        },
        Letter::ResetRequested { due } => Words {
            subject: "Jemand möchte Ihren zweiten Schritt zurücksetzen",
            what: format!(
                "Jemand, der sich als Sie angemeldet hat, möchte Ihre Authenticator-App und Ihre Wiederherstellungscodes entfernen. Das geschieht am {}.",
                at(Language::German, *due)
            ),
            advice: "Wenn Sie das nicht waren, melden Sie sich mit Ihrer App an oder ziehen Sie den Antrag auf Ihrer Kontoseite zurück, und melden Sie es dem Support: Jemand kennt vielleicht Ihr Passwort.",
        },
        Letter::StayedAway { receipt, later, .. } => Words {
            subject: "Ihr Zugang endet bald",
            what: format!(
                "Sie haben sich schon lange nicht mehr bei {site} angemeldet. Ihr Zugang endet am {}, wenn Sie sich vorher nicht anmelden.",
                at(Language::German, receipt.until)
            ),
            advice: match later {
                Later::Opens => "Eine Anmeldung genügt, um ihn zu behalten. Melden Sie sich später an, wird er dadurch wieder geöffnet.",
                Later::NeedsSupport => "Eine Anmeldung genügt, um ihn zu behalten. Danach kann ihn nur der Support wieder öffnen.",
            },
        },
        Letter::ResetDone => Words {
            subject: "Ihr zweiter Schritt wurde zurückgesetzt",
            what: "Ihre Authenticator-App, Ihre Wiederherstellungscodes und vertrauten Browser gelten nicht mehr, und Sie wurden überall abgemeldet. Bei der nächsten Anmeldung können Sie eine App einrichten.".to_owned(),
            advice,
        },
    }
}

fn french(letter: &Letter, site: &str) -> Words {
    let advice = "Si ce n’était pas vous, prévenez tout de suite l’assistance : quelqu’un connaît peut-être votre mot de passe.";
    match letter {
        Letter::Enrolled => Words {
            subject: "une application d’authentification a été configurée",
            what: format!(
                "Désormais, la connexion à {site} peut demander un code de votre application."
            ),
            advice,
        },
        Letter::RecoveryCodeUsed { left } => Words {
            subject: "un code de secours a été utilisé",
            what: format!(
                "Un code de secours a été utilisé pour se connecter à {site}. Il en reste {left}."
            ),
            advice,
        },
        Letter::ResetRequested { due } => Words {
            subject: "quelqu’un a demandé à réinitialiser votre deuxième étape",
            what: format!(
                "Quelqu’un qui s’est connecté en votre nom a demandé de retirer votre application d’authentification et vos codes de secours. Cela aura lieu le {}.",
                at(Language::French, *due)
            ),
            advice: "Si ce n’était pas vous, connectez-vous avec votre application ou retirez la demande sur la page de votre compte, et prévenez l’assistance : quelqu’un connaît peut-être votre mot de passe.",
        },
        Letter::StayedAway { receipt, later, .. } => Words {
            subject: "votre accès prend bientôt fin",
            what: format!(
                "Vous ne vous êtes pas connecté à {site} depuis longtemps. Votre accès prendra fin le {}, sauf si vous vous connectez avant.",
                at(Language::French, receipt.until)
            ),
            advice: match later {
                Later::Opens => "Une seule connexion suffit pour le garder. Une connexion plus tardive le rouvrira.",
                Later::NeedsSupport => "Une seule connexion suffit pour le garder. Ensuite, seule l’assistance pourra le rouvrir.",
            },
        },
        Letter::ResetDone => Words {
            subject: "votre deuxième étape a été réinitialisée",
            what: "Votre application d’authentification, vos codes de secours et vos navigateurs de confiance ne comptent plus, et vous avez été déconnecté partout. Vous pourrez configurer une application à la prochaine connexion.".to_owned(),
            advice,
        },
    }
}

fn spanish(letter: &Letter, site: &str) -> Words {
    let advice =
        "Si no fue usted, avise enseguida al soporte: alguien puede conocer su contraseña.";
    match letter {
        Letter::Enrolled => Words {
            subject: "se configuró una aplicación de autenticación",
            what: format!(
                "A partir de ahora, al iniciar sesión en {site} se puede pedir un código de su aplicación."
            ),
            advice,
        },
        Letter::RecoveryCodeUsed { left } => Words {
            subject: "se usó un código de recuperación",
            what: format!(
                "Se usó un código de recuperación para iniciar sesión en {site}. Quedan {left}."
            ),
            advice,
        },
        Letter::ResetRequested { due } => Words {
            subject: "alguien pidió restablecer su segundo paso",
            what: format!(
                "Alguien que inició sesión en su nombre pidió quitar su aplicación de autenticación y sus códigos de recuperación. Esto ocurrirá el {}.",
                at(Language::Spanish, *due)
            ),
            advice: "Si no fue usted, inicie sesión con su aplicación o retire la petición en la página de su cuenta, y avise al soporte: alguien puede conocer su contraseña.",
        },
        Letter::StayedAway { receipt, later, .. } => Words {
            subject: "su acceso termina pronto",
            what: format!(
                "Hace mucho tiempo que no inicia sesión en {site}. Su acceso terminará el {}, a menos que inicie sesión antes.",
                at(Language::Spanish, receipt.until)
            ),
            advice: match later {
                Later::Opens => "Basta con iniciar sesión una vez para conservarlo. Si lo hace más tarde, se volverá a abrir.",
                Later::NeedsSupport => "Basta con iniciar sesión una vez para conservarlo. Después, solo el soporte podrá volver a abrirlo.",
            },
        },
        Letter::ResetDone => Words {
            subject: "su segundo paso se restableció",
            what: "Su aplicación de autenticación, sus códigos de recuperación y sus navegadores de confianza ya no valen, y se cerraron todas sus sesiones. Podrá configurar una aplicación la próxima vez que inicie sesión.".to_owned(),
            advice,
        },
    }
}

fn portuguese(letter: &Letter, site: &str) -> Words {
    let advice = "Se não foi você, avise o suporte imediatamente: alguém pode saber a sua senha.";
    match letter {
        Letter::Enrolled => Words {
            subject: "um aplicativo autenticador foi configurado",
            what: format!(
                "A partir de agora, a entrada em {site} pode pedir um código do seu aplicativo."
            ),
            advice,
        },
        Letter::RecoveryCodeUsed { left } => Words {
            subject: "um código de recuperação foi usado",
            what: format!(
                "Um código de recuperação foi usado para entrar em {site}. Restam {left}."
            ),
            advice,
        },
        Letter::ResetRequested { due } => Words {
            subject: "alguém pediu para redefinir sua segunda etapa",
            what: format!(
                "Alguém que entrou como você pediu para remover seu aplicativo autenticador e seus códigos de recuperação. Isso acontecerá em {}.",
                at(Language::Portuguese, *due)
            ),
            advice: "Se não foi você, entre com seu aplicativo ou retire o pedido na página da sua conta, e avise o suporte: alguém pode saber a sua senha.",
        },
        Letter::StayedAway { receipt, later, .. } => Words {
            subject: "seu acesso termina em breve",
            what: format!(
                "Faz muito tempo que você não entra em {site}. Seu acesso terminará em {}, a menos que você entre antes.",
                at(Language::Portuguese, receipt.until)
            ),
            advice: match later {
                Later::Opens => "Basta entrar uma vez para mantê-lo. Se você entrar depois, ele será reaberto.",
                Later::NeedsSupport => "Basta entrar uma vez para mantê-lo. Depois, somente o suporte poderá reabri-lo.",
            },
        },
        Letter::ResetDone => Words {
            subject: "sua segunda etapa foi redefinida",
            what: "Seu aplicativo autenticador, seus códigos de recuperação e seus navegadores confiáveis não valem mais, e você foi desconectado em todos os lugares. Você poderá configurar um aplicativo na próxima entrada.".to_owned(),
            advice,
        },
    }
}
