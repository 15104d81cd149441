//! Spanish.

use super::SecondFactor;

pub(in crate::pages::texts) const SECOND_FACTOR: SecondFactor = SecondFactor {
    title: "Confirme que es usted",
    at_sign_in: |site| format!("{site} pide un segundo paso al iniciar sesión."),
    at_page: |site| format!("{site} pide un segundo paso antes de abrir esta página."),
    open_app: |account| {
        format!("Abra su aplicación de autenticación y escriba el código para {account}.")
    },
    code: "Código de su aplicación",
    confirm: "Confirmar",
    trust: |days| match days {
        1 => "No volver a preguntar en este navegador durante un día".to_owned(),
        days => format!("No volver a preguntar en este navegador durante {days} días"),
    },
    no_code: "No tengo un código",
    wrong: "Ese código no coincide. Compruebe la hora de su teléfono; la nuestra es",
    wrong_recovery: "Ese no es ninguno de sus códigos de recuperación.",
    used: "Ese código ya se utilizó. Espere al siguiente, por favor.",
    too_many: |wait| {
        format!("Demasiados códigos eran erróneos. Podrá intentarlo de nuevo en {wait}.")
    },
    protect: "Proteja su inicio de sesión",
    scan: "Escanee esta imagen con una aplicación de autenticación en su teléfono.",
    picture: "Código QR para una aplicación de autenticación",
    open_in_app: "Abrir en una aplicación de autenticación de este dispositivo",
    by_hand: "O escriba esta clave en la aplicación:",
    copy: "Copiar",
    copied: "Copiado",
    first_code: "Código que la aplicación muestra ahora",
    later: "Ahora no",
    codes: "Guarde estos códigos de recuperación",
    codes_why: "Si pierde su teléfono, cada uno le permite entrar una vez. No se pueden volver a mostrar.",
    download: "Descargar",
    print: "Imprimir",
    end: "Los cuatro últimos caracteres de uno de ellos",
    end_wrong: "Ninguno de los códigos termina así.",
    codes_gone: "Sus códigos de recuperación se mostraron una vez. Escriba el final de uno que haya guardado, o pida que se creen otros.",
    new_codes: "Crear códigos nuevos",
    recovery: "Usar un código de recuperación",
    recovery_why: "Escriba uno de los códigos que guardó al configurar su aplicación. Cada uno sirve una vez.",
    recovery_code: "Código de recuperación",
    lost: "¿No tiene un código a mano?",
    lost_why: "Con un código de recuperación entra enseguida.",
    reset_why: |hours| {
        format!(
            "Sin él, puede pedir un restablecimiento. Pasadas {hours} horas podrá configurar una aplicación nueva. Quien inicie sesión con un código hasta entonces lo detiene."
        )
    },
    reset: "Pedir un restablecimiento",
    reset_waits: "Se ha pedido un restablecimiento",
    reset_due: |moment| {
        format!(
            "Podrá configurar una aplicación nueva después del {moment}. Si antes encuentra su teléfono, inicie sesión con un código: eso detiene el restablecimiento."
        )
    },
    back: "Volver al código",
};
