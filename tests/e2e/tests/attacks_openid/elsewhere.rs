//! What is said outside of the ID token: userinfo, and groups that are too many for it.

use e2e::Scene;
use fakes::openid::{ClaimsIn, OidcAnswer, OidcFlaw, Overage};

use crate::stage::{asking_globex, brought, cause_of, enters, refuses};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c16_userinfo_is_about_the_same_person_or_nobody_signs_in() {
    let mut scene = Scene::start().await;
    // Not asked, it cannot harm; nor can it help.
    let at_userinfo = || OidcAnswer { claims_in: ClaimsIn::Userinfo, ..OidcAnswer::default() };
    assert_eq!(cause_of(&scene, at_userinfo()).await, "address-missing");
    asking_globex(&mut scene, ", userinfo: true").await;
    refuses(
        &scene,
        vec![
            (OidcFlaw::UserinfoOfOther, "oidc-userinfo-subject-foreign"),
            (OidcFlaw::UserinfoNoSubject, "oidc-userinfo-subject-foreign"),
            (OidcFlaw::UserinfoArray, "oidc-userinfo-unreadable"),
            (OidcFlaw::UserinfoNotJson, "oidc-userinfo-unreadable"),
            (OidcFlaw::UserinfoServerError, "oidc-userinfo-failed"),
            (OidcFlaw::UserinfoRedirect, "oidc-userinfo-failed"),
            (OidcFlaw::UserinfoRefused, "oidc-userinfo-failed"),
            (OidcFlaw::UserinfoHuge, "idp-answer-too-large"),
        ],
    )
    .await;
    let gil = scene.globex.person("gil");
    let (mut browser, callback) = brought(&scene, &scene.globex, &gil, at_userinfo()).await;
    enters(&mut browser, &callback, &gil).await;
}

fn overage(overage: Overage) -> OidcAnswer {
    OidcAnswer { overage: Some(overage), ..OidcAnswer::default() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn n14_groups_elsewhere_are_fetched_kept_as_they_are_or_refuse_the_sign_in() {
    let mut scene = Scene::start().await;
    let gil = scene.globex.person("gil");
    let with_many = gil.clone().in_groups(&["a", "b", "c", "d", "e", "f", "g"]);
    let (mut browser, callback) =
        brought(&scene, &scene.globex, &with_many, overage(Overage::ClaimNames)).await;
    enters(&mut browser, &callback, &gil).await;
    assert_eq!(scene.globex.group_calls(), 3, "seven groups, three to a page");
    // Whatever is wrong there, people sign in; nothing is called that is not the provider's own.
    for flaw in [
        Overage::ForeignSource,
        Overage::NoSource,
        Overage::EndpointFails,
        Overage::EndpointHtml,
        Overage::ForeignNextPage,
        Overage::EndlessPages,
    ] {
        scene.clock.advance(std::time::Duration::from_secs(301));
        let (mut browser, callback) = brought(&scene, &scene.globex, &gil, overage(flaw)).await;
        enters(&mut browser, &callback, &gil).await;
    }
    asking_globex(&mut scene, ", group_overage: deny").await;
    refuses(
        &scene,
        vec![
            (overage(Overage::ClaimNames), "oidc-groups-not-listed"),
            (overage(Overage::HasGroups), "oidc-groups-not-listed"),
        ],
    )
    .await;
    let called = scene.globex.group_calls();
    scene.restart_with(&[("group_overage: deny", "group_overage: keep")]).await;
    let (mut browser, callback) =
        brought(&scene, &scene.globex, &gil, overage(Overage::ClaimNames)).await;
    enters(&mut browser, &callback, &gil).await;
    assert_eq!(scene.globex.group_calls(), called);
}
