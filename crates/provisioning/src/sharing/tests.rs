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
        (FORM, "multipart/form-data; boundary=x", None),
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
