use super::*;

fn claim(name: &str) -> Expression {
    Expression::Claim(name.to_owned())
}

fn mapping() -> Mapping {
    Mapping {
        rules: ClaimRules {
            email: Expression::FirstOf(vec![claim("mail"), claim("upn")]),
            name: Some(claim("displayName")),
            groups: Some(claim("memberOf")),
            subject: None,
            kept: std::collections::BTreeSet::new(),
        },
        domains: vec!["acme.example".parse().unwrap()],
        tenants: BTreeMap::new(),
    }
}

fn verified(subject: Option<&str>, claims: &[(&str, &[&str])]) -> Verified {
    let list = |values: &[&str]| values.iter().map(|v| (*v).to_owned()).collect();
    Verified {
        subject: subject.map(str::to_owned),
        claims: claims.iter().map(|(name, values)| ((*name).to_owned(), list(values))).collect(),
        email_verified: None,
        idp_session: None,
        session_deadline: None,
        authentication: domain::Authentication::default(),
        remarks: Vec::new(),
    }
}

fn acme() -> IdpName {
    "acme".parse().unwrap()
}

#[test]
fn a_preview_is_the_sign_in_byte_for_byte() {
    let strange = "x".repeat(600);
    let rows: [&[(&str, &[&str])]; 9] = [
        &[("mail", &["Ann@ACME.example"]), ("displayName", &[" Ann\u{202e} "])],
        &[("upn", &["ann@acme.example"]), ("memberOf", &[" b ", "a", "b", ""])],
        &[("mail", &["ann@acme.example"]), ("memberOf", &[])],
        &[("mail", &["ann@other.example"])],
        &[("mail", &["a@acme.example", "b@acme.example"])],
        &[("mail", &["ann"])],
        &[],
        &[("mail", &["ann@acme.example"]), ("memberOf", &["a\u{0}"])],
        &[("mail", &["ann@acme.example"]), ("memberOf", &[strange.as_str()])],
    ];
    for claims in rows {
        for subject in [Some("s-1"), None] {
            let preview = mapping().preview(&acme(), verified(subject, claims));
            let signed_in = mapping().identity(&acme(), verified(subject, claims));
            assert_eq!(format!("{:?}", preview.identity), format!("{signed_in:?}"));
            let Ok(identity) = signed_in else { continue };
            let values: Vec<_> = preview.fields.iter().map(|field| field.value.clone()).collect();
            let one = |text: &str| Some(vec![text.to_owned()]);
            let expected = [
                one(identity.person.subject.as_str()),
                one(identity.email.as_str()),
                one(&identity.display_name),
                identity.groups.clone(),
            ];
            assert_eq!(values, expected);
        }
    }
}

#[test]
fn a_preview_shows_expression_claim_and_value() {
    let claims: &[(&str, &[&str])] =
        &[("upn", &["Ann@acme.example"]), ("memberOf", &[" staff ", "staff"])];
    let preview = mapping().preview(&acme(), verified(Some("s-1"), claims));
    let [subject, email, name, groups] = preview.fields;
    assert_eq!(subject.expression, "NameID or sub");
    assert_eq!(email.expression, "first of mail, upn");
    let found = email.found.unwrap();
    assert_eq!(
        (found.claim.as_deref(), found.values[0].as_str()),
        (Some("upn"), "Ann@acme.example")
    );
    assert_eq!(email.value.unwrap(), ["ann@acme.example"]);
    assert_eq!((name.found, name.value.unwrap()), (None, vec!["ann@acme.example".to_owned()]));
    assert_eq!(groups.value.unwrap(), ["staff"]);
}

#[test]
fn a_transient_name_is_no_subject_unless_an_attribute_is_named() {
    let claims: &[(&str, &[&str])] = &[("mail", &["ann@acme.example"]), ("employeeNumber", &["7"])];
    let error = mapping().identity(&acme(), verified(None, claims)).unwrap_err();
    assert_eq!(error, SignInError::SubjectMissing("NameID or sub".to_owned()));
    let mut named = mapping();
    named.rules.subject = Some(claim("employeeNumber"));
    let identity = named.identity(&acme(), verified(None, claims)).unwrap();
    assert_eq!(identity.person.subject.as_str(), "7");
    // A named attribute that is not sent does not fall back to a name that may change.
    named.rules.subject = Some(claim("employeeId"));
    let error = named.identity(&acme(), verified(Some("s-1"), claims)).unwrap_err();
    assert_eq!(error, SignInError::SubjectMissing("employeeId".to_owned()));
}

#[test]
fn preferred_username_and_name_id_count_only_where_they_are_named() {
    let claims: &[(&str, &[&str])] = &[("preferred_username", &["ann@acme.example"])];
    let from = |rule: Expression, subject: Option<&str>| {
        let mut mapping = mapping();
        mapping.rules.email = rule;
        mapping.identity(&acme(), verified(subject, claims)).map(|i| i.email.as_str().to_owned())
    };
    let named = Expression::FirstOf(vec![claim("mail"), claim("preferred_username")]);
    assert_eq!(from(named, Some("s-1")).unwrap(), "ann@acme.example");
    assert!(from(claim("mail"), Some("ann@acme.example")).is_err());
    assert_eq!(from(claim(NAME_ID), Some("bob@acme.example")).unwrap(), "bob@acme.example");
    assert!(from(claim(NAME_ID), None).is_err(), "a transient NameID was taken");
}

#[test]
fn b26_a_tenant_speaks_for_its_own_domains_alone() {
    let domains = |names: &[&str]| names.iter().map(|name| name.parse().unwrap()).collect();
    let mut mapping = mapping();
    mapping.domains = domains(&["acme.example", "globex.example"]);
    mapping.tenants = [("a", "acme.example"), ("g", "globex.example"), ("o", "other.example")]
        .map(|(id, own)| (id.to_owned(), domains(&[own])))
        .into();
    let signs_in = |tenants: &[&str], mail: &str| {
        let claims: [(&str, &[&str]); 2] = [("mail", &[mail]), ("tid", tenants)];
        mapping.identity(&acme(), verified(Some("s"), &claims)).is_ok()
    };
    assert!(signs_in(&["a"], "ann@acme.example") && signs_in(&["g"], "gil@globex.example"));
    assert!(!signs_in(&["a"], "gil@globex.example"), "one tenant spoke for another");
    assert!(!signs_in(&["o"], "oz@other.example"), "beyond the provider's own");
    assert!(!signs_in(&["x"], "ann@acme.example") && !signs_in(&[], "ann@acme.example"));
}

#[test]
fn an_attribute_called_name_id_is_nobodys_subject() {
    let claims: &[(&str, &[&str])] = &[("mail", &["ann@acme.example"]), (NAME_ID, &["root"])];
    let subject = |proved| {
        let identity = mapping().identity(&acme(), verified(proved, claims));
        identity.map(|identity| identity.person.subject.as_str().to_owned())
    };
    assert_eq!(subject(Some("s-1")).unwrap(), "s-1");
    assert_eq!(subject(None), Err(SignInError::SubjectMissing("NameID or sub".to_owned())));
}

#[test]
fn groups_are_normalised_and_absent_is_not_empty() {
    let groups = |values: Option<&[&str]>| {
        let mut claims: Vec<(&str, &[&str])> = vec![("mail", &["ann@acme.example"])];
        claims.extend(values.map(|values| ("memberOf", values)));
        mapping().identity(&acme(), verified(Some("s"), &claims)).map(|identity| identity.groups)
    };
    assert_eq!(groups(None).unwrap(), None);
    assert_eq!(groups(Some(&[])).unwrap(), Some(Vec::new()));
    let kept = groups(Some(&[" b", "a ", "b", "", "A"])).unwrap().unwrap();
    assert_eq!(kept, ["b", "a", "A"]);
    let many: Vec<String> = (0..2001).map(|n| n.to_string()).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert!(groups(Some(&many[..2000])).is_ok() && groups(Some(&many)).is_err());
    assert!(groups(Some(&["a\nb"])).is_err() && groups(Some(&[&"x".repeat(513)])).is_err());
}

#[test]
fn claims_that_rules_read_are_kept_as_signed_and_absent_ones_stay_absent() {
    let mut mapping = mapping();
    mapping.rules.kept = ["team".to_owned(), "site".to_owned()].into();
    let claims: &[(&str, &[&str])] =
        &[("mail", &["ann@acme.example"]), ("team", &[" A ", "b"]), ("phone", &["1"])];
    let identity = mapping.identity(&acme(), verified(Some("s"), claims)).unwrap();
    assert_eq!(
        identity.claims,
        [("team".to_owned(), vec![" A ".to_owned(), "b".to_owned()])].into()
    );
}
