//! How long the rules take to route one typed address among 10,000 domains.

use std::hint::black_box;
use std::time::Instant;

use domain::{EmailAddress, IdpName, Timestamp};
use policy::{Mode, Outcome, Question, SignInRule, SignInRules};

const DOMAINS: usize = 10_000;
const PEOPLE: usize = 2_500;
const ROUNDS: usize = 20_000;

/// A table of one row for each kind of address.
pub(crate) fn table() -> anyhow::Result<String> {
    let rules = rules()?;
    let mut text = format!(
        "### routing, {DOMAINS} domains in {DOMAINS} rules, {PEOPLE} single addresses\n\n| address | µs per decision | worst of {ROUNDS} |\n|---|---|---|\n"
    );
    for (name, email) in [
        ("of the last domain", format!("ann@company{}.example", DOMAINS - 1)),
        ("of a subdomain, longest match", "ann@a.b.c.company5001.example".to_owned()),
        ("single, among people", format!("vip{}@company0.example", PEOPLE - 1)),
        ("of no domain", "ann@elsewhere.example".to_owned()),
    ] {
        let (mean, worst) = measure(&rules, &email)?;
        text += &format!("| {name} | {mean:.2} | {worst:.1} |\n");
    }
    Ok(text)
}

/// Mean and worst time of one decision, parsing of the address included, in microseconds.
fn measure(rules: &SignInRules, email: &str) -> anyhow::Result<(f64, f64)> {
    let (site, host) = ("help".parse()?, "help.example.com".parse()?);
    let mut worst: f64 = 0.0;
    let began = Instant::now();
    for _ in 0..ROUNDS {
        let one = Instant::now();
        let email: EmailAddress = black_box(email).parse()?;
        let question = Question {
            email: Some(&email),
            site: &site,
            host: &host,
            portal: Some("3"),
            hint: None,
            remembered: None,
            linked: None,
            now: Timestamp::from_seconds(0),
        };
        black_box(rules.route(&question));
        worst = worst.max(one.elapsed().as_secs_f64() * 1e6);
    }
    Ok((began.elapsed().as_secs_f64() * 1e6 / ROUNDS as f64, worst))
}

fn rules() -> anyhow::Result<SignInRules> {
    let mut rules = Vec::new();
    let mut speakers = Vec::new();
    for n in 0..DOMAINS {
        let idp: IdpName = format!("idp-{}", n % 100).parse()?;
        let exact = format!("company{n}.example").parse()?;
        let domains = vec![exact, format!("*.company{n}.example").parse()?];
        let outcome = Outcome::Use { idp: idp.clone(), mode: Mode::Required, fallback: None };
        speakers.push((idp, domains.clone()));
        rules.push(SignInRule { domains, ..SignInRule::for_all(outcome, n + 1) });
    }
    let people = (0..PEOPLE).map(|n| format!("vip{n}@company0.example").parse());
    let people = people.collect::<Result<_, _>>()?;
    rules.push(SignInRule { people, ..SignInRule::for_all(Outcome::UpstreamLogin, DOMAINS + 1) });
    Ok(SignInRules::new(rules, speakers))
}
