//! The main job: from a deep link to the page, with the customer in JSM.

use e2e::Scene;
use fakes::saml::Answer;

const LINK: &str = "/servicedesk/customer/portal/1/SUP-1042?x=1";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_saml_customer_reaches_the_page_and_exists_in_jsm() {
    let scene = Scene::start().await;
    let mut ann = scene.visitor();
    let at_acme = ann.begin(LINK, "ann@acme.example").await;
    let form = scene.acme.respond(&at_acme, &scene.acme.person("ann"), Answer::default());
    let answer = ann.post_response(&form).await;
    assert_eq!((answer.status, answer.header("location")), (303, Some(LINK)), "{}", answer.text());
    let page = ann.open(LINK).await;
    assert_eq!(page.status, 200);
    assert!(page.text().contains("Ann Archer") && page.text().contains("ann@acme.example"), "{}", page.text());
    let customers = scene.jsm.customers();
    assert_eq!(customers.len(), 1);
    assert_eq!(scene.jsm.desk_members("1").len(), 1);
    assert_eq!(scene.jsm.organization_members("Acme").len(), 1);
}
