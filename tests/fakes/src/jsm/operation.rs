//! Which of the operations a request asks for.

use http::Method;

/// An operation of the site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operation {
    /// `GET /rest/api/3/myself`
    Myself,
    /// `GET /rest/api/3/user/search`
    SearchUsers,
    /// `GET /rest/api/3/user`
    ReadUser,
    /// `POST /rest/servicedeskapi/customer`
    CreateCustomer,
    /// `GET /rest/servicedeskapi/servicedesk`
    ListDesks,
    /// `GET /rest/servicedeskapi/servicedesk/{id}/customer`, experimental
    ListDeskCustomers,
    /// `POST /rest/servicedeskapi/servicedesk/{id}/customer`
    AddDeskCustomers,
    /// `DELETE /rest/servicedeskapi/servicedesk/{id}/customer`, experimental
    RemoveDeskCustomers,
    /// `GET /rest/servicedeskapi/servicedesk/{id}`
    ReadDesk,
    /// `GET /rest/servicedeskapi/organization/{id}`
    ReadOrganization,
    /// `DELETE /rest/servicedeskapi/organization/{id}`
    DeleteOrganization,
    /// `DELETE /rest/servicedeskapi/organization/{id}/user`
    RemoveOrganizationUsers,
    /// `PUT /rest/servicedeskapi/customer/user/{id}/revoke-portal-only-access`
    RevokeCustomer,
    /// `DELETE /rest/api/3/user`
    DeleteUser,
    /// `GET /rest/api/3/mypermissions`
    MyPermissions,
    /// `PUT /rest/api/2/user`, Data Center
    UpdateUser,
    /// `POST /rest/api/2/group/user`, Data Center
    JoinGroup,
    /// `DELETE /rest/api/2/group/user`, Data Center
    LeaveGroup,
    /// `GET /rest/api/2/applicationrole`, Data Center
    ListLicences,
    /// `GET /rest/api/2/project/{key}/role`, Data Center
    ListRoles,
    /// `DELETE /rest/api/2/project/{key}/role/{id}`, Data Center
    LeaveRole,
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
        let operation = match (method.as_str(), segments.as_slice()) {
            ("GET", ["api", "3", "myself"]) => (Self::Myself, ""),
            ("GET", ["api", "3", "mypermissions"]) => (Self::MyPermissions, ""),
            ("GET", ["api", "3", "user", "search"]) => (Self::SearchUsers, ""),
            ("GET", ["api", "3", "user"]) => (Self::ReadUser, ""),
            ("DELETE", ["api", "3", "user"]) => (Self::DeleteUser, ""),
            (method, ["api", "2", rest @ ..]) => Self::of_data_center(method, rest)?,
            (method, ["servicedeskapi", rest @ ..]) => Self::of_desks(method, rest)?,
            _ => return None,
        };
        Some(operation)
    }

    fn of_data_center<'a>(method: &str, segments: &[&'a str]) -> Option<(Self, &'a str)> {
        Some(match (method, segments) {
            ("GET", ["myself"]) => (Self::Myself, ""),
            ("GET", ["mypermissions"]) => (Self::MyPermissions, ""),
            ("GET", ["user", "search"]) => (Self::SearchUsers, ""),
            ("GET", ["user"]) => (Self::ReadUser, ""),
            ("PUT", ["user"]) => (Self::UpdateUser, ""),
            ("DELETE", ["user"]) => (Self::DeleteUser, ""),
            ("POST", ["group", "user"]) => (Self::JoinGroup, ""),
            ("DELETE", ["group", "user"]) => (Self::LeaveGroup, ""),
            ("GET", ["applicationrole"]) => (Self::ListLicences, ""),
            ("GET", ["project", key, "role"]) => (Self::ListRoles, *key),
            ("DELETE", ["project", key, "role", "10001"]) => (Self::LeaveRole, *key),
            _ => return None,
        })
    }

    /// Whether JSM of this flavour has it.
    pub(super) fn is_of(self, data_center: bool) -> bool {
        match self {
            Self::UpdateUser
            | Self::JoinGroup
            | Self::LeaveGroup
            | Self::ListLicences
            | Self::ListRoles
            | Self::LeaveRole => data_center,
            Self::ListDeskCustomers | Self::RemoveDeskCustomers | Self::RevokeCustomer => {
                !data_center
            }
            _ => true,
        }
    }

    fn of_desks<'a>(method: &str, segments: &[&'a str]) -> Option<(Self, &'a str)> {
        Some(match (method, segments) {
            ("POST", ["customer"]) => (Self::CreateCustomer, ""),
            ("PUT", ["customer", "user", id, "revoke-portal-only-access"]) => {
                (Self::RevokeCustomer, *id)
            }
            ("GET", ["servicedesk"]) => (Self::ListDesks, ""),
            ("GET", ["servicedesk", id]) => (Self::ReadDesk, *id),
            ("GET", ["servicedesk", id, "customer"]) => (Self::ListDeskCustomers, *id),
            ("POST", ["servicedesk", id, "customer"]) => (Self::AddDeskCustomers, *id),
            ("DELETE", ["servicedesk", id, "customer"]) => (Self::RemoveDeskCustomers, *id),
            ("GET", ["servicedesk", id, "organization"]) => (Self::ListDeskOrganizations, *id),
            ("POST", ["servicedesk", id, "organization"]) => (Self::AddDeskOrganization, *id),
            ("GET", ["organization"]) => (Self::ListOrganizations, ""),
            ("POST", ["organization"]) => (Self::CreateOrganization, ""),
            ("GET", ["organization", id]) => (Self::ReadOrganization, *id),
            ("DELETE", ["organization", id]) => (Self::DeleteOrganization, *id),
            ("GET", ["organization", id, "user"]) => (Self::ListOrganizationUsers, *id),
            ("POST", ["organization", id, "user"]) => (Self::AddOrganizationUsers, *id),
            ("DELETE", ["organization", id, "user"]) => (Self::RemoveOrganizationUsers, *id),
            _ => return None,
        })
    }

    /// Whether the real site answers 412 without `X-ExperimentalApi`.
    pub(super) fn is_experimental(self) -> bool {
        matches!(self, Self::ListDeskCustomers | Self::RemoveDeskCustomers)
    }

    /// Whether the real site answers this in the platform's error shape.
    pub(super) fn is_platform(self) -> bool {
        matches!(
            self,
            Self::Myself
                | Self::MyPermissions
                | Self::SearchUsers
                | Self::ReadUser
                | Self::DeleteUser
        )
    }
}
