//! The tables, side by side.

use super::Parking;

pub(crate) const EN: Parking = Parking {
    question: "Send what you wrote?",
    lead: "Your sign-in had ended when you sent this form. We kept it for you; nothing has been sent yet.",
    to: "To",
    size: "Size",
    units: ("kB", "MB"),
    written: "Written",
    kept_until: "Kept until",
    send: "Send now",
    delete: "Delete without sending",
    kept: "What you sent is kept. Sign in, and you can send it on.",
    unsent: "What you were sending has not been sent. To keep it, go back to it, sign in in another tab, and send it then.",
    signed_in: ("You are signed in", "You can close this window and go on where you were."),
    too_large: (
        "This form is too large to be kept",
        "Your sign-in has ended, and nothing has been sent. Go back: the browser still has what you wrote. Sign in in another tab, then send the form again.",
        "Sign in in a new tab",
    ),
    not_kept: (
        "We could not keep what you wrote",
        "Your sign-in has ended, and nothing has been sent. Go back: the browser still has what you wrote. Sign in in another tab, then send the form again.",
        "Sign in in a new tab",
    ),
    elsewhere: (
        "This form is not yours to send",
        "It was written by somebody else, or in another browser. If it was you with another account: sign out, and sign in with that account. It is kept meanwhile.",
        "Sign out",
    ),
    sent: (
        "This was already sent",
        "It was sent once and is not sent again. You find it among your requests.",
        "Go to the help center",
    ),
    uncertain: (
        "This was sent, but no answer came",
        "Please look among your requests first. So that nothing happens twice, we do not send it again; if it is not there, please write it anew.",
        "Go to the help center",
    ),
    over: (
        "This form is no longer kept",
        "Its time was over, or it was deleted. It was not sent.",
        "Go to the help center",
    ),
    waits: (
        "This could not be sent yet",
        "The support portal does not answer at the moment. Nothing has been sent, and what you wrote is still kept. Please try again in a minute.",
        "Try again",
    ),
};

pub(crate) const DE: Parking = Parking {
    question: "Ihre Eingaben jetzt senden?",
    lead: "Ihre Anmeldung war abgelaufen, als Sie dieses Formular gesendet haben. Wir haben es für Sie aufgehoben; gesendet ist noch nichts.",
    to: "An",
    size: "Größe",
    units: ("kB", "MB"),
    written: "Geschrieben",
    kept_until: "Aufgehoben bis",
    send: "Jetzt senden",
    delete: "Löschen, ohne zu senden",
    kept: "Was Sie gesendet haben, ist aufgehoben. Melden Sie sich an, dann können Sie es weitersenden.",
    unsent: "Was Sie senden wollten, wurde nicht gesendet. Damit es nicht verloren geht: Gehen Sie dorthin zurück, melden Sie sich in einem anderen Tab an und senden Sie es dann.",
    signed_in: (
        "Sie sind angemeldet",
        "Sie können dieses Fenster schließen und weitermachen, wo Sie waren.",
    ),
    too_large: (
        "Dieses Formular ist zu groß, um es aufzuheben",
        "Ihre Anmeldung ist abgelaufen, und es wurde nichts gesendet. Gehen Sie zurück: Der Browser hat Ihre Eingaben noch. Melden Sie sich in einem anderen Tab an und senden Sie das Formular dann erneut.",
        "In einem neuen Tab anmelden",
    ),
    not_kept: (
        "Wir konnten Ihre Eingaben nicht aufheben",
        "Ihre Anmeldung ist abgelaufen, und es wurde nichts gesendet. Gehen Sie zurück: Der Browser hat Ihre Eingaben noch. Melden Sie sich in einem anderen Tab an und senden Sie das Formular dann erneut.",
        "In einem neuen Tab anmelden",
    ),
    elsewhere: (
        "Dieses Formular können Sie nicht senden",
        "Es wurde von jemand anderem oder in einem anderen Browser geschrieben. Falls Sie es mit einem anderen Konto waren: Melden Sie sich ab und mit jenem Konto an. Es bleibt so lange aufgehoben.",
        "Abmelden",
    ),
    sent: (
        "Das wurde bereits gesendet",
        "Es wurde einmal gesendet und wird nicht noch einmal gesendet. Sie finden es unter Ihren Anfragen.",
        "Zum Hilfe-Center",
    ),
    uncertain: (
        "Das wurde gesendet, aber es kam keine Antwort",
        "Bitte sehen Sie zuerst unter Ihren Anfragen nach. Damit nichts doppelt geschieht, senden wir es nicht noch einmal; falls es fehlt, schreiben Sie es bitte neu.",
        "Zum Hilfe-Center",
    ),
    over: (
        "Dieses Formular ist nicht mehr aufgehoben",
        "Seine Zeit war um, oder es wurde gelöscht. Gesendet wurde es nicht.",
        "Zum Hilfe-Center",
    ),
    waits: (
        "Das konnte noch nicht gesendet werden",
        "Das Supportportal antwortet im Moment nicht. Es wurde nichts gesendet, und Ihre Eingaben sind weiter aufgehoben. Bitte versuchen Sie es in einer Minute erneut.",
        "Erneut versuchen",
    ),
};

pub(crate) const FR: Parking = Parking {
    question: "Envoyer ce que vous avez écrit ?",
    lead: "Votre connexion avait expiré quand vous avez envoyé ce formulaire. Nous l’avons conservé pour vous ; rien n’a encore été envoyé.",
    to: "À",
    size: "Taille",
    units: ("ko", "Mo"),
    written: "Écrit",
    kept_until: "Conservé jusqu’au",
    send: "Envoyer maintenant",
    delete: "Supprimer sans envoyer",
    kept: "Ce que vous avez envoyé est conservé. Connectez-vous, et vous pourrez le transmettre.",
    unsent: "Ce que vous vouliez envoyer n’a pas été envoyé. Pour ne pas le perdre, revenez en arrière, connectez-vous dans un autre onglet, puis envoyez-le.",
    signed_in: (
        "Vous êtes connecté",
        "Vous pouvez fermer cette fenêtre et reprendre où vous en étiez.",
    ),
    too_large: (
        "Ce formulaire est trop volumineux pour être conservé",
        "Votre connexion a expiré et rien n’a été envoyé. Revenez en arrière : le navigateur a encore ce que vous avez écrit. Connectez-vous dans un autre onglet, puis envoyez à nouveau le formulaire.",
        "Se connecter dans un nouvel onglet",
    ),
    not_kept: (
        "Nous n’avons pas pu conserver ce que vous avez écrit",
        "Votre connexion a expiré et rien n’a été envoyé. Revenez en arrière : le navigateur a encore ce que vous avez écrit. Connectez-vous dans un autre onglet, puis envoyez à nouveau le formulaire.",
        "Se connecter dans un nouvel onglet",
    ),
    elsewhere: (
        "Vous ne pouvez pas envoyer ce formulaire",
        "Il a été écrit par quelqu’un d’autre ou dans un autre navigateur. Si c’était vous avec un autre compte, déconnectez-vous puis connectez-vous avec ce compte. Il reste conservé entre-temps.",
        "Se déconnecter",
    ),
    sent: (
        "Ceci a déjà été envoyé",
        "L’envoi a eu lieu une fois et n’est pas répété. Vous le trouverez parmi vos demandes.",
        "Aller au centre d’aide",
    ),
    uncertain: (
        "Ceci a été envoyé, mais aucune réponse n’est arrivée",
        "Veuillez d’abord regarder parmi vos demandes. Pour que rien ne se fasse deux fois, nous ne l’envoyons pas à nouveau ; si cela manque, veuillez l’écrire de nouveau.",
        "Aller au centre d’aide",
    ),
    over: (
        "Ce formulaire n’est plus conservé",
        "Son délai était écoulé ou il a été supprimé. Il n’a pas été envoyé.",
        "Aller au centre d’aide",
    ),
    waits: (
        "Ceci n’a pas encore pu être envoyé",
        "Le portail d’assistance ne répond pas pour le moment. Rien n’a été envoyé et ce que vous avez écrit reste conservé. Veuillez réessayer dans une minute.",
        "Réessayer",
    ),
};

pub(crate) const ES: Parking = Parking {
    question: "¿Enviar lo que ha escrito?",
    lead: "Su sesión había terminado cuando envió este formulario. Lo hemos guardado para usted; todavía no se ha enviado nada.",
    to: "A",
    size: "Tamaño",
    units: ("kB", "MB"),
    written: "Escrito",
    kept_until: "Se guarda hasta",
    send: "Enviar ahora",
    delete: "Eliminar sin enviar",
    kept: "Lo que envió está guardado. Inicie sesión y podrá enviarlo.",
    unsent: "Lo que iba a enviar no se ha enviado. Para no perderlo, vuelva atrás, inicie sesión en otra pestaña y envíelo entonces.",
    signed_in: ("Ha iniciado sesión", "Puede cerrar esta ventana y seguir donde estaba."),
    too_large: (
        "Este formulario es demasiado grande para guardarlo",
        "Su sesión ha terminado y no se ha enviado nada. Vuelva atrás: el navegador conserva lo que escribió. Inicie sesión en otra pestaña y envíe el formulario de nuevo.",
        "Iniciar sesión en una pestaña nueva",
    ),
    not_kept: (
        "No hemos podido guardar lo que escribió",
        "Su sesión ha terminado y no se ha enviado nada. Vuelva atrás: el navegador conserva lo que escribió. Inicie sesión en otra pestaña y envíe el formulario de nuevo.",
        "Iniciar sesión en una pestaña nueva",
    ),
    elsewhere: (
        "Usted no puede enviar este formulario",
        "Lo escribió otra persona, o se escribió en otro navegador. Si fue usted con otra cuenta, cierre la sesión e iníciela con esa cuenta. Mientras tanto se guarda.",
        "Cerrar sesión",
    ),
    sent: (
        "Esto ya se ha enviado",
        "Se envió una vez y no se vuelve a enviar. Lo encontrará entre sus solicitudes.",
        "Ir al centro de ayuda",
    ),
    uncertain: (
        "Esto se envió, pero no llegó respuesta",
        "Mire primero entre sus solicitudes. Para que nada ocurra dos veces, no lo enviamos de nuevo; si no está allí, escríbalo otra vez.",
        "Ir al centro de ayuda",
    ),
    over: (
        "Este formulario ya no se guarda",
        "Su plazo terminó o se eliminó. No se ha enviado.",
        "Ir al centro de ayuda",
    ),
    waits: (
        "Esto no se ha podido enviar todavía",
        "El portal de soporte no responde en este momento. No se ha enviado nada y lo que escribió sigue guardado. Vuelva a intentarlo en un minuto.",
        "Reintentar",
    ),
};

pub(crate) const PT_BR: Parking = Parking {
    question: "Enviar o que você escreveu?",
    lead: "Seu acesso tinha terminado quando você enviou este formulário. Nós o guardamos para você; nada foi enviado ainda.",
    to: "Para",
    size: "Tamanho",
    units: ("kB", "MB"),
    written: "Escrito",
    kept_until: "Guardado até",
    send: "Enviar agora",
    delete: "Excluir sem enviar",
    kept: "O que você enviou está guardado. Entre, e você poderá enviá-lo.",
    unsent: "O que você ia enviar não foi enviado. Para não perdê-lo, volte a ele, entre em outra aba e envie então.",
    signed_in: ("Você entrou", "Você pode fechar esta janela e continuar de onde parou."),
    too_large: (
        "Este formulário é grande demais para ser guardado",
        "Seu acesso terminou e nada foi enviado. Volte: o navegador ainda tem o que você escreveu. Entre em outra aba e envie o formulário de novo.",
        "Entrar em uma nova aba",
    ),
    not_kept: (
        "Não foi possível guardar o que você escreveu",
        "Seu acesso terminou e nada foi enviado. Volte: o navegador ainda tem o que você escreveu. Entre em outra aba e envie o formulário de novo.",
        "Entrar em uma nova aba",
    ),
    elsewhere: (
        "Você não pode enviar este formulário",
        "Ele foi escrito por outra pessoa ou em outro navegador. Se foi você com outra conta, saia e entre com essa conta. Enquanto isso, ele fica guardado.",
        "Sair",
    ),
    sent: (
        "Isto já foi enviado",
        "Foi enviado uma vez e não será enviado de novo. Você o encontra entre as suas solicitações.",
        "Ir para a central de ajuda",
    ),
    uncertain: (
        "Isto foi enviado, mas nenhuma resposta chegou",
        "Primeiro procure entre as suas solicitações. Para que nada aconteça duas vezes, não enviamos de novo; se não estiver lá, escreva novamente.",
        "Ir para a central de ajuda",
    ),
    over: (
        "Este formulário não está mais guardado",
        "O prazo terminou ou ele foi excluído. Ele não foi enviado.",
        "Ir para a central de ajuda",
    ),
    waits: (
        "Isto ainda não pôde ser enviado",
        "O portal de suporte não responde no momento. Nada foi enviado e o que você escreveu continua guardado. Tente novamente em um minuto.",
        "Tentar novamente",
    ),
};
