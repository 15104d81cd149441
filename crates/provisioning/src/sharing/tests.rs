use super::SharingMode::{Force, Off, Preselect};
use super::*;

fn rule(mode: SharingMode) -> Sharing {
    let portals = [("3".to_owned(), Force), ("7".to_owned(), Off)].into();
    Sharing { field: "customfield_10002".to_owned(), mode, portals }
}

const REST: &str = "/rest/servicedeskapi/request";
const FORM: &str = "/servicedesk/customer/portal/1/create/10";

#[test]
fn only_the_two_shapes_of_a_new_request_are_meant() {
    let form = "application/x-www-form-urlencoded; charset=UTF-8";
    let portal = |portal: &str| Some(Creating::Form { portal: portal.to_owned() });
    let parts = |boundary: &str| {
        let boundary = boundary.to_owned();
        Some(Creating::Parts { portal: "1".to_owned(), boundary })
    };
    for (path, kind, wanted) in [
        (REST, "application/json", Some(Creating::Rest)),
        (
            "/jira/rest/servicedeskapi/request",
            "Application/JSON;charset=utf-8",
            Some(Creating::Rest),
        ),
        (FORM, form, portal("1")),
        ("/jira/servicedesk/customer/portal/12/create/4", form, portal("12")),
        (REST, form, None),
        (FORM, "multipart/form-data; boundary=x", parts("x")),
        (
            FORM,
            "Multipart/Form-Data;charset=utf-8; Boundary=\"a(b)'+_,-./:=?\"",
            parts("a(b)'+_,-./:=?"),
        ),
        (FORM, "multipart/form-data", None),
        (FORM, "multipart/form-data; boundary=", None),
        (FORM, "multipart/form-data; boundary=\"a", None),
        (FORM, "multipart/form-data; boundary=a; boundary=b", None),
        (FORM, "multipart/form-data; boundary=a b", None),
        (FORM, &format!("multipart/form-data; boundary={}", "a".repeat(71)), None),
        (FORM, "multipart/mixed; boundary=x", None),
        (REST, "multipart/form-data; boundary=x", None),
        (FORM, "application/json", None),
        ("/rest/servicedeskapi/request/SUP-1/comment", "application/json", None),
        ("/rest/servicedeskapi/request/", "application/json", None),
        ("/servicedesk/customer/portal/1/create", form, None),
        ("/servicedesk/customer/portal/1/SUP-1", form, None),
        ("/", "", None),
    ] {
        assert_eq!(Creating::parse(path, kind), wanted, "{path} {kind}");
    }
}

#[test]
fn json_gets_the_organization_where_the_rule_says_and_none_is_named() {
    let body = |desk: &str, values: &str| {
        format!(r#"{{"serviceDeskId":{desk},"requestTypeId":"25"{values}}}"#)
    };
    let with = |value: &str| {
        format!(r#","requestFieldValues":{{"summary":"Hi","customfield_10002":{value}}}"#)
    };
    let none = r#","requestFieldValues":{"summary":"Hi"}"#.to_owned();
    for (mode, desk, values, gets) in [
        (Preselect, "\"1\"", none.clone(), true),
        (Preselect, "1", none.clone(), true),
        (Preselect, "\"1\"", String::new(), true),
        // The customer chose, maybe to share with nobody.
        (Preselect, "\"1\"", with("[]"), false),
        (Preselect, "\"1\"", with("null"), false),
        (Preselect, "\"1\"", with("[5]"), false),
        (Force, "\"1\"", with("[]"), true),
        (Force, "\"1\"", with("null"), true),
        (Force, "\"1\"", with("[5]"), false),
        (Off, "\"1\"", none.clone(), false),
        // By portal.
        (Off, "\"3\"", with("[]"), true),
        (Force, "\"7\"", none.clone(), false),
        // A name may be any portal's.
        (Force, "\"SUP\"", none.clone(), false),
        (Force, "{}", none.clone(), false),
        (Force, "\"1\"", r#","requestFieldValues":[]"#.to_owned(), false),
    ] {
        let body = body(desk, &values);
        let shared = rule(mode).shared(&Creating::Rest, body.as_bytes(), "12");
        assert_eq!(shared.is_some(), gets, "{mode:?} {body}");
        if let Some(shared) = shared {
            let (before, after): (Value, Value) =
                (serde_json::from_str(&body).unwrap(), serde_json::from_slice(&shared).unwrap());
            assert_eq!(after["requestFieldValues"]["customfield_10002"], json!([12]));
            let summary = |value: &Value| value["requestFieldValues"]["summary"].clone();
            assert_eq!(summary(&after), summary(&before));
            assert_eq!(after["requestTypeId"], "25");
        }
    }
    for body in ["", "[]", "null", "{", "{\"requestTypeId\":\"25\"}"] {
        assert_eq!(rule(Force).shared(&Creating::Rest, body.as_bytes(), "12"), None, "{body}");
    }
}

#[test]
fn forms_get_the_organization_and_keep_every_other_byte() {
    let at = |portal: &str| Creating::Form { portal: portal.to_owned() };
    for (mode, portal, body, wanted) in [
        (Preselect, "1", "summary=A+b%21&x=1", Some("summary=A+b%21&x=1&customfield_10002=12")),
        (Preselect, "1", "", Some("customfield_10002=12")),
        (Preselect, "1", "summary=A&customfield_10002=", None),
        (Preselect, "1", "summary=A&customfield%5F10002=5", None),
        (Force, "1", "customfield_10002=&summary=A", Some("summary=A&customfield_10002=12")),
        (Force, "1", "customfield_10002=&customfield_10002=5", None),
        (Off, "1", "summary=A", None),
        (Off, "3", "summary=A", Some("summary=A&customfield_10002=12")),
        (Force, "7", "summary=A", None),
        (Force, "x", "summary=A", None),
    ] {
        let shared = rule(mode).shared(&at(portal), body.as_bytes(), "12");
        let shared = shared.map(|body| String::from_utf8(body).unwrap());
        assert_eq!(shared.as_deref(), wanted, "{mode:?} {portal} {body}");
    }
}

/// A file that has lines like delimiters in it, and bytes that are no text.
const FILE: &[u8] = b"\x89PNG\r\n--\r\n--bound\r\n\0\xff\r\n\r\n";

/// A form of `B0undary` with these fields, then a file, as a browser writes it.
fn parts(fields: &[(&str, &str)]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, value) in fields {
        body.extend(b"--B0undary\r\nContent-Disposition: form-data; ");
        body.extend(format!("name=\"{name}\"\r\n\r\n{value}\r\n").bytes());
    }
    body.extend(
        b"--B0undary\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a.png\"\r\n",
    );
    body.extend(b"Content-Type: image/png\r\n\r\n");
    body.extend(FILE);
    body.extend(b"\r\n--B0undary--\r\n");
    body
}

fn at(portal: &str) -> Creating {
    Creating::Parts { portal: portal.to_owned(), boundary: "B0undary".to_owned() }
}

#[test]
fn forms_in_parts_get_the_organization_and_keep_every_other_byte() {
    const FIELD: &str = "customfield_10002";
    let plain: &[(&str, &str)] = &[("summary", "A \u{e4}\r\nb"), ("type", "x")];
    for (mode, portal, own, gets) in [
        (Preselect, "1", &[][..], true),
        // The customer chose, maybe to share with nobody.
        (Preselect, "1", &[""], false),
        (Preselect, "1", &["5"], false),
        (Force, "1", &[], true),
        (Force, "1", &[""], true),
        (Force, "1", &["", " "], true),
        (Force, "1", &["", "5"], false),
        (Off, "1", &[], false),
        (Off, "3", &[""], true),
        (Force, "7", &[], false),
        (Force, "x", &[], false),
    ] {
        let own: Vec<(&str, &str)> = own.iter().map(|value| (FIELD, *value)).collect();
        let body = parts(&[plain, &own].concat());
        let shared = rule(mode).shared(&at(portal), &body, "12");
        let wanted = gets.then(|| parts(&[&[(FIELD, "12")], plain].concat()));
        assert_eq!(shared, wanted, "{mode:?} {portal} {own:?}");
    }
    // Nothing but the end.
    let empty = rule(Force).shared(&at("1"), b"--B0undary--\r\n", "12").unwrap();
    let wanted = "--B0undary\r\nContent-Disposition: form-data; name=\"customfield_10002\"\r\n\r\n12\r\n--B0undary--\r\n";
    assert_eq!(String::from_utf8(empty).unwrap(), wanted);
}

#[test]
fn what_might_be_read_in_two_ways_stays_as_it_is() {
    let field = "Content-Disposition: form-data; name=\"a\"";
    let part = |head: &str| format!("--B0undary\r\n{head}\r\n\r\nx\r\n--B0undary--\r\n");
    let shared = |body: &str| rule(Force).shared(&at("1"), body.as_bytes(), "12");
    assert!(shared(&part(field)).is_some());
    assert!(shared(&part(&format!("Content-Type: text/plain\r\n{field}"))).is_some());
    let good = part(field);
    for (what, body) in [
        ("nothing", String::new()),
        ("another boundary", good.replace("B0undary", "Boundary")),
        ("a preamble", format!("x\r\n{good}")),
        ("an epilogue", format!("{good}x")),
        ("no end", good.replace("--\r\n", "\r\n")),
        ("an end in the middle", good.replacen("--B0undary\r\n", "--B0undary--\r\n", 1)),
        ("single line ends", good.replace("\r\n", "\n")),
        ("more behind a boundary", good.replacen("--B0undary\r\n", "--B0undary \r\n", 1)),
        ("a longer boundary inside", good.replace("\r\nx", "\r\n\r\n--B0undaryx\r\nx")),
        ("no head", part("")),
        ("no name", part("Content-Disposition: form-data")),
        ("no form", part("Content-Disposition: attachment; name=\"a\"")),
        ("no quotes", part("Content-Disposition: form-data; name=a")),
        ("two names", part(&format!("{field}; name=\"b\""))),
        ("a name in another way", part(&format!("{field}; name*=\"b\""))),
        ("an escape", part("Content-Disposition: form-data; name=\"a\\b\"")),
        ("two dispositions", part(&format!("{field}\r\n{field}"))),
        ("a line that goes on", part(&format!("{field};\r\n name=\"b\""))),
        ("a space before the colon", part(&field.replace(':', " :"))),
    ] {
        assert_eq!(shared(&body), None, "{what}: {body:?}");
    }
}

/// Whatever a byte is changed to and wherever the form is cut: it stays, or all of it is there.
#[test]
fn no_byte_of_a_broken_form_is_lost() {
    let body = parts(&[("summary", "A")]);
    let whole = |broken: &[u8]| {
        if let Some(shared) = rule(Preselect).shared(&at("1"), broken, "12") {
            assert!(shared.ends_with(broken), "{}", String::from_utf8_lossy(broken));
        }
    };
    for at in 0..body.len() {
        whole(&body[..at]);
        for byte in [0, b'\r', b'\n', b'-', b'"', b';', b'=', b':', b' ', 0xff] {
            let mut broken = body.clone();
            broken[at] = byte;
            whole(&broken);
        }
    }
}
