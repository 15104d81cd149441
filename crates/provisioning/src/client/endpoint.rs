//! The operations that are used, in words for operators.

/// An operation of JSM. JSM limits the rate of each by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Endpoint {
    /// `GET /rest/api/3/user/search`, on Data Center `/rest/api/2/user/search`
    SearchUsers,
    /// `GET /rest/api/3/user`, on Data Center `/rest/api/2/user`
    ReadUser,
    /// `GET /rest/servicedeskapi/servicedesk/{id}/customer`
    SearchDesk,
    /// `POST /rest/servicedeskapi/customer`
    CreateCustomer,
    /// `POST /rest/servicedeskapi/servicedesk/{id}/customer`
    JoinDesk,
    /// `DELETE /rest/servicedeskapi/servicedesk/{id}/customer`, on Data Center a role of the project
    LeaveDesk,
    /// `GET /rest/servicedeskapi/servicedesk/{id}`
    ReadDesk,
    /// `GET /rest/api/2/project/{key}/role`
    ListRoles,
    /// `GET /rest/servicedeskapi/organization`
    ListOrganizations,
    /// `GET /rest/servicedeskapi/organization/{id}`
    ReadOrganization,
    /// `POST /rest/servicedeskapi/organization`
    CreateOrganization,
    /// `DELETE /rest/servicedeskapi/organization/{id}`
    DeleteOrganization,
    /// `GET /rest/servicedeskapi/organization/{id}/user`
    ListMembers,
    /// `POST /rest/servicedeskapi/organization/{id}/user`
    JoinOrganization,
    /// `DELETE /rest/servicedeskapi/organization/{id}/user`
    LeaveOrganization,
    /// `POST /rest/servicedeskapi/servicedesk/{id}/organization`
    AttachOrganization,
    /// `POST /rest/api/2/group/user`
    JoinGroup,
    /// `DELETE /rest/api/2/group/user`
    LeaveGroup,
    /// `GET /rest/api/2/applicationrole`
    ListLicences,
    /// `PUT /rest/api/2/user`
    UpdateUser,
    /// `PUT /rest/servicedeskapi/customer/user/{id}/revoke-portal-only-access`
    RevokeCustomer,
    /// `DELETE /rest/api/3/user`, on Data Center `/rest/api/2/user`
    DeleteUser,
    /// `GET /rest/api/3/myself`
    Myself,
    /// `GET /rest/api/3/mypermissions`
    MyPermissions,
    /// `GET /_edge/tenant_info`
    TenantInfo,
    /// `POST /oauth/token`
    ServiceToken,
}

impl Endpoint {
    /// What it does, to follow "may not" or "to".
    pub fn deed(self) -> &'static str {
        match self {
            Self::SearchUsers => "search users",
            Self::ReadUser => "read a user",
            Self::SearchDesk => "search the customers of a service desk",
            Self::CreateCustomer => "create a customer",
            Self::JoinDesk => "add a customer to a service desk",
            Self::LeaveDesk => "remove a customer from a service desk",
            Self::ReadDesk => "read a service desk",
            Self::ListRoles => "list the roles of a project",
            Self::ListOrganizations => "list organizations",
            Self::ReadOrganization => "read an organization",
            Self::CreateOrganization => "create an organization",
            Self::DeleteOrganization => "delete an organization",
            Self::ListMembers => "list the members of an organization",
            Self::JoinOrganization => "add a customer to an organization",
            Self::LeaveOrganization => "remove a customer from an organization",
            Self::AttachOrganization => "add an organization to a service desk",
            Self::JoinGroup => "add a customer to a group",
            Self::LeaveGroup => "remove a customer from a group",
            Self::ListLicences => "list the groups that take a licence",
            Self::UpdateUser => "change a user",
            Self::RevokeCustomer => "revoke a customer's access",
            Self::DeleteUser => "delete a user",
            Self::Myself => "read its own account",
            Self::MyPermissions => "read its own permissions",
            Self::TenantInfo => "read the site's cloud id",
            Self::ServiceToken => "get an access token",
        }
    }

    /// The right that Jira demands for it.
    pub fn right(self) -> &'static str {
        match self {
            Self::SearchUsers | Self::ReadUser => "global permission \"Browse users and groups\"",
            Self::CreateCustomer
            | Self::JoinGroup
            | Self::LeaveGroup
            | Self::ListLicences
            | Self::UpdateUser => "global permission \"Administer Jira\"",
            Self::SearchDesk
            | Self::JoinDesk
            | Self::LeaveDesk
            | Self::ReadDesk
            | Self::ListRoles
            | Self::AttachOrganization => "administrator of the service desk's project",
            Self::ListOrganizations
            | Self::ReadOrganization
            | Self::CreateOrganization
            | Self::DeleteOrganization
            | Self::ListMembers
            | Self::JoinOrganization
            | Self::LeaveOrganization => {
                "agent of a service desk, or \"Administer Jira\" where organization management is restricted to administrators"
            }
            Self::RevokeCustomer | Self::DeleteUser => "site administrator",
            Self::Myself | Self::MyPermissions | Self::TenantInfo | Self::ServiceToken => {
                "access to Jira"
            }
        }
    }
}
