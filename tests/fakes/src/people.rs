//! Whom the fakes know: two companies with SAML, two with OpenID Connect, one with OAuth 2.0.

/// Somebody who can sign in at a fake identity provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Stable, opaque id: NameID or `sub`.
    pub subject: String,
    /// E-mail address.
    pub email: String,
    /// Name to show.
    pub name: String,
    /// Groups at the identity provider.
    pub groups: Vec<String>,
    /// What an OpenID provider says of the address.
    pub email_verified: bool,
}

impl Person {
    /// A person of whom nothing is remarkable; the subject is made of the address.
    pub fn new(name: &str, email: &str) -> Self {
        let subject = format!("id-{}", email.replace(['@', '.'], "-"));
        Self {
            subject,
            email: email.to_owned(),
            name: name.to_owned(),
            groups: vec!["customers".to_owned()],
            email_verified: true,
        }
    }

    /// The same person in `groups`.
    #[must_use]
    pub fn in_groups(mut self, groups: &[&str]) -> Self {
        self.groups = groups.iter().map(|g| (*g).to_owned()).collect();
        self
    }
}

/// An identity provider's owner and its people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Company {
    /// Name in configuration files and URLs.
    pub slug: &'static str,
    /// Name for people.
    pub label: &'static str,
    /// The domain that it may speak for.
    pub domain: &'static str,
    /// Who works there.
    pub people: Vec<Person>,
}

impl Company {
    /// The person with this first part of the address, such as `ann`.
    ///
    /// # Panics
    /// When nobody has it.
    pub fn person(&self, local_part: &str) -> Person {
        let email = format!("{local_part}@{}", self.domain);
        self.people.iter().find(|p| p.email == email).expect("a person of this company").clone()
    }
}

/// Acme, SAML.
pub fn acme() -> Company {
    let people = vec![
        Person::new("Ann Archer", "ann@acme.example").in_groups(&["acme-support", "acme-admins"]),
        Person::new("Bob Baker", "bob@acme.example").in_groups(&["acme-support"]),
    ];
    Company { slug: "acme", label: "Acme", domain: "acme.example", people }
}

/// Initech, SAML.
pub fn initech() -> Company {
    let people = vec![
        Person::new("Ida Ikeda", "ida@initech.example").in_groups(&["initech-everyone"]),
        Person::new("Ivo Ilić", "ivo@initech.example").in_groups(&["initech-everyone"]),
    ];
    Company { slug: "initech", label: "Initech", domain: "initech.example", people }
}

/// Globex, OpenID Connect.
pub fn globex() -> Company {
    let people = vec![
        Person::new("Gil Garcia", "gil@globex.example").in_groups(&["globex-it"]),
        Person::new("Gro Grieg", "gro@globex.example").in_groups(&["globex-sales"]),
    ];
    Company { slug: "globex", label: "Globex", domain: "globex.example", people }
}

/// Umbrella, OpenID Connect.
pub fn umbrella() -> Company {
    let people = vec![
        Person::new("Uma Underwood", "uma@umbrella.example").in_groups(&["umbrella-lab"]),
        Person::new("Ugo Umberto", "ugo@umbrella.example").in_groups(&["umbrella-lab"]),
    ];
    Company { slug: "umbrella", label: "Umbrella", domain: "umbrella.example", people }
}

/// Hooli, OAuth 2.0.
pub fn hooli() -> Company {
    let people = vec![
        Person::new("Hal Hopper", "hal@hooli.example"),
        Person::new("Hedy Hill", "hedy@hooli.example"),
    ];
    Company { slug: "hooli", label: "Hooli", domain: "hooli.example", people }
}
