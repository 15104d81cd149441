//! Spanish, formal.

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
    account: super::account::ES,
    refused: REFUSED,
    parking: parking::ES,
    second_factor: second_factor::ES,
    setting_up: setting_up::ES,
    moment,
    since: |m| format!("el {}", moment(m)),
    since_today,
    notice,
};

const SIGN_IN: SignIn = SignIn {
    title: "Iniciar sesión",
    title_at: |site| format!("Iniciar sesión en {site}"),
    for_request: "Está abriendo una solicitud de soporte.",
    email: "Correo electrónico del trabajo",
    email_wrong: "Escriba una dirección de correo electrónico, por ejemplo nombre@empresa.com.",
    go_on: "Continuar",
    or_choose: "O elija su organización",
    last_time: "La última vez usó",
    or_another: "O elija otra organización",
    with: |label| format!("Continuar con {label}"),
    narrow: "Buscar su organización",
    none_found: "Ninguna organización tiene ese nombre.",
    choose_how: "Elija cómo iniciar sesión",
    own: "Usar el acceso propio del centro de ayuda",
    other_address: "Usar otra dirección de correo",
    leads_to: |label, host| format!("Iniciará sesión en {label} ({host})."),
    not_yours: "¿No es su empresa?",
    going_to: |label| format!("De camino a {label}"),
    goes_by_itself: "Si no ocurre nada en unos segundos, pulse el botón.",
    as_whom: |name| format!("¿Continuar como {name}?"),
    unasked: |label, site| {
        format!(
            "{label} quiere iniciar su sesión en {site}. Continúe solo si usted mismo acaba de pedirlo."
        )
    },
    instead_of: |name| {
        format!("Ahora tiene una sesión abierta como {name}; esa sesión se cerrará.")
    },
    rather_not: "No iniciar sesión",
};

const SIGN_OUT: SignOut = SignOut {
    title: "Cerrar sesión",
    question: |site| format!("¿Cerrar la sesión en {site}?"),
    signed_in_as: |name| format!("Ha iniciado sesión como {name}."),
    stay: "Mantener la sesión",
    under_way: "Cerrando su sesión",
    asking: |label| format!("También cerramos su sesión en {label}."),
    done: "Ha cerrado la sesión",
    ended: "Cerrada",
    untouched: "No afectada",
    still_signed_in: "Su sesión allí sigue abierta",
    no_answer: "Sin respuesta; es posible que su sesión allí siga abierta",
    end_it_there: "Cerrarla allí",
    shared_computer: "En un equipo compartido, cierre también las demás sesiones o cierre el navegador.",
    again: "Volver a iniciar sesión",
    help_center: "Sesión propia del centro de ayuda",
};

const OPERATOR: Operator = Operator {
    test_of: |label| format!("Prueba de {label}"),
    mapped: "Lo que hace de ello un inicio de sesión",
    follows: "Lo que seguiría",
    received: "Lo que llegó",
    nothing_written: "Ha sido una prueba: nadie ha iniciado sesión y no se ha guardado nada.",
    would_succeed: "Un inicio de sesión real se aceptaría",
    would_fail: "Un inicio de sesión real se rechazaría",
    warnings: "Advertencias",
    no_warnings: "Ninguna",
    name: "Nombre",
    value: "Valor",
    emergency: "Acceso de emergencia",
    admits: |name, until| {
        format!(
            "Este enlace inicia la sesión de {name} sin el proveedor de identidad. Sirve una sola vez, hasta el {until}."
        )
    },
    recorded: "Su uso queda registrado y se notifica de inmediato.",
    use_it: "Iniciar sesión ahora",
};

const REFUSED: Refused = Refused {
    code: "Si pide ayuda, indique este código:",
    again_in: "Nuevo intento en {} segundos.",
    stop: "No volver a intentarlo",
    for_your_it: "Texto para su propio departamento de informática",
    to_your_it: letter,
    subject: "Acceso al centro de ayuda: falta la dirección de correo",
    copy: "Copiar el texto",
    copied: "Copiado",
    mail: "Enviar por correo",
};

const MONTHS: [&str; 12] = [
    "enero",
    "febrero",
    "marzo",
    "abril",
    "mayo",
    "junio",
    "julio",
    "agosto",
    "septiembre",
    "octubre",
    "noviembre",
    "diciembre",
];

fn moment(m: &Moment) -> String {
    let month = m.month_of(MONTHS);
    format!("{} de {month} de {}, {:02}:{:02} (UTC)", m.day, m.year, m.hour, m.minute)
}

/// «La una», every other hour is plural.
fn since_today(m: &Moment) -> String {
    let article = if m.hour == 1 { "la" } else { "las" };
    format!("{article} {:02}:{:02} (UTC)", m.hour, m.minute)
}

fn letter(letter: &Letter<'_>) -> String {
    let Letter { site, host, code, moment } = letter;
    format!(
        "Hola:\n\nNo puedo iniciar sesión en {site} (https://{host}). Nuestro proveedor de identidad no envió mi dirección de correo electrónico en su respuesta. Por favor, permitan que la dirección de correo de nuestras cuentas se envíe a esta aplicación.\n\nCódigo de referencia: {code}\nFecha: {moment}\n\nGracias"
    )
}

fn notice(notice: Notice, circumstances: &Circumstances<'_>) -> Words {
    let who = circumstances.provider.unwrap_or("El acceso de su empresa");
    let whom = circumstances.provider.unwrap_or("el acceso de su empresa");
    let again = Some("Volver a intentarlo");
    let afresh = Some("Empezar de nuevo");
    let other_way = Some("Elegir otra forma");
    let kept = "Conservamos la página que pidió.";
    match notice {
        Notice::ProviderDenied => Words::new(
            format!("{who} no le ha dado acceso"),
            "El inicio de sesión allí se canceló o se rechazó. Puede volver a intentarlo o elegir otra forma.",
            again,
        ),
        Notice::ProviderUnreachable => Words::new(
            match circumstances.since {
                Some(since) => format!("{who} no responde desde {since}"),
                None => format!("{who} no responde"),
            },
            format!("En este momento no es posible iniciar sesión allí. {kept}"),
            Some("Intentarlo ahora"),
        ),
        Notice::AnswerNotAccepted => Words::new(
            format!("{who} ha enviado una respuesta que no podemos aceptar"),
            "No hemos podido confirmar que la respuesta sea para usted. Vuelva a intentarlo; si ocurre de nuevo, indique el código de abajo a su departamento de informática.",
            again,
        ),
        Notice::AddressMissing => Words::new(
            format!("{who} no nos ha enviado su dirección de correo electrónico"),
            "Sin ella no sabemos cuál es su cuenta. Su propio departamento de informática puede solucionarlo: envíele el texto siguiente.",
            again,
        ),
        Notice::AddressNotAllowed => Words::new(
            format!("Esta dirección no se puede usar con {whom}"),
            "Elija el acceso que corresponde a su dirección de correo electrónico.",
            other_way,
        ),
        Notice::StartAgain => Words::new(
            "Este inicio de sesión ya no se reconoce",
            "Ya terminó o comenzó hace demasiado tiempo. Empiece de nuevo.",
            afresh,
        ),
        Notice::AnswerUsed => Words::new(
            "Este inicio de sesión ya se utilizó",
            format!(
                "Cada respuesta vale una sola vez; al volver atrás aparece una antigua. {kept}"
            ),
            afresh,
        ),
        Notice::TookTooLong => Words::new(
            "Este inicio de sesión ha tardado demasiado",
            format!("Por su seguridad debe terminar en 30 minutos. {kept}"),
            afresh,
        ),
        Notice::OtherBrowser => Words::new(
            "Este inicio de sesión comenzó en otro navegador",
            "Un inicio de sesión debe terminar en el navegador en el que comenzó. Puede empezar de nuevo en este.",
            Some("Empezar de nuevo aquí"),
        ),
        Notice::ClockWrong => Words::new(
            "Dos relojes no coinciden",
            format!(
                "{who} indica una hora demasiado distinta de la nuestra, por lo que no podemos aceptar la respuesta. Vuelva a intentarlo dentro de un minuto; si ocurre de nuevo, indique el código de abajo a su departamento de informática."
            ),
            again,
        ),
        Notice::ProviderNotInUse => Words::new(
            format!("{who} no se utiliza para iniciar sesión aquí"),
            "Se ha desactivado en este centro de ayuda. Elija otra forma de iniciar sesión.",
            other_way,
        ),
        Notice::LinkOver => Words::new(
            "Este enlace ya no es válido",
            "Sirve una sola vez y durante poco tiempo. Pida uno nuevo.",
            None,
        ),
        Notice::AccountLinkedElsewhere => Words::new(
            "Esta dirección ya pertenece a otra forma de acceso",
            "Inicie sesión como lo hacía antes, o pida a soporte que una las dos.",
            other_way,
        ),
        Notice::AccountUnusable => Words::new(
            "Su cuenta de soporte no se puede usar",
            "Se ha dado de baja o pertenece a otro tipo de acceso. Póngase en contacto con soporte.",
            again,
        ),
        Notice::AccountEnded => Words::new(
            "Su acceso se ha dado de baja",
            "Alguien que administra este centro de ayuda tiene que volver a abrir su cuenta. Póngase en contacto con su persona de contacto.",
            None,
        ),
        Notice::AccountAsked => Words::new(
            "Su acceso se ha dado de baja",
            "Hemos pedido a quienes administran este centro de ayuda que vuelvan a abrir su cuenta. Inténtelo más tarde o consulte a su persona de contacto.",
            again,
        ),
        Notice::AtlassianAccount => Words::new(
            "Use el acceso de Atlassian con esta dirección",
            "Esta dirección pertenece a una cuenta de Atlassian. Inicie sesión con esa cuenta en Atlassian.",
            Some("Ir al acceso de Atlassian"),
        ),
        Notice::SupportUnavailable => Words::new(
            "El portal de soporte no responde",
            format!("{kept} Vuelva a intentarlo dentro de un minuto."),
            again,
        ),
        Notice::TryAgainLater => Words::new(
            "Vuelva a intentarlo en un momento",
            "Algo de nuestro lado no responde ahora mismo. Si tenía la sesión abierta, la conserva.",
            again,
        ),
        Notice::NotPermitted => Words::new(
            "No puede iniciar sesión aquí",
            "Esta dirección no está admitida en el centro de ayuda. Si cree que es un error, consulte a su persona de contacto.",
            Some("Usar otra dirección"),
        ),
        Notice::NotFound => Words::new(
            "Aquí no hay nada",
            "La dirección es incorrecta o ya no se usa.",
            Some("Ir al centro de ayuda"),
        ),
        Notice::BadRequest => Words::new(
            "No se ha entendido la solicitud",
            "Vuelva al centro de ayuda e inténtelo de nuevo desde allí.",
            Some("Ir al centro de ayuda"),
        ),
        Notice::TooManyTries => Words::new(
            "Demasiadas direcciones en poco tiempo",
            "Se han introducido muchas direcciones desde su red. Espere un minuto y vuelva a intentarlo.",
            again,
        ),
        Notice::CookiesNeeded => Words::new(
            "Su navegador no ha guardado nuestra cookie",
            "Para iniciar sesión hace falta una cookie. Permita las cookies de este sitio, o abra el enlace fuera del modo privado, y vuelva a intentarlo.",
            again,
        ),
        Notice::FormTooLarge
        | Notice::FormNotKept
        | Notice::ParkedElsewhere
        | Notice::ParkedSent
        | Notice::ParkedUncertain
        | Notice::ParkedOver
        | Notice::ParkedWaits => parking::ES.words(notice),
    }
}
