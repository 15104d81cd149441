//! Which of the operations a request asks for.

use http::Method;

/// An operation of the site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operation {
    /// `GET /rest/api/3/myself`
    Myself,
    /// `GET /rest/api/3/user/search`
    SearchUsers,
    /// `POST /rest/servicedeskapi/customer`
    CreateCustomer,
    /// `GET /rest/servicedeskapi/servicedesk`
    ListDesks,
    /// `GET /rest/servicedeskapi/servicedesk/{id}/customer`, experimental
    ListDeskCustomers,
    /// `POST /rest/servicedeskapi/servicedesk/{id}/customer`
    AddDeskCustomers,
    /// `GET /rest/servicedeskapi/servicedesk/{id}/organization`
    ListDeskOrganizations,
    /// `POST /rest/servicedeskapi/servicedesk/{id}/organization`
    AddDeskOrganization,
    /// `GET /rest/servicedeskapi/organization`
    ListOrganizations,
    /// `POST /rest/servicedeskapi/organization`
    CreateOrganization,
    /// `GET /rest/servicedeskapi/organization/{id}/user`
    ListOrganizationUsers,
    /// `POST /rest/servicedeskapi/organization/{id}/user`
    AddOrganizationUsers,
}

impl Operation {
    /// The operation behind method and path, with the id in the path (empty where there is none).
    pub(super) fn of<'a>(method: &Method, path: &'a str) -> Option<(Self, &'a str)> {
        let segments: Vec<&str> = path.strip_prefix("/rest/")?.split('/').collect();
        let is = |get: Self, post: Option<Self>| match *method {
            Method::GET => Some(get),
            Method::POST => post,
            _ => None,
        };
        let post_only = |operation| (*method == Method::POST).then_some(operation);
        Some(match segments.as_slice() {
            ["api", "3", "myself"] => (is(Self::Myself, None)?, ""),
            ["api", "3", "user", "search"] => (is(Self::SearchUsers, None)?, ""),
            ["servicedeskapi", "customer"] => (post_only(Self::CreateCustomer)?, ""),
            ["servicedeskapi", "servicedesk"] => (is(Self::ListDesks, None)?, ""),
            ["servicedeskapi", "servicedesk", id, "customer"] => {
                (is(Self::ListDeskCustomers, Some(Self::AddDeskCustomers))?, *id)
            }
            ["servicedeskapi", "servicedesk", id, "organization"] => {
                (is(Self::ListDeskOrganizations, Some(Self::AddDeskOrganization))?, *id)
            }
            ["servicedeskapi", "organization"] => {
                (is(Self::ListOrganizations, Some(Self::CreateOrganization))?, "")
            }
            ["servicedeskapi", "organization", id, "user"] => {
                (is(Self::ListOrganizationUsers, Some(Self::AddOrganizationUsers))?, *id)
            }
            _ => return None,
        })
    }

    /// Whether the real site answers 412 without `X-ExperimentalApi`.
    pub(super) fn is_experimental(self) -> bool {
        self == Self::ListDeskCustomers
    }

    /// Whether the real site answers this in the platform's error shape.
    pub(super) fn is_platform(self) -> bool {
        matches!(self, Self::Myself | Self::SearchUsers)
    }
}
