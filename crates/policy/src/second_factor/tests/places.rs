//! Which paths belong to which portal, however they are written (capabilities N15).

use super::*;

fn portal_rule(side_doors: SideDoors) -> FactorRule {
    FactorRule { portals: texts(&["3"]), side_doors, ..rule(1) }
}

fn asks(rule: &FactorRule, path: &str) -> bool {
    !Ann::of(None, None).lines(std::slice::from_ref(rule), path, None).is_empty()
}

fn these(prefixes: &[&str]) -> SideDoors {
    SideDoors::These(prefixes.iter().map(|prefix| prefix.parse().unwrap()).collect())
}

#[test]
fn a_portal_is_found_in_every_spelling_that_a_server_could_read_as_it() {
    let rule = portal_rule(these(&[]));
    for path in [
        "/servicedesk/customer/portal/3",
        "/servicedesk/customer/portal/3/",
        "/servicedesk/customer/portal/3/SUP-1?x=/portal/1",
        "/jira/servicedesk/customer/portal/3/create/4",
        "/ServiceDesk/CUSTOMER/Portal/3",
        "/servicedesk/customer/portal/03",
        "/servicedesk/customer/portal/0000000000000000000000003",
        // Two readings: the strictest.
        "/servicedesk/customer/portal/%33",
        "/servicedesk/customer/port%61l/1",
        "/servicedesk/customer/portal/1;3",
        "/servicedesk;x=1/customer/portal/1",
        "/servicedesk/customer/portal/1%3b",
        "/servicedesk/customer/portal/+3",
        "/servicedesk/customer/portal/%2B3",
        "/servicedesk/customer/portal/3.0",
        "/servicedesk/customer/portal/%203",
        "/servicedesk/customer/portal/%EF%BC%93",
        "/servicedesk/customer/portal/99999999999999999999",
        "/servicedesk/customer/portal/1/../3",
        "/servicedesk//customer/portal/1",
        "/servicedesk/customer/portal/1/%2e%2e/3",
        "/servicedesk/customer/portal/1%2f..%2f3",
        "/servicedesk/customer/portal/1/%c0%ae",
        "/servicedesk/customer/portal/1/%",
        "/servicedesk/customer/portal/1/%+3",
        "/servicedesk/customer/portal/1\\..\\3",
        "servicedesk/customer/portal/1",
        "",
        "*",
    ] {
        assert!(asks(&rule, path), "{path}");
    }
    for path in [
        "/servicedesk/customer/portal/1",
        "/servicedesk/customer/portal/33",
        "/servicedesk/customer/portal/30/SUP-3",
        "/servicedesk/customer/portal/1/gr%C3%BC%C3%9Fe%20%28x%29.png",
        "/a/b/servicedesk/customer/portal/3",
    ] {
        assert!(!asks(&rule, path), "control: {path}");
    }
}

#[test]
fn side_doors_count_for_the_strictest_unless_the_operator_lists_them() {
    let doors = [
        "/rest/servicedeskapi/request/SEC-1",
        "/rest/servicedeskapi/servicedesk/3/queue",
        "/rest/api/2/issue/SEC-1",
        "/secure/attachment/10/plan.pdf",
        "/browse/SEC-1",
        "/servicedesk/customer/user/requests",
        "/servicedesk/customer/portal/",
        "/plugins/servlet/desk/portal/3",
        "/graphql",
        "/rest/s/x",
        "/echo",
    ];
    let open = [
        "/",
        "/servicedesk/customer/portals",
        "/s/abc/_/download/batch/x.js",
        "/favicon.ico",
        "/rest/webResources/1.0/resources",
        "/servicedesk/customer/portal/1",
    ];
    let all = portal_rule(SideDoors::All);
    assert!(doors.iter().all(|door| asks(&all, door)), "every side door asks");
    for path in open {
        assert!(!asks(&all, path), "control: {path}");
    }
    let listed = portal_rule(these(&["/rest/servicedeskapi", "/Secure/attachment/"]));
    assert!(asks(&listed, doors[0]) && asks(&listed, doors[1]) && asks(&listed, doors[3]));
    for path in doors.iter().skip(4).chain(&["/rest/servicedeskapix", "/rest", "/secure"]) {
        assert!(!asks(&listed, path), "{path}");
    }
}

#[test]
fn a_path_means_itself_and_what_lies_below() {
    let rule = FactorRule { paths: vec!["/secure/admin/".parse().unwrap()], ..rule(1) };
    for path in
        ["/secure/admin", "/secure/admin/", "/Secure/ADMIN/x?y", "/secure/adm%69n/x", "/secure;/x"]
    {
        assert!(asks(&rule, path), "{path}");
    }
    for path in ["/", "/secure", "/secure/administration", "/x/secure/admin", "/secure/a%20dmin"] {
        assert!(!asks(&rule, path), "{path}");
    }
    for bad in ["", "secure", "/a//b", "/a/../b", "/a?x", "/a#x", "/%41", "/a b", "/a;b", "/ä"] {
        assert!(bad.parse::<PathPrefix>().is_err(), "{bad:?}");
    }
    assert_eq!("/Secure/Admin/".parse::<PathPrefix>().unwrap().to_string(), "/secure/admin");
}
