//! Signs customers in without a screen and looks whether everything came about.

use std::process::Stdio;

use anyhow::{Context as _, bail, ensure};
use fakes::http_client::{Answer, Browser, PageForm};

use crate::process;
use crate::world::World;

/// Where a customer wants to go.
const LINK: &str = "/servicedesk/customer/portal/1/SUP-1042?x=1";

/// More pages than a sign-in has.
const PAGES: usize = 8;

/// One customer over SAML and one over OpenID Connect must reach the page and be in JSM; somebody
/// who is not who they say must not.
pub(crate) async fn walk(world: &World) -> anyhow::Result<()> {
    for (email, name, organization) in
        [("ann@acme.example", "Ann Archer", "Acme"), ("gil@globex.example", "Gil Garcia", "Globex")]
    {
        let page = sign_in(world, email, email).await?;
        let wanted = format!("{}{LINK}", world.url);
        ensure!(page.url.as_str().split('#').next() == Some(&wanted), "{email} is at {}", page.url);
        let text = page.text();
        let signed_in = format!("Signed in as {name} &lt;{email}&gt;");
        ensure!(text.contains(&signed_in), "the page does not know {email}: {text}");
        let customers = world.jsm.customers();
        let Some(customer) = customers.iter().find(|c| c.email == email) else {
            bail!("{email} is not a customer in JSM");
        };
        let members = world.jsm.organization_members(organization);
        ensure!(members.contains(&customer.id), "{email} is not in {organization}");
        ensure!(world.jsm.desk_members("1").contains(&customer.id), "{email} is not on the desk");
    }
    impostor(world).await
}

/// Somebody at Acme with an address of Initech is refused, and the operator can learn why.
async fn impostor(world: &World) -> anyhow::Result<()> {
    let page = sign_in(world, "ann@acme.example", "ida@initech.example").await?;
    let text = page.text();
    let code = text.split_once("class=\"reference\">").and_then(|(_, rest)| rest.get(..9));
    let code = code.with_context(|| format!("the impostor is not refused: {text}"))?;
    let is_known = world.jsm.customers().iter().any(|c| c.email == "ida@initech.example");
    ensure!(!is_known, "JSM has heard of the impostor");
    let why = process::command(&world.folder, &format!("why {code}"))?
        .stdout(Stdio::piped())
        .output()
        .context("`vestibule why`")?;
    let said = String::from_utf8_lossy(&why.stdout);
    ensure!(why.status.success() && said.contains(code), "`vestibule why {code}` says: {said}");
    Ok(())
}

/// From the deep link through all pages, as a customer would click: types `typed`, is `email` at
/// the identity provider.
async fn sign_in(world: &World, typed: &str, email: &str) -> anyhow::Result<Answer> {
    let mut browser = Browser::trusting(&world.authority);
    let mut page = browser.open(&format!("{}{LINK}", world.url)).await?;
    for _ in 0..PAGES {
        let arrived = page.url.path().starts_with("/servicedesk/");
        let Some(form) = PageForm::all(&page).into_iter().next().filter(|_| !arrived) else {
            return Ok(page);
        };
        page = browser.submit(&filled(form, typed, email)).await?;
    }
    bail!("{email} gets no further than {}: {}", page.url, page.text())
}

fn filled(form: PageForm, typed: &str, email: &str) -> PageForm {
    let asks = |name: &str| form.fields.iter().any(|(n, _)| n == name);
    let at_identity_provider = matches!(form.action.path(), "/sso" | "/authorize");
    match (asks("email"), at_identity_provider) {
        (true, _) => form.with("email", typed),
        (false, true) => form.with("person", email),
        (false, false) => form,
    }
}
