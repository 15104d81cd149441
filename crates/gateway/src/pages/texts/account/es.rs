//! Spanish.

use super::Account;

pub(in super::super) const ACCOUNT: Account = Account {
    title: "Su cuenta",
    from: |label| {
        format!("Su nombre y su dirección vienen de {label} y solo se pueden cambiar allí.")
    },
    second_step: "Segundo paso",
    app_since: |when| format!("Aplicación de autenticación, configurada el {when}"),
    no_app: "No hay ninguna aplicación de autenticación configurada. Se le pedirá donde haga falta.",
    codes_left: |left| match left {
        1 => "Queda 1 código de recuperación".to_owned(),
        left => format!("Quedan {left} códigos de recuperación"),
    },
    codes_low: "Cree nuevos antes de usar el último.",
    reset_waits: |when| {
        format!(
            "Alguien pidió quitar su aplicación y sus códigos de recuperación. Esto ocurrirá el {when}."
        )
    },
    withdraw: "No quitarlos",
    new_codes: "Crear nuevos códigos de recuperación",
    new_app: "Configurar otra aplicación",
    proof: "Código de su aplicación, o un código de recuperación",
    proof_why: "Para hacer un cambio, confirme que es usted.",
    devices: "Dispositivos con sesión iniciada",
    this_device: "Este dispositivo",
    unknown_device: "Navegador desconocido",
    used: |address, when| format!("{address}, usado por última vez el {when}"),
    sign_out_there: "Cerrar sesión allí",
    trusted: "Navegadores de confianza",
    trusted_why: "Aquí no se le pide el segundo paso.",
    no_trusted: "Ninguno",
    trusted_until: |when| format!("hasta el {when}"),
    forget: "Olvidar",
    sign_ins: "Últimos inicios de sesión",
    no_sign_ins: "No se conoce ninguno.",
    when: "Cuándo",
    address: "Dirección",
    browser: "Navegador",
    not_you: "Si alguno no fue suyo, cierre la sesión allí y avise al soporte.",
    done: "Hecho.",
    home: "Volver al centro de ayuda",
};
