//! Portuguese as in Brazil.

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
    account: super::account::PT_BR,
    refused: REFUSED,
    parking: parking::PT_BR,
    second_factor: second_factor::PT_BR,
    setting_up: setting_up::PT_BR,
    moment,
    since: moment,
    since_today,
    notice,
};

const SIGN_IN: SignIn = SignIn {
    title: "Entrar",
    title_at: |site| format!("Entrar em {site}"),
    for_request: "Você está abrindo uma solicitação de suporte.",
    email: "E-mail de trabalho",
    email_wrong: "Digite um endereço de e-mail, por exemplo nome@empresa.com.br.",
    go_on: "Continuar",
    or_choose: "Ou escolha sua organização",
    last_time: "Da última vez você usou",
    or_another: "Ou escolha outra organização",
    with: |label| format!("Continuar com {label}"),
    narrow: "Encontrar sua organização",
    none_found: "Nenhuma organização tem esse nome.",
    choose_how: "Escolha como entrar",
    own: "Usar o acesso próprio da central de ajuda",
    other_address: "Usar outro endereço de e-mail",
    leads_to: |label, host| format!("Você vai entrar por {label} ({host})."),
    not_yours: "Não é a sua empresa?",
    going_to: |label| format!("A caminho de {label}"),
    goes_by_itself: "Se nada acontecer em alguns segundos, pressione o botão.",
    as_whom: |name| format!("Continuar como {name}?"),
    unasked: |label, site| {
        format!(
            "{label} quer conectar você a {site}. Continue somente se você mesmo acabou de pedir isso."
        )
    },
    instead_of: |name| {
        format!("Agora você está conectado como {name}; essa sessão será encerrada.")
    },
    rather_not: "Não entrar",
};

const SIGN_OUT: SignOut = SignOut {
    title: "Sair",
    question: |site| format!("Sair de {site}?"),
    signed_in_as: |name| format!("Você está conectado como {name}."),
    stay: "Continuar conectado",
    under_way: "Encerrando sua sessão",
    asking: |label| format!("Também estamos encerrando sua sessão em {label}."),
    done: "Você saiu",
    ended: "Encerrada",
    untouched: "Não afetada",
    still_signed_in: "Você ainda está conectado lá",
    no_answer: "Sem resposta; talvez você ainda esteja conectado lá",
    end_it_there: "Encerrar lá",
    shared_computer: "Em um computador compartilhado, encerre também as outras sessões ou feche o navegador.",
    again: "Entrar novamente",
    help_center: "Sessão própria da central de ajuda",
};

const OPERATOR: Operator = Operator {
    test_of: |label| format!("Teste de {label}"),
    mapped: "O que um login faz disso",
    follows: "O que viria a seguir",
    received: "O que chegou",
    nothing_written: "Isto foi um teste: ninguém entrou e nada foi gravado.",
    would_succeed: "Um acesso real seria aceito",
    would_fail: "Um acesso real seria recusado",
    warnings: "Avisos",
    no_warnings: "Nenhum",
    name: "Nome",
    value: "Valor",
    emergency: "Acesso de emergência",
    admits: |name, until| {
        format!(
            "Este link conecta {name} sem o provedor de identidade. Ele vale uma única vez, até {until}."
        )
    },
    recorded: "O uso é registrado e comunicado imediatamente.",
    use_it: "Entrar agora",
};

const REFUSED: Refused = Refused {
    code: "Se pedir ajuda, informe este código:",
    again_in: "Nova tentativa em {} segundos.",
    stop: "Não tentar de novo",
    for_your_it: "Texto para a equipe de TI da sua empresa",
    to_your_it: letter,
    subject: "Acesso à central de ajuda: falta o endereço de e-mail",
    copy: "Copiar o texto",
    copied: "Copiado",
    mail: "Enviar por e-mail",
};

const MONTHS: [&str; 12] = [
    "janeiro",
    "fevereiro",
    "março",
    "abril",
    "maio",
    "junho",
    "julho",
    "agosto",
    "setembro",
    "outubro",
    "novembro",
    "dezembro",
];

fn moment(m: &Moment) -> String {
    // The first of a month is an ordinal.
    let day = if m.day == 1 { "1º".to_owned() } else { m.day.to_string() };
    let month = m.month_of(MONTHS);
    format!("{day} de {month} de {}, {:02}:{:02} (UTC)", m.year, m.hour, m.minute)
}

/// “A zero hora” and “a uma”; every other hour is plural.
fn since_today(m: &Moment) -> String {
    let article = if m.hour <= 1 { "a" } else { "as" };
    format!("{article} {:02}:{:02} (UTC)", m.hour, m.minute)
}

fn letter(letter: &Letter<'_>) -> String {
    let Letter { site, host, code, moment } = letter;
    format!(
        "Olá,\n\nNão consigo entrar em {site} (https://{host}). Nosso provedor de identidade não enviou meu endereço de e-mail na resposta. Por favor, liberem o endereço de e-mail das nossas contas para este aplicativo.\n\nCódigo de referência: {code}\nData: {moment}\n\nObrigado"
    )
}

fn notice(notice: Notice, circumstances: &Circumstances<'_>) -> Words {
    let who = circumstances.provider.unwrap_or("O acesso da sua empresa");
    let whom = circumstances.provider.unwrap_or("o acesso da sua empresa");
    let again = Some("Tentar novamente");
    let afresh = Some("Começar de novo");
    let other_way = Some("Escolher outra forma");
    let kept = "Guardamos a página que você pediu.";
    match notice {
        Notice::ProviderDenied => Words::new(
            format!("{who} não liberou seu acesso"),
            "O acesso lá foi cancelado ou recusado. Você pode tentar novamente ou escolher outra forma.",
            again,
        ),
        Notice::ProviderUnreachable => Words::new(
            match circumstances.since {
                Some(since) => format!("{who} não responde desde {since}"),
                None => format!("{who} não responde"),
            },
            format!("No momento não é possível entrar por lá. {kept}"),
            Some("Tentar agora"),
        ),
        Notice::AnswerNotAccepted => Words::new(
            format!("{who} enviou uma resposta que não pudemos aceitar"),
            "Não conseguimos confirmar que a resposta é para você. Tente novamente; se acontecer de novo, informe o código abaixo à equipe de TI da sua empresa.",
            again,
        ),
        Notice::AddressMissing => Words::new(
            format!("{who} não nos enviou seu endereço de e-mail"),
            "Sem ele não sabemos qual conta é a sua. A equipe de TI da sua empresa pode resolver isso: envie a ela o texto abaixo.",
            again,
        ),
        Notice::AddressNotAllowed => Words::new(
            format!("Este endereço não pode ser usado com {whom}"),
            "Escolha a forma de acesso que corresponde ao seu endereço de e-mail.",
            other_way,
        ),
        Notice::StartAgain => Words::new(
            "Este acesso não é mais conhecido",
            "Ele já foi concluído ou começou há muito tempo. Comece de novo.",
            afresh,
        ),
        Notice::AnswerUsed => Words::new(
            "Este acesso já foi usado",
            format!("Cada resposta vale uma única vez; ao voltar, aparece uma antiga. {kept}"),
            afresh,
        ),
        Notice::TookTooLong => Words::new(
            "Este acesso demorou demais",
            format!("Para sua segurança, ele precisa terminar em até 30 minutos. {kept}"),
            afresh,
        ),
        Notice::OtherBrowser => Words::new(
            "Este acesso começou em outro navegador",
            "Um acesso precisa terminar no navegador em que começou. Você pode começar de novo neste.",
            Some("Começar de novo aqui"),
        ),
        Notice::ClockWrong => Words::new(
            "Dois relógios não coincidem",
            format!(
                "{who} informa um horário muito diferente do nosso, por isso não podemos aceitar a resposta. Tente novamente em um minuto; se acontecer de novo, informe o código abaixo à equipe de TI da sua empresa."
            ),
            again,
        ),
        Notice::ProviderNotInUse => Words::new(
            format!("{who} não é usado para entrar aqui"),
            "Essa forma foi desativada nesta central de ajuda. Escolha outra forma de entrar.",
            other_way,
        ),
        Notice::LinkOver => Words::new(
            "Este link não vale mais",
            "Ele funciona uma única vez e por pouco tempo. Peça um novo.",
            None,
        ),
        Notice::AccountLinkedElsewhere => Words::new(
            "Este endereço já pertence a outra forma de acesso",
            "Entre da forma que usava antes ou peça ao suporte que junte as duas.",
            other_way,
        ),
        Notice::AccountUnusable => Words::new(
            "Sua conta de suporte não pode ser usada",
            "Ela foi encerrada ou pertence a outro tipo de acesso. Fale com o suporte.",
            again,
        ),
        Notice::AccountEnded => Words::new(
            "Seu acesso foi encerrado",
            "Alguém que cuida desta central de ajuda precisa abrir sua conta novamente. Fale com seu contato.",
            None,
        ),
        Notice::AccountAsked => Words::new(
            "Seu acesso foi encerrado",
            "Pedimos a quem cuida desta central de ajuda que abra sua conta novamente. Tente mais tarde ou fale com seu contato.",
            again,
        ),
        Notice::AtlassianAccount => Words::new(
            "Use o acesso da Atlassian para este endereço",
            "Este endereço pertence a uma conta Atlassian. Entre com essa conta na Atlassian.",
            Some("Ir para o acesso da Atlassian"),
        ),
        Notice::SupportUnavailable => Words::new(
            "O portal de suporte não responde",
            format!("{kept} Tente novamente em um minuto."),
            again,
        ),
        Notice::TryAgainLater => Words::new(
            "Tente novamente em instantes",
            "Algo do nosso lado não está respondendo agora. Se você estava conectado, continua conectado.",
            again,
        ),
        Notice::NotPermitted => Words::new(
            "Você não pode entrar aqui",
            "Este endereço não é aceito nesta central de ajuda. Se acha que isso está errado, fale com seu contato.",
            Some("Usar outro endereço"),
        ),
        Notice::NotFound => Words::new(
            "Não há nada aqui",
            "O endereço está errado ou não é mais usado.",
            Some("Ir para a central de ajuda"),
        ),
        Notice::BadRequest => Words::new(
            "Não foi possível entender a solicitação",
            "Volte à central de ajuda e tente novamente a partir de lá.",
            Some("Ir para a central de ajuda"),
        ),
        Notice::TooManyTries => Words::new(
            "Muitos endereços em pouco tempo",
            "Muitos endereços foram digitados a partir da sua rede. Aguarde um minuto e tente novamente.",
            again,
        ),
        Notice::CookiesNeeded => Words::new(
            "Seu navegador não guardou nosso cookie",
            "Para entrar é preciso um cookie. Permita cookies para este site ou abra o link fora do modo privado e tente novamente.",
            again,
        ),
        Notice::FormTooLarge
        | Notice::FormNotKept
        | Notice::ParkedElsewhere
        | Notice::ParkedSent
        | Notice::ParkedUncertain
        | Notice::ParkedOver
        | Notice::ParkedWaits => parking::PT_BR.words(notice),
    }
}
