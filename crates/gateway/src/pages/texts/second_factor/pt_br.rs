//! Brazilian Portuguese.

use super::SecondFactor;

pub(in crate::pages::texts) const SECOND_FACTOR: SecondFactor = SecondFactor {
    title: "Confirme que é você",
    at_sign_in: |site| format!("{site} pede uma segunda etapa ao entrar."),
    at_page: |site| format!("{site} pede uma segunda etapa antes de abrir esta página."),
    open_app: |account| format!("Abra seu aplicativo autenticador e digite o código de {account}."),
    code: "Código do seu aplicativo",
    confirm: "Confirmar",
    trust: |days| match days {
        1 => "Não perguntar de novo neste navegador por um dia".to_owned(),
        days => format!("Não perguntar de novo neste navegador por {days} dias"),
    },
    no_code: "Não tenho um código",
    wrong: "Esse código não confere. Verifique o relógio do seu telefone; o nosso marca",
    wrong_recovery: "Esse não é nenhum dos seus códigos de recuperação.",
    used: "Esse código já foi usado. Aguarde o próximo, por favor.",
    too_many: |wait| {
        format!("Muitos códigos estavam errados. Você poderá tentar de novo em {wait}.")
    },
    protect: "Proteja o seu acesso",
    scan: "Escaneie esta imagem com um aplicativo autenticador no seu telefone.",
    picture: "Código QR para um aplicativo autenticador",
    open_in_app: "Abrir em um aplicativo autenticador neste aparelho",
    by_hand: "Ou digite esta chave no aplicativo:",
    copy: "Copiar",
    copied: "Copiado",
    first_code: "Código que o aplicativo mostra agora",
    later: "Agora não",
    codes: "Guarde estes códigos de recuperação",
    codes_why: "Se você perder o telefone, cada um deles permite entrar uma vez. Eles não podem ser mostrados de novo.",
    download: "Baixar",
    print: "Imprimir",
    end: "Os quatro últimos caracteres de um deles",
    end_wrong: "Nenhum dos códigos termina assim.",
    codes_gone: "Seus códigos de recuperação foram mostrados uma vez. Digite o final de um que você guardou, ou peça novos.",
    new_codes: "Criar novos códigos",
    recovery: "Usar um código de recuperação",
    recovery_why: "Digite um dos códigos que você guardou ao configurar o aplicativo. Cada um vale uma vez.",
    recovery_code: "Código de recuperação",
    lost: "Sem um código à mão?",
    lost_why: "Com um código de recuperação você entra na hora.",
    reset_why: |hours| {
        format!(
            "Sem ele, você pode pedir uma redefinição. Depois de {hours} horas poderá configurar um novo aplicativo. Quem entrar com um código até lá a interrompe."
        )
    },
    reset: "Pedir uma redefinição",
    reset_waits: "Uma redefinição foi pedida",
    reset_due: |moment| {
        format!(
            "Você poderá configurar um novo aplicativo depois de {moment}. Se encontrar o telefone antes, basta entrar com um código: isso interrompe a redefinição."
        )
    },
    back: "Voltar ao código",
};
