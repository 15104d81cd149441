//! Portuguese as in Brazil.

use super::Account;

pub(in super::super) const ACCOUNT: Account = Account {
    title: "Sua conta",
    from: |label| format!("Seu nome e seu endereço vêm de {label} e só podem ser alterados lá."),
    second_step: "Segunda etapa",
    app_since: |when| format!("Aplicativo autenticador, configurado em {when}"),
    no_app: "Nenhum aplicativo autenticador está configurado. Ele será pedido onde for necessário.",
    codes_left: |left| match left {
        1 => "Resta 1 código de recuperação".to_owned(),
        left => format!("Restam {left} códigos de recuperação"),
    },
    codes_low: "Crie novos antes de usar o último.",
    reset_waits: |when| {
        format!(
            "Alguém pediu para remover seu aplicativo e seus códigos de recuperação. Isso acontecerá em {when}."
        )
    },
    withdraw: "Não remover",
    new_codes: "Criar novos códigos de recuperação",
    new_app: "Configurar outro aplicativo",
    proof: "Código do seu aplicativo, ou um código de recuperação",
    proof_why: "Para fazer uma alteração, confirme que é você.",
    devices: "Dispositivos conectados",
    this_device: "Este dispositivo",
    unknown_device: "Navegador desconhecido",
    used: |address, when| format!("{address}, usado por último em {when}"),
    sign_out_there: "Sair lá",
    trusted: "Navegadores confiáveis",
    trusted_why: "Aqui a segunda etapa não é pedida.",
    no_trusted: "Nenhum",
    trusted_until: |when| format!("até {when}"),
    forget: "Esquecer",
    sign_ins: "Últimas entradas",
    no_sign_ins: "Nenhuma é conhecida.",
    when: "Quando",
    address: "Endereço",
    browser: "Navegador",
    not_you: "Se alguma não foi sua, saia lá e avise o suporte.",
    done: "Feito.",
    home: "Voltar à central de ajuda",
};
