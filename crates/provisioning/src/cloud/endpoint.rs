//! The operations that are used, in words for operators.

/// An operation of JSM. JSM limits the rate of each by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Endpoint {
    /// `GET /rest/api/3/user/search`
    SearchUsers,
    /// `GET /rest/servicedeskapi/servicedesk/{id}/customer`
    SearchDesk,
    /// `POST /rest/servicedeskapi/customer`
    CreateCustomer,
    /// `POST /rest/servicedeskapi/servicedesk/{id}/customer`
    JoinDesk,
    /// `GET /rest/servicedeskapi/organization`
    ListOrganizations,
    /// `POST /rest/servicedeskapi/organization`
    CreateOrganization,
    /// `POST /rest/servicedeskapi/organization/{id}/user`
    JoinOrganization,
    /// `POST /rest/servicedeskapi/servicedesk/{id}/organization`
    AttachOrganization,
}

impl Endpoint {
    /// What it does, to follow "may not" or "to".
    pub fn deed(self) -> &'static str {
        match self {
            Self::SearchUsers => "search users",
            Self::SearchDesk => "search the customers of a service desk",
            Self::CreateCustomer => "create a customer",
            Self::JoinDesk => "add a customer to a service desk",
            Self::ListOrganizations => "list organizations",
            Self::CreateOrganization => "create an organization",
            Self::JoinOrganization => "add a customer to an organization",
            Self::AttachOrganization => "add an organization to a service desk",
        }
    }

    /// The right that Jira demands for it.
    pub fn right(self) -> &'static str {
        match self {
            Self::SearchUsers => "global permission \"Browse users and groups\"",
            Self::CreateCustomer => "global permission \"Administer Jira\"",
            Self::SearchDesk | Self::JoinDesk | Self::AttachOrganization => {
                "administrator of the service desk's project"
            }
            Self::ListOrganizations | Self::CreateOrganization | Self::JoinOrganization => {
                "agent of a service desk, or \"Administer Jira\" where organization management is restricted to administrators"
            }
        }
    }
}
