use super::*;

#[test]
fn addresses_are_lower_case_with_a_labels() {
    let ann: EmailAddress = "Ann.Lee+x@BÜCHER.example".parse().unwrap();
    assert_eq!(ann.as_str(), "ann.lee+x@xn--bcher-kva.example");
    assert_eq!(ann.domain().as_str(), "xn--bcher-kva.example");
    assert_eq!(ann.local_part(), "ann.lee+x");
}

/// attacks.md B27.
#[test]
fn b27_address_tricks_are_refused() {
    for text in [
        "a@good.example@evil.example",
        "@good.example",
        "a@",
        "a",
        "",
        "a b@good.example",
        "a\0@good.example",
        "a\n@good.example",
        "a@good.example\r\nX: y",
        "\"a@evil.example\"@good.example",
        "a@good.example<!-- -->.evil.example",
        "а@good.example", // a Cyrillic letter before the @
        "a@[127.0.0.1]",
        "a@127.0.0.1",
        "a@localhost",
        ".a@good.example",
        "a..b@good.example",
        "a@good..example",
        "a@-good.example",
        "a@good_name.example",
        "a@good.example,b@evil.example",
        "a@good.example;b",
    ] {
        assert!(text.parse::<EmailAddress>().is_err(), "{text:?} was accepted");
    }
}

/// attacks.md B27: what looks like another domain.
#[test]
fn b27_look_alikes_within_a_label_are_refused() {
    for text in [
        "\u{430}cme.example",               // Cyrillic а, then Latin
        "acm\u{435}.example",               // Cyrillic е at the end
        "g\u{3bf}\u{3bf}d.example",         // Greek omicrons
        "eu.\u{0455}hop.example",           // in a subdomain
        "xn--cme-5cd.example",              // the same as A-label
        "\u{ff41}cme.example",              // full-width a, which UTS 46 maps to a
        "acme\u{3002}example",              // ideographic full stop
        "ac\u{ad}me.example",               // soft hyphen, which nobody sees
        "ac\u{200b}me.example",             // zero-width space
        "acme.example\u{2024}evil.example", // one-dot leader
        "\u{202e}elpmaxe.emca",             // turned around
        "acme.\u{1d5be}xample",             // mathematical e
    ] {
        assert!(text.parse::<DomainName>().is_err(), "{text:?} was accepted");
        assert!(format!("ann@{text}").parse::<EmailAddress>().is_err(), "{text:?} was accepted");
    }
    for (text, expected) in [
        ("acme.example", "acme.example"),
        ("b\u{fc}cher.example", "xn--bcher-kva.example"),
        ("B\u{dc}CHER.example.", "xn--bcher-kva.example"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("\u{43f}\u{43e}\u{447}\u{442}\u{430}.example", "xn--80a1acny.example"),
    ] {
        let domain = text.parse::<DomainName>();
        assert_eq!(domain.as_ref().map(DomainName::as_str), Ok(expected), "{text}");
    }
    // Han, Katakana and Latin are written together.
    assert!("\u{6771}\u{4eac}\u{30bf}\u{30ef}abc-24.example".parse::<DomainName>().is_ok());
}

/// Whole names in another script can look the same, too: they are other domains, and nobody speaks
/// for them unless the operator says so.
#[test]
fn b27_a_look_alike_in_one_script_is_another_domain() {
    let evil: DomainName = "\u{430}\u{440}\u{440}\u{43e}.example".parse().unwrap();
    assert!(!"appo.example".parse::<DomainPattern>().unwrap().matches(&evil));
    assert_eq!(evil.as_str(), "xn--80a2afa.example");
}

#[test]
fn b27_what_belongs_to_an_address_is_kept() {
    for (text, expected) in [
        ("Ann@ACME.example", "ann@acme.example"),
        ("ann+vip@acme.example", "ann+vip@acme.example"),
        ("ann@acme.example.", "ann@acme.example"),
        ("o'neil_2@b\u{fc}cher.example", "o'neil_2@xn--bcher-kva.example"),
    ] {
        assert_eq!(text.parse::<EmailAddress>().unwrap().as_str(), expected);
    }
    for text in
        [" ann@acme.example", "ann@acme.example ", "ann@acme..example", "ann@acme.example.."]
    {
        assert!(text.parse::<EmailAddress>().is_err(), "{text:?} was accepted");
    }
}

#[test]
fn patterns_match_at_label_boundaries() {
    let exact: DomainPattern = "acme.example".parse().unwrap();
    let wild: DomainPattern = "*.acme.example".parse().unwrap();
    let is = |p: &DomainPattern, d: &str| p.matches(&d.parse().unwrap());
    assert!(is(&exact, "ACME.example.") && !is(&exact, "eu.acme.example"));
    assert!(is(&wild, "eu.acme.example") && is(&wild, "a.b.acme.example"));
    assert!(!is(&wild, "acme.example") && !is(&wild, "evilacme.example"));
}
