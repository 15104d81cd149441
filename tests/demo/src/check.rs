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

/// One customer each over SAML, OpenID Connect and OAuth 2.0 must reach the page, be in JSM and be
/// signed out again; somebody who is not who they say must not.
pub(crate) async fn walk(world: &World) -> anyhow::Result<()> {
    for (email, name, organization) in [
        ("ann@acme.example", "Ann Archer", "Acme"),
        ("gil@globex.example", "Gil Garcia", "Globex"),
        ("hal@hooli.example", "Hal Hopper", "Hooli"),
    ] {
        let mut browser = Browser::trusting(&world.authority);
        let page = sign_in(&mut browser, world, email, email).await?;
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
        sign_out(&mut browser, world, email).await?;
    }
    ensure!(world.acme.sessions().is_empty(), "Ann is still signed in at Acme");
    ensure!(world.globex.sessions().is_empty(), "Gil is still signed in at Globex");
    connection_test(world)?;
    impostor(world).await
}

/// The operator gets a link by which a connection can be tried.
fn connection_test(world: &World) -> anyhow::Result<()> {
    let made = process::command(&world.folder, "idp test initech")?
        .stdout(Stdio::piped())
        .output()
        .context("`vestibule idp test`")?;
    let said = String::from_utf8_lossy(&made.stdout);
    let link = format!("{}/.vestibule/test/", world.url);
    ensure!(made.status.success() && said.starts_with(&link), "`vestibule idp test` says: {said}");
    Ok(())
}

/// Through all pages of signing out, as a customer would click.
async fn sign_out(browser: &mut Browser, world: &World, email: &str) -> anyhow::Result<()> {
    let mut page = browser.open(&format!("{}/.vestibule/sign-out", world.url)).await?;
    for _ in 0..PAGES {
        if page.text().contains("You are signed out") {
            let again = browser.open(&format!("{}{LINK}", world.url)).await?;
            ensure!(again.url.path().ends_with("/sign-in"), "{email} is not signed out");
            return Ok(());
        }
        let form = PageForm::all(&page).into_iter().next();
        let form = form.with_context(|| format!("{email} cannot sign out: {}", page.text()))?;
        page = browser.submit(&form).await?;
    }
    bail!("{email} gets no further than {}: {}", page.url, page.text())
}

/// Somebody at Acme with an address of Initech is refused, and the operator can learn why.
async fn impostor(world: &World) -> anyhow::Result<()> {
    let mut browser = Browser::trusting(&world.authority);
    let page = sign_in(&mut browser, world, "ann@acme.example", "ida@initech.example").await?;
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
/// the identity provider. Stops where a second factor is asked for.
pub(crate) async fn sign_in(
    browser: &mut Browser,
    world: &World,
    typed: &str,
    email: &str,
) -> anyhow::Result<Answer> {
    let mut page = browser.open(&format!("{}{LINK}", world.url)).await?;
    for _ in 0..PAGES {
        let arrived = page.url.path().starts_with("/servicedesk/");
        let asked = page.url.path() == "/.vestibule/second-factor";
        let forms = PageForm::all(&page).into_iter();
        let Some(form) = forms.take(usize::from(!asked)).next().filter(|_| !arrived) else {
            return Ok(page);
        };
        page = browser.submit(&filled(form, typed, email)).await?;
    }
    bail!("{email} gets no further than {}: {}", page.url, page.text())
}

fn filled(form: PageForm, typed: &str, email: &str) -> PageForm {
    let asks = |name: &str| form.fields.iter().any(|(n, _)| n == name);
    let at_identity_provider =
        matches!(form.action.path(), "/sso" | "/authorize" | "/login/oauth/authorize");
    match (asks("email"), at_identity_provider) {
        (true, _) => form.with("email", typed),
        (false, true) => form.with("person", email),
        (false, false) => form,
    }
}
