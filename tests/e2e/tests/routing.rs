//! Which identity provider somebody is sent to, on what ground, and what strangers learn from it.
#![expect(clippy::expect_used, reason = "what is missing fails its test")]

use std::time::Duration;

use e2e::{Place, Scene, SceneOptions, Visitor, reference};
use fakes::http_client::{Answer, PageForm};
use fakes::saml::Flaw;
use fakes::server::Behaviour;

const PORTAL: &str = "/servicedesk/customer/portal/3";
const LINK: &str = "/servicedesk/customer/portal/1/SUP-1042";
const ACME: &str = "  - { domain: acme.example, use: acme }";
const GLOBEX: &str = "  - { domain: globex.example, use: globex }";
const OTHERWISE: &str = "{ otherwise: choose }";

async fn scene_with(instead: &[(&'static str, &str)]) -> Scene {
    let instead = instead.iter().map(|(line, other)| (*line, (*other).to_owned())).collect();
    Scene::with(SceneOptions { instead, ..SceneOptions::default() }).await
}

/// Types an address on the page of `path`; the answer may be anything.
async fn typed(browser: &mut Visitor, path: &str, email: &str) -> Answer {
    let page = browser.open(path).await;
    let form = PageForm::all(&page).into_iter().next().expect("a form").with("email", email);
    browser.step(&form).await
}

/// The address of a link with this text.
fn link(page: &Answer, text: &str) -> String {
    let whole = page.text();
    let (before, _) = whole.split_once(&format!("\">{text}</a>")).expect(text);
    let (_, href) = before.rsplit_once("href=\"").expect("an address");
    href.replace("&amp;", "&").replace("&#38;", "&")
}

/// The host to which an answer sends the browser.
fn sent_to(answer: &Answer) -> String {
    assert_eq!(answer.status, 303, "{}", answer.text());
    host_of(answer.location().expect("a redirect").as_str())
}

fn host_of(url: &str) -> String {
    url.parse::<http::Uri>().expect("a URL").authority().expect("a host").to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_portal_a_link_and_a_choice_lead_to_their_provider_in_this_order() {
    let portal = format!("{ACME}\n  - {{ portal: \"3\", use: initech }}");
    let scene = scene_with(&[(ACME, &portal)]).await;
    let (acme, initech) = (host_of(&scene.acme.metadata_url), host_of(&scene.initech.metadata_url));
    let globex = host_of(&scene.globex.issuer);
    // A rule for the portal asks for no address, and no link goes against it.
    for query in ["", "?idp=acme"] {
        let mut visitor = scene.visitor();
        let stopped = visitor.follow(&scene.url(&format!("{PORTAL}{query}"))).await;
        let page = stopped.location().expect("the sign-in page").to_string();
        assert_eq!(sent_to(&visitor.follow(&page).await), initech);
    }
    // A link names a provider, at our own address and at the page that is asked for.
    let mut visitor = scene.visitor();
    let named = scene.url("/.vestibule/sign-in?idp=globex");
    assert_eq!(sent_to(&visitor.follow(&named).await), globex);
    let stopped = visitor.follow(&scene.url(&format!("{LINK}?idp=acme"))).await;
    let page = stopped.location().expect("the sign-in page").to_string();
    assert_eq!(sent_to(&visitor.follow(&page).await), acme);
    // An address that is typed goes by its domain, whatever the link of the page says.
    let mut visitor = scene.visitor();
    assert_eq!(sent_to(&typed(&mut visitor, LINK, "gil@globex.example").await), globex);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_forged_provider_in_a_link_is_refused() {
    let scene = Scene::start().await;
    let mut visitor = scene.visitor();
    for name in ["nobody", "../acme", "%00"] {
        let before = scene.traces();
        let link = scene.url(&format!("/.vestibule/sign-in?idp={name}"));
        let refused = visitor.follow(&link).await;
        assert_eq!(refused.status, 404, "{name}: {}", refused.text());
        assert_eq!(scene.cause(&before, &refused), "idp-unknown");
    }
    let good = visitor.follow(&scene.url("/.vestibule/sign-in?idp=acme")).await;
    assert_eq!(good.status, 303, "{}", good.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_leads_past_no_rule() {
    let rule = "  - { domain: acme.example, use: acme }\n  - { people: [ann@acme.example], use: acme, mode: \"off\" }";
    let scene = scene_with(&[(ACME, rule)]).await;
    let before = scene.traces();
    let mut ann = scene.visitor();
    let at_acme = ann.follow(&scene.url("/.vestibule/sign-in?idp=acme")).await;
    let url = at_acme.location().expect("a redirect").to_string();
    let refused = scene.come_back(&mut ann, "ann@acme.example", &url).await;
    assert_eq!(refused.status, 403, "{}", refused.text());
    assert_eq!(scene.cause(&before, &refused), "denied-by-rule");
    // A colleague of hers is let in the same way.
    let mut bob = scene.visitor();
    let at_acme = bob.follow(&scene.url("/.vestibule/sign-in?idp=acme")).await;
    let url = at_acme.location().expect("a redirect").to_string();
    assert_eq!(scene.come_back(&mut bob, "bob@acme.example", &url).await.status, 303);
}

/// capabilities N16: a rule that leaves a choice is one also for somebody who has typed nothing yet.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_portal_whose_rule_leaves_a_choice_traps_nobody() {
    for mode in ["optional", "preferred"] {
        let rule = format!("{ACME}\n  - {{ portal: \"3\", use: initech, mode: {mode} }}");
        let scene = scene_with(&[(ACME, &rule)]).await;
        let mut guest = scene.visitor();
        let offer = guest.open(PORTAL).await;
        assert!(offer.text().contains("Continue with Initech"), "{mode}: {}", offer.text());
        let text = offer.text();
        let (_, value) = text.split_once("name=\"guest\" value=\"").expect("a button");
        let value = value.split('"').next().unwrap_or_default();
        let form = guest.form(&offer).with("guest", value);
        let admitted = guest.step(&form).await;
        let landed = (admitted.status, admitted.header("location"));
        assert_eq!(landed, (303, Some(PORTAL)), "{mode}: {}", admitted.text());
        // Whose company it is not is asked, and is sent where they say.
        let mut ann = scene.visitor();
        let offer = ann.open(PORTAL).await;
        let asked = ann.open(&link(&offer, "Not your company?")).await;
        assert!(asked.text().contains("Work e-mail"), "{mode}: {}", asked.text());
        let form = ann.form(&asked).with("idp", "acme");
        let at_acme = ann.step(&form).await;
        assert_eq!(sent_to(&at_acme), host_of(&scene.acme.metadata_url));
        let url = at_acme.location().expect("a redirect").to_string();
        let back = scene.come_back(&mut ann, "ann@acme.example", &url).await;
        assert_eq!((back.status, back.header("location")), (303, Some(PORTAL)), "{}", back.text());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_refusal_the_link_of_the_page_does_not_decide_again() {
    let scene = Scene::start().await;
    let mut visitor = scene.visitor();
    let stopped = visitor.follow(&scene.url(&format!("{LINK}?idp=acme"))).await;
    let page = stopped.location().expect("the sign-in page").to_string();
    let at_acme = visitor.follow(&page).await.location().expect("a redirect").to_string();
    let ann = scene.acme.person("ann");
    let form = scene.acme.respond(&at_acme, &ann, Flaw::ForeignDomainEmail);
    let refused = visitor.post_response(&form).await;
    assert_eq!(refused.status, 403, "{}", refused.text());
    let asked = visitor.open(&link(&refused, "Choose another way")).await;
    assert!(asked.status == 200 && asked.text().contains("Work e-mail"), "{}", asked.text());
    let form = visitor.form(&asked).with("email", "gil@globex.example");
    assert_eq!(sent_to(&visitor.step(&form).await), host_of(&scene.globex.issuer));
}

/// The answer to a typed address: status, names of headers, where it leads without its query, and the
/// body with address and handle replaced, which are as long for everybody.
fn shape(answer: &Answer, email: &str) -> (u16, Vec<String>, usize, String) {
    let mut headers: Vec<String> = answer.headers.keys().map(ToString::to_string).collect();
    headers.sort();
    headers.extend(answer.header("location").and_then(|l| l.split('?').next()).map(str::to_owned));
    let text = answer.text();
    let mut body = text.replace(email, "ADDRESS");
    for mark in ["name=\"attempt\" value=\"", "?attempt="] {
        let parts: Vec<String> = body
            .split(mark)
            .enumerate()
            .map(|(n, part)| match part.find('"').filter(|_| n > 0) {
                Some(end) => part.split_at(end).1.to_owned(),
                None => part.to_owned(),
            })
            .collect();
        body = parts.join(mark);
    }
    (answer.status, headers, text.len(), body)
}

/// capabilities N17: one of them is known and has been here, and nobody can tell which.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn n17_a_thousand_addresses_of_one_domain_cannot_be_told_apart() {
    let scene = Scene::start().await;
    drop(scene.signed_in("ann@acme.example").await);
    for domain in ["acme.example", "elsewhere.example"] {
        let mut visitor = scene.visitor();
        let page = visitor.open(LINK).await;
        let form = PageForm::all(&page).into_iter().next().expect("a form");
        let mut first = None;
        for n in 0..500 {
            let local = if n == 250 { "ann".to_owned() } else { format!("{n:03}") };
            let email = format!("{local}@{domain}");
            let answer = visitor.step(&form.clone().with("email", &email)).await;
            let seen = shape(&answer, &email);
            assert_eq!(*first.get_or_insert_with(|| seen.clone()), seen, "{email}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn n17_where_a_rule_names_people_typing_addresses_is_paced() {
    let rule = "  - { domain: acme.example, use: acme }\n  - { people: [vip@acme.example], use: acme, mode: preferred }";
    let scene = scene_with(&[(ACME, rule)]).await;
    let mut visitor = scene.visitor();
    let page = visitor.open(LINK).await;
    let form = PageForm::all(&page).into_iter().next().expect("a form");
    for n in 0..40 {
        let answer = visitor.step(&form.clone().with("email", &format!("u{n}@acme.example"))).await;
        assert_eq!(answer.status, 303, "{n}: {}", answer.text());
    }
    let before = scene.traces();
    let paced = visitor.step(&form.clone().with("email", "vip@acme.example")).await;
    assert_eq!((paced.status, paced.header("retry-after")), (429, Some("60")));
    assert_eq!(scene.cause(&before, &paced), "routing-too-often");
    assert_eq!(reference(&paced).len(), 9);
    scene.clock.advance(Duration::from_secs(2));
    let answer = visitor.step(&form.clone().with("email", "vip@acme.example")).await;
    assert_eq!(answer.status, 200, "the way of a single person is offered");
}

/// capabilities N16, T17.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn n16_a_fallback_is_offered_only_by_rule_and_only_while_the_provider_is_silent() {
    let rule = "  - { domain: globex.example, use: globex, fallback: upstream_login }";
    let scene = scene_with(&[(GLOBEX, rule)]).await;
    drop(scene.signed_in("gil@globex.example").await);
    drop(scene.signed_in("uma@umbrella.example").await);
    scene.clock.advance(Duration::from_secs(31));
    scene.globex.behave(Behaviour::BlackHole);
    scene.umbrella.behave(Behaviour::BlackHole);
    // Without a rule there is no button.
    let mut uma = scene.visitor();
    let refused = typed(&mut uma, LINK, "uma@umbrella.example").await;
    assert_eq!(refused.status, 503, "{}", refused.text());
    assert!(!refused.text().contains("name=\"fallback\""), "{}", refused.text());
    // With one there is, and nobody is let in before it is pressed.
    let mut gil = scene.visitor();
    let notice = typed(&mut gil, LINK, "gil@globex.example").await;
    assert_eq!(notice.status, 503, "{}", notice.text());
    assert_eq!(gil.follow(&scene.url(LINK)).await.status, 302);
    let form = PageForm::all(&notice).into_iter().next().expect("a button");
    let admitted = gil.step(&form).await;
    assert_eq!(
        (admitted.status, admitted.header("location")),
        (303, Some(LINK)),
        "{}",
        admitted.text()
    );
    assert_eq!(gil.follow(&scene.url(LINK)).await.status, 200);
    assert!(scene.audit_log().contains("\"instead_of\":\"globex\""), "{}", scene.audit_log());
    // Once the provider answers again, the button leads there.
    scene.globex.behave(Behaviour::Normal);
    scene.clock.advance(Duration::from_secs(31));
    let mut gro = scene.visitor();
    let page = gro.open(LINK).await;
    let form = PageForm::all(&page).into_iter().next().expect("a form");
    let pressed = gro.step(&form.clone().with("fallback", "gro@globex.example")).await;
    assert_eq!(sent_to(&pressed), host_of(&scene.globex.issuer));
    // Nobody falls back by pressing a button that no rule left.
    let mut una = scene.visitor();
    let page = una.open(LINK).await;
    let form = PageForm::all(&page).into_iter().next().expect("a form");
    let pressed = una.step(&form.clone().with("fallback", "una@umbrella.example")).await;
    assert!(pressed.status == 503 || pressed.status == 303, "{}", pressed.text());
    assert_eq!(una.follow(&scene.url(LINK)).await.status, 302);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rule_that_only_reports_changes_no_sign_in() {
    let rule = "{ domain: elsewhere.example, use: acme, report_only: true }";
    let acme = "  acme: { label: Acme, domains: [acme.example], ";
    let both = "  acme: { label: Acme, domains: [acme.example, elsewhere.example], ";
    let otherwise = format!("{rule}\n  - {{ otherwise: deny }}");
    let scene = scene_with(&[(OTHERWISE, &otherwise), (acme, both)]).await;
    let before = scene.traces();
    let mut stranger = scene.visitor();
    let refused = typed(&mut stranger, LINK, "somebody@elsewhere.example").await;
    assert_eq!(refused.status, 403, "{}", refused.text());
    assert_eq!(scene.cause(&before, &refused), "denied-by-rule");
}

/// Whichever way somebody comes, typed or not, the proved address is what the rule would have met.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rule_that_only_reports_says_whom_it_would_have_sent_where() {
    let rule = format!(
        "{ACME}\n  - {{ people: [ann@acme.example], use: acme, mode: \"off\", report_only: true }}"
    );
    let scene = scene_with(&[(ACME, &rule)]).await;
    let reports = || scene.audit_log().matches("\"event\":\"sign_in_reported\"").count();
    drop(scene.signed_in("ann@acme.example").await);
    assert_eq!(reports(), 1, "{}", scene.audit_log());
    let mut ann = scene.visitor();
    let at_acme = ann.follow(&scene.url("/.vestibule/sign-in/acme")).await;
    let url = at_acme.location().expect("a redirect").to_string();
    assert_eq!(scene.come_back(&mut ann, "ann@acme.example", &url).await.status, 303);
    drop(scene.signed_in("bob@acme.example").await);
    assert_eq!(reports(), 2, "{}", scene.audit_log());
    let log = scene.audit_log();
    for said in ["\"present\":\"use acme\"", "\"would\":\"use acme, mode off\""] {
        assert_eq!(log.matches(said).count(), 2, "{said}: {log}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn n16_a_fallback_is_reached_by_whoever_typed_no_address() {
    let rule = "  - { domain: globex.example, use: globex, fallback: upstream_login }\n  - { portal: \"3\", use: globex, fallback: upstream_login }";
    let scene = scene_with(&[(GLOBEX, rule)]).await;
    drop(scene.signed_in("gil@globex.example").await);
    scene.clock.advance(Duration::from_secs(31));
    scene.globex.behave(Behaviour::BlackHole);
    // By the chooser: the notice leads to where an address can be typed.
    let mut gil = scene.visitor();
    let page = gil.open(LINK).await;
    let form = gil.form(&page).with("idp", "globex");
    let notice = gil.step(&form).await;
    assert_eq!(notice.status, 503, "{}", notice.text());
    let asked = gil.open(&link(&notice, "Choose another way")).await;
    let form = gil.form(&asked).with("email", "gil@globex.example");
    let notice = gil.step(&form).await;
    assert_eq!(notice.status, 503, "{}", notice.text());
    let form = PageForm::all(&notice).into_iter().next().expect("a button");
    let admitted = gil.step(&form).await;
    let landed = (admitted.status, admitted.header("location"));
    assert_eq!(landed, (303, Some(LINK)), "{}", admitted.text());
    // By a rule for the place: the button stands there at once.
    let mut gro = scene.visitor();
    let notice = gro.open(PORTAL).await;
    assert_eq!(notice.status, 503, "{}", notice.text());
    let form = PageForm::all(&notice).into_iter().next().expect("a button");
    let admitted = gro.step(&form).await;
    let landed = (admitted.status, admitted.header("location"));
    assert_eq!(landed, (303, Some(PORTAL)), "{}", admitted.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn explain_holds_the_proved_address_against_the_rules_as_a_sign_in_does() {
    let rule = "  - { people: [vip@acme.example], use: acme }";
    let options = SceneOptions {
        instead: vec![(ACME, rule.to_owned()), (OTHERWISE, "{ otherwise: deny }".to_owned())],
        more: "second_factor:\n  - { idp: globex, require: totp }\n".to_owned(),
        gateway: Place::Process,
    };
    let scene = Scene::with(options).await;
    let by_link = scene.command(&["explain", "ann@acme.example", "--idp", "acme"]).await;
    assert_eq!(by_link.code, Some(1), "{by_link:?}");
    for said in [
        "decided by hint: sign in at `acme`, the only way",
        "with the proved address: decided by default, line",
        ": refused: a rule of sign_in denies this address",
    ] {
        assert!(by_link.out.contains(said), "{said}: {}", by_link.out);
    }
    let vip = scene.command(&["explain", "vip@acme.example", "--idp", "acme"]).await;
    assert_eq!(vip.code, Some(0), "{vip:?}");
    let line = vip.out.lines().find(|line| line.starts_with("with the proved")).expect("a line");
    assert!(line.contains("decided by people") && line.ends_with(": let in"), "{line}");
    // Who may not speak for the address is not taken for whoever signs the person in.
    let gil = ["explain", "gil@globex.example", "--idp", "acme", "--group", "staff"];
    let gil = scene.command(&gil).await;
    assert_eq!(gil.code, Some(0), "{gil:?}");
    for said in [
        "groups: staff (no rule of sign_in reads them)",
        "`acme` may not speak for this address",
        "second factor, signed in by `globex`",
        "gives Globex",
    ] {
        assert!(gil.out.contains(said), "{said}: {}", gil.out);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn explain_names_ground_line_and_what_is_needed() {
    let rule = "  - { domain: acme.example, use: acme }\n  - { portal: \"3\", use: initech }\n  - { domain: acme.example, use: acme, mode: preferred, share: 100%, from: 2099-01-01 }";
    let options = SceneOptions {
        instead: vec![(ACME, rule.to_owned()), (OTHERWISE, "{ otherwise: deny }".to_owned())],
        gateway: Place::Process,
        ..SceneOptions::default()
    };
    let scene = Scene::with(options).await;
    let file = std::fs::read_to_string(scene.file_path()).expect("the file");
    let line = |text: &str| file.lines().position(|l| l.contains(text)).expect("a line") + 1;
    let known = scene.command(&["explain", "ann@acme.example"]).await;
    assert_eq!(known.code, Some(0), "{known:?}");
    let decides =
        format!("decided by domain, line {}: sign in at `acme`", line("acme.example, use: acme }"));
    for expected in [
        decides.as_str(),
        "portal      nothing",
        "for acme.example speaks `acme`",
        "email       mail, one address within acme.example",
        "subject     NameID or sub",
    ] {
        assert!(known.out.contains(expected), "{expected}: {}", known.out);
    }
    let dead_end = scene.command(&["explain", "ann@acme.example", "--portal", "3"]).await;
    assert_eq!(dead_end.code, Some(1), "{dead_end:?}");
    let portal = format!("decided by portal, line {}", line("portal: \"3\""));
    assert!(dead_end.out.contains(&portal), "{}", dead_end.out);
    assert!(
        dead_end.out.contains("`initech` may speak for initech.example only"),
        "{}",
        dead_end.out
    );
    let by_path = scene.command(&["explain", "ann@acme.example", "--path", PORTAL]).await;
    assert_eq!((by_path.code, by_path.out.contains(&portal)), (Some(1), true), "{by_path:?}");
    let later = ["explain", "gil@globex.example", "--idp", "globex", "--at", "2099-02-01"];
    let hinted = scene.command(&later).await;
    assert!(hinted.out.contains("=> hint"), "{hinted:?}");
    let denied = scene.command(&["explain", "ann@elsewhere.example"]).await;
    assert_eq!(denied.code, Some(1), "{denied:?}");
    assert!(denied.out.contains("decided by default") && denied.out.contains("refused"));
    for wrong in [
        &["explain", "ann@acme@example"][..],
        &["explain", "ann@acme.example", "--host", "none.example"],
        &["explain", "ann@acme.example", "--idp", "nobody"],
        &["explain", "ann@acme.example", "--at", "tomorrow"],
    ] {
        assert_eq!(scene.command(wrong).await.code, Some(64), "{wrong:?}");
    }
}
