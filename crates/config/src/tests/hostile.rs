//! Secrets in the wrong place, bombs, mutations.

use super::fixture::{PLANTED, SAMPLE, folder, parse, uncommented};

/// Every place where a careless hand may put a secret, as literal text and in wrong shapes.
#[test]
fn a_planted_secret_is_in_no_message() {
    let folder = folder();
    let shapes = [
        PLANTED.to_owned(),
        format!("\"{PLANTED}\""),
        format!("[{PLANTED}]"),
        format!("{{ value: {PLANTED} }}"),
        format!("{{ {PLANTED}: x }}"),
        format!("{{ env: {PLANTED} }}"),
        format!("{{ env: [{PLANTED}] }}"),
        format!("{{ file: {{ {PLANTED}: x }} }}"),
    ];
    let places = [
        "{ env: JSM_TOKEN }",
        "{ file: secrets/globex }",
        "{ file: tls/help.key }",
        "{ file: keys/sealing-1 }",
        "{ file: keys/assertion-1.pem }",
    ];
    for place in places {
        for shape in &shapes {
            let text = SAMPLE.replacen(place, shape, 1);
            let problems = parse(&text, folder.path()).unwrap_err();
            assert!(!problems.to_string().contains(PLANTED), "{shape} for {place}: {problems}");
        }
    }
}

#[test]
fn what_a_secret_file_holds_is_in_no_message_even_when_it_is_wrong() {
    let folder = folder();
    for (from, to) in [
        ("keys/sealing-1", "secrets/globex"),
        ("keys/assertion-1.pem", "secrets/globex"),
        ("tls/help.key", "secrets/globex"),
        ("tls/help.pem", "secrets/globex"),
        ("tls/internal-ca.pem", "secrets/globex"),
    ] {
        let problems = parse(&uncommented().replace(from, to), folder.path()).unwrap_err();
        assert!(!problems.to_string().contains(PLANTED), "{problems}");
    }
}

#[test]
fn a_misspelt_key_does_not_show_its_value() {
    let folder = folder();
    let text = SAMPLE
        .replace("client_secret: { file: secrets/globex }", &format!("client_secre: {PLANTED}"));
    let printed = parse(&text, folder.path()).unwrap_err().to_string();
    assert!(printed.contains("nearest known name: `client_secret`"), "{printed}");
    assert!(!printed.contains(PLANTED), "{printed}");
}

#[test]
fn settings_print_no_secret() {
    let folder = folder();
    let settings = parse(SAMPLE, folder.path()).unwrap();
    assert!(!format!("{settings:?}").contains(PLANTED));
}

#[test]
fn control_characters_of_the_file_do_not_reach_the_terminal() {
    let folder = folder();
    let text = SAMPLE.replace("use: globex, ", "use: \"\\e[2J\\r\", ");
    let printed = parse(&text, folder.path()).unwrap_err().to_string();
    assert!(!printed.contains(['\u{1b}', '\r']), "{printed:?}");
}

#[test]
fn bombs_are_refused() {
    let folder = folder();
    let deep_flow = format!("links: {}", "[".repeat(200));
    let deep_block: String = (0..200).map(|n| format!("{}a:\n", " ".repeat(n))).collect();
    let large = format!("links: [] #{}", "x".repeat(1024 * 1024));
    let mut laughs = "a0: &a0 [x, x]\n".to_owned();
    for n in 1..40 {
        laughs += &format!("a{n}: &a{n} [*a{p}, *a{p}]\n", p = n - 1);
    }
    for (bomb, expected) in [
        (deep_flow, "the nesting is too deep"),
        (deep_block, "the nesting is too deep"),
        (large, "more than 1 MiB"),
        (laughs, "aliases (`*name`) are not read"),
    ] {
        let printed = parse(&bomb, folder.path()).unwrap_err().to_string();
        assert!(printed.contains(expected), "{}", &printed[..printed.len().min(300)]);
    }
}

/// Twenty thousand unknown keys are twenty thousand problems, not twenty thousand squared steps.
#[test]
fn many_keys_are_no_bomb() {
    let folder = folder();
    let keys: String = (0..20_000).map(|n| format!("k{n}: 1\n")).collect();
    assert!(parse(&keys, folder.path()).unwrap_err().problems.len() >= 20_000);
}

/// Seeded, so a failure comes again. Whatever is refused is refused with a reason.
#[test]
fn mutations_of_the_sample_never_panic() {
    let folder = folder();
    let text = uncommented();
    let lines: Vec<&str> = text.lines().collect();
    let mut random = Xorshift(0x5eed_2026);
    for _ in 0..800 {
        let mut mutated: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
        for _ in 0..=random.below(3) {
            mutate(&mut mutated, &mut random);
        }
        let text = mutated.join("\n");
        if let Err(problems) = parse(&text, folder.path()) {
            assert!(!problems.to_string().contains("report this as a bug"), "{text}");
        }
    }
}

/// Bits that mean something to YAML or to one of our parsers.
const BITS: [&str; 16] = [
    "[", "]", "{", "}", ":", "- ", "&a ", "*a", "!x ", "'", "\"", "\t", "\u{0}", "é", "~",
    "\n---\n",
];

fn mutate(lines: &mut Vec<String>, random: &mut Xorshift) {
    let at = random.below(lines.len());
    let other = random.below(lines.len());
    match random.below(6) {
        0 => drop(lines.remove(at)),
        1 => lines.swap(at, other),
        2 => lines.insert(at, lines[other].clone()),
        3 => lines[at].insert_str(0, &" ".repeat(random.below(4))),
        4 => {
            let cut = random.below(lines[at].chars().count() + 1);
            lines[at] = lines[at].chars().take(cut).collect();
        }
        _ => {
            let place = random.below(lines[at].chars().count() + 1);
            let byte = lines[at].char_indices().nth(place).map_or(lines[at].len(), |(i, _)| i);
            lines[at].insert_str(byte, BITS[random.below(BITS.len())]);
        }
    }
}

struct Xorshift(u64);

impl Xorshift {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % bound as u64).unwrap()
    }
}
