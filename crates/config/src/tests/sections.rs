//! Wrong values of each section and what the operator reads about them.

use super::problems::{HOSTS, check};

#[test]
fn a_store_in_redis() {
    check(&[
        (
            "embedded: { path: data }",
            "redis: { url: x }",
            "store.redis.url: this is no URL of a Redis; write redis://HOST:PORT, or rediss:// for TLS; several between commas or as a list",
        ),
        (
            "embedded: { path: data }",
            "embedded: { path: data }\n  redis: { url: redis://a }",
            "store: this needs exactly one of `embedded` and `redis`; write store: { embedded: { path: FOLDER } } or store: { redis: { url: URL } }",
        ),
        (
            "embedded: { path: data }",
            "redis: { url: \"redis://u:hunter2-Pl4nted@a\" }",
            "store.redis.url: a password stands in the configuration itself; write url: { env: REDIS_URL }, or password: { file: PATH }",
        ),
        (
            "embedded: { path: data }",
            "redis: { url: \"redis://a, redis://b\" }",
            "store.redis: several URLs for a single Redis; write kind: sentinel or cluster",
        ),
        (
            "embedded: { path: data }",
            "redis: { url: redis://a, server_name: redis.example }",
            "store.redis: keys for TLS, and a URL without; write rediss:// in `url`",
        ),
        (
            "embedded: { path: data }",
            "redis: { url: redis://a, replicas: many }",
            "store.redis.replicas: \"many\" cannot be used here; write 0 to 9",
        ),
        (
            "embedded: { path: data }",
            "embedded: { path: data }\n  records: { redis: { url: redis://a } }",
            "store: `records` apart from an embedded store; leave `records` out",
        ),
    ]);
}

#[test]
fn listeners_and_storage() {
    check(&[
        (
            "https: 0.0.0.0:8443",
            "https: \":8443\"",
            "listen.https: \":8443\": invalid socket address syntax; write an address and a port, such as 0.0.0.0:8443 or [::]:8443",
        ),
        (
            "https: 0.0.0.0:8443",
            "http2: on",
            "listen: `https` is missing; write https: 0.0.0.0:8443\nlisten: `http2` is not a known key; known here: http, https, operations, proxy_protocol, public_port, trusted_proxies, workers (nearest known name: `http`)",
        ),
        (
            "http: 0.0.0.0:8080",
            "http: 0.0.0.0:8443",
            "listen: `http` and `https` are both 0.0.0.0:8443; give each its own port",
        ),
        (
            "trusted_proxies: []",
            "trusted_proxies: [10.0.0.0/33]",
            "listen.trusted_proxies[0]: \"10.0.0.0/33\" cannot be used here; write a network such as 10.0.0.0/8, or one address",
        ),
        (
            "public_port: 443",
            "public_port: 99999",
            "listen.public_port: \"99999\" cannot be used here; write a whole number from 1 to 65535",
        ),
        (
            "#workers: 2 ",
            "workers: 0",
            "listen.workers: \"0\" cannot be used here; write a whole number from 1 to 1024",
        ),
        (
            "#workers: 2 ",
            "proxy_protocol: required #",
            "listen: `proxy_protocol` is required, and no `trusted_proxies` may speak it; name the balancer's network, such as [10.0.0.0/8]",
        ),
        (
            "embedded: { path: data }",
            "embedded: { path: tls/help.pem }",
            "store.embedded.path: `FOLDER/tls/help.pem` is not a folder; name a folder",
        ),
        (
            "audit: { file: data/audit.jsonl }",
            "audit: data/audit.jsonl",
            "audit: a single value, where keys belong; write { file: PATH }",
        ),
    ]);
}

#[test]
fn certificates_and_keys() {
    check(&[
        (
            "chain: tls/help.pem",
            "chain: tls/none.pem",
            "tls.certificates[0].chain: `FOLDER/tls/none.pem` cannot be read: there is no such file; make the file or correct the path",
        ),
        (
            "chain: tls/help.pem",
            "chain: tls",
            "tls.certificates[0].chain: `FOLDER/tls` is not a file; name a file",
        ),
        (
            "chain: tls/help.pem",
            "chain: tls/help.key",
            "tls.certificates[0].chain: this file has no certificate; name a PEM file with `-----BEGIN CERTIFICATE-----` blocks",
        ),
        (
            "file: tls/help.key",
            "file: tls/help.pem",
            "tls.certificates[0].key.file: this file has no private key; name a PEM file with one private key, without a passphrase",
        ),
        (
            "file: tls/help.key",
            "file: keys/assertion-1.pem",
            "tls.certificates[0].key.file: this key does not belong to the certificate; name the key that the first certificate in `chain` was made for",
        ),
        (
            "key: { file: tls/help.key }",
            "key: tls/help.key",
            "tls.certificates[0].key: a secret stands in the configuration itself; write { file: PATH }",
        ),
        (
            "keys/sealing-1",
            "secrets/globex",
            "keys.sealing[0]: this is not a sealing key (32 bytes as base64 in one line); make one with `vestibule keys init --config FILE`",
        ),
        (
            "keys/assertion-1.pem",
            "tls/help.pem",
            "keys.assertion[0]: this is not an assertion key (ECDSA P-256 as PEM, `-----BEGIN PRIVATE KEY-----`); make one with `vestibule keys init --config FILE`",
        ),
        (
            "[{ file: keys/sealing-1 }]",
            "[{ file: keys/sealing-1 }, { file: keys/sealing-1 }]",
            "keys.sealing[1]: this key is listed twice; list each key once",
        ),
        (
            "[{ file: keys/sealing-1 }]",
            "[]",
            "keys.sealing: an empty list; write a list of { file: PATH }",
        ),
    ]);
}

#[test]
fn sites() {
    check(&[
        (
            HOSTS,
            "[help.example.com, 1.2.3.999]",
            "sites.help.hosts[1]: \"1.2.3.999\" is not a host name; write a host name without scheme, port and path, such as help.example.com",
        ),
        (
            HOSTS,
            "[help.example.com, 0x7f.1]",
            "sites.help.hosts[1]: \"0x7f.1\" is not a host name; write a host name without scheme, port and path, such as help.example.com",
        ),
        (
            HOSTS,
            "[help.example.com, HELP.example.com]",
            "sites.help.hosts[1]: \"HELP.example.com\" is a host of site `help` already; a host belongs to one site, once",
        ),
        (HOSTS, "[]", "sites.help.hosts: an empty list; write hosts: [help.example.com]"),
        (
            "    hosts: [",
            "    host: [",
            "sites.help: `hosts` is missing; write hosts: [help.example.com]\nsites.help: `host` is not a known key; known here: branding, hosts, jsm, label, session, sharing, upstream (nearest known name: `hosts`)",
        ),
        (
            "  help:   ",
            "  Help: ",
            "sites.Help: \"Help\" is not a usable name; use 1 to 40 letters a-z, digits and hyphens, a letter first\nsign_in[2].site: \"help\" is not under `sites`; name one that is under `sites` (nearest known name: `Help`)",
        ),
    ]);
}

#[test]
fn upstreams() {
    check(&[
        (
            "https://jira.internal.example",
            "https://jira.internal.example/jira",
            "sites.help.upstream.url: this URL has more than scheme, host and port; write scheme, host and perhaps port, such as https://jira.internal:8443",
        ),
        (
            "session: asserted",
            "session: saml_gateway",
            "sites.help.upstream.session: \"saml_gateway\" is not supported yet; write asserted",
        ),
        (
            "session: asserted",
            "session: assertd",
            "sites.help.upstream.session: \"assertd\" is not known; write asserted (nearest known name: `asserted`)",
        ),
        (
            "session: asserted",
            "identity_headers: { Cookie: email }",
            "sites.help.upstream.identity_headers.Cookie: the header \"Cookie\" has a meaning of its own; use another name, such as X-Remote-User",
        ),
        (
            "session: asserted",
            "identity_headers: { X_User: email }",
            "sites.help.upstream.identity_headers.X_User: \"X_User\" is not a usable header name; use letters, digits and hyphens, such as X-Remote-User",
        ),
        (
            "session: asserted",
            "identity_headers: { X-User: mail }",
            "sites.help.upstream.identity_headers.X-User: \"mail\" is not known; write one of: email, name, person, account (nearest known name: `email`)",
        ),
        (
            "session: asserted",
            "certificate_authorities: { file: idp/acme-metadata.xml }",
            "sites.help.upstream.certificate_authorities.file: this file has no certificate; name a PEM file with `-----BEGIN CERTIFICATE-----` blocks",
        ),
        (
            "jsm: support ",
            "jsm: sport ",
            "sites.help.jsm: \"sport\" is not under `jsm`; name one that is under `jsm` (nearest known name: `support`)",
        ),
        (
            "idle: 30m",
            "idle: 30",
            "sites.help.session.idle: \"30\" cannot be used here; write a whole number with a unit, such as 30s, 10m, 12h or 7d",
        ),
        (
            "idle: 30m",
            "idle: 91d",
            "sites.help.session.idle: a session lives for 90 days at most; write at most 90d",
        ),
        (
            "#portals: ",
            "portals: { x: { idle: 5m } } #",
            "sites.help.session.portals.x: \"x\" is none; write the portal's id: { \"3\": { idle: 5m } }",
        ),
        (
            "#groups: ",
            "groups: { admins: {} } #",
            "sites.help.session.groups.admins: nothing is limited here; write { idle: 5m, absolute: 1h } or one of them",
        ),
        (
            "#store_grace: 5m",
            "store_grace: 2h",
            "store_grace: nobody can be revoked for so long; write at most 1h",
        ),
        (
            "idle: 30m",
            "idle: 13h",
            "sites.help.session: a session would end before it is idle for long enough; make `idle` at most as long as `absolute`",
        ),
    ]);
}

#[test]
fn identity_providers() {
    check(&[
        (
            "[initech.example]",
            "[acme.example]",
            "identity_providers.initech.domains[0]: `acme.example` overlaps `acme.example` of `acme`; an address belongs to one identity provider",
        ),
        (
            "[initech.example]",
            "[eu.globex.example]",
            "identity_providers.globex.domains[1]: `*.globex.example` overlaps `eu.globex.example` of `initech`; an address belongs to one identity provider",
        ),
        (
            "[initech.example]",
            "[initech]",
            "identity_providers.initech.domains[0]: \"initech\": this is not a domain name; write a domain such as acme.example or *.acme.example",
        ),
        (
            "[initech.example]",
            "[]",
            "identity_providers.initech.domains: an empty list; write domains: [acme.example], the domains it may speak for",
        ),
        (
            "enabled: true",
            "enabled: yes",
            "identity_providers.acme.enabled: \"yes\" is neither true nor false; write true or false",
        ),
        (
            "enabled: true",
            "oidc: {}",
            "identity_providers.acme: this needs exactly one of `saml`, `oidc` and `oauth2`; say how it is spoken to",
        ),
    ]);
}

#[test]
fn protocols() {
    check(&[
        (
            "{ file: idp/acme-metadata.xml }",
            "{ file: idp/acme.xml }",
            "identity_providers.acme.saml.metadata.file: `FOLDER/idp/acme.xml` cannot be read: there is no such file; make the file or correct the path",
        ),
        (
            "url: https://login.initech.example/saml/metadata",
            "url: http://login.initech.example/",
            "identity_providers.initech.saml.metadata.url: http is accepted toward this machine only; write https://…",
        ),
        (
            "metadata:\n        url: https://login.initech.example/saml/metadata",
            "metadata: https://login.initech.example",
            "identity_providers.initech.saml.metadata: a single value, where keys belong; write metadata: { url: https://… } or { file: PATH }",
        ),
        (
            "#clock_skew: 60s   ",
            "clock_skew: 10m #",
            "identity_providers.acme.saml.clock_skew: \"10m\" cannot be used here; write a whole number with a unit, such as 30s, 10m, 12h or 7d, at most 5m",
        ),
        (
            "#sha1_until: 2027-06-30",
            "sha1_until: 2027-06-31",
            "identity_providers.acme.saml.sha1_until: \"2027-06-31\" cannot be used here; write the last day of the exception, such as 2027-01-31",
        ),
        (
            "issuer: https://login.globex.example ",
            "issuer: https://login.globex.example/.well-known/openid-configuration ",
            "identity_providers.globex.oidc.issuer: this is the address of the discovery document; write the issuer exactly as the provider's discovery document has it",
        ),
        (
            "#algorithms: [RS256, PS256, ES256]",
            "algorithms: [HS256]",
            "identity_providers.globex.oidc.algorithms[0]: HS256 signs with the client secret, so no key tells who signed; write one of: RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, EdDSA (nearest known name: `ES256`)",
        ),
        (
            "#scopes: [openid, email, profile]",
            "scopes: [\"a b\"]",
            "identity_providers.globex.oidc.scopes[0]: \"a b\" cannot be used here; write one scope, without blanks",
        ),
        (
            "client_id: vestibule",
            "client_id:",
            "identity_providers.globex.oidc: `client_id` is missing; write the id that the provider gave you",
        ),
        (
            "email: mail",
            "mail: mail",
            "identity_providers.acme.claims: `mail` is not a known key; known here: email, groups, name, subject (nearest known name: `email`)",
        ),
    ]);
}

#[test]
fn sign_in_rules() {
    check(&[
        (
            "domain: acme.example, use: acme ",
            "domain: acme.example, use: acne ",
            "sign_in[1].use: \"acne\" is not under `identity_providers`; name one that is under `identity_providers` (nearest known name: `acme`)",
        ),
        (
            "domain: acme.example, use: acme ",
            "domain: globex.example, use: acme ",
            "sign_in[1].use: `acme` may not speak for `globex.example`; add it to identity_providers.acme.domains, or use another",
        ),
        (
            "people: [vip@acme.example]",
            "people: [vip@other.example]",
            "sign_in[0].use: `acme` may not speak for `other.example`; add it to identity_providers.acme.domains, or use another",
        ),
        (
            "people: [vip@acme.example]",
            "people: [vip]",
            "sign_in[0].people[0]: \"vip\": an address has exactly one @ with text on both sides; write an e-mail address",
        ),
        (
            "mode: preferred",
            "mode: preferre",
            "sign_in[2].mode: \"preferre\" is not known; write one of: off, optional, preferred, required (nearest known name: `preferred`)",
        ),
        (
            "- { domain: acme.example, use: acme } ",
            "- { use: acme } ",
            "sign_in[1]: this rule does not say whom it is for; add people:, domain:, site:, host: or portal:, or write { otherwise: … }",
        ),
        (
            "- { domain: acme.example, use: acme } ",
            "- { domain: acme.example } ",
            "sign_in[1]: `use` is missing; write use: NAME, or { otherwise: … }",
        ),
        (
            "- { domain: acme.example, use: acme } ",
            "- { otherwise: deny } ",
            "sign_in[2]: this rule stands after `otherwise`; move `otherwise` to the end\nsign_in[3]: this rule stands after `otherwise`; move `otherwise` to the end",
        ),
        (
            "{ otherwise: choose }",
            "{ otherwise: choose, use: acme }",
            "sign_in[3]: `otherwise` stands beside keys that name people or a provider; give the other keys a rule of their own, before this one",
        ),
        (
            "{ otherwise: choose }",
            "{ otherwise: chose }",
            "sign_in[3].otherwise: \"chose\" is not known; write one of: upstream_login, choose, deny (nearest known name: `choose`)",
        ),
    ]);
}

#[test]
fn links_and_jsm() {
    check(&[
        (
            "links: []",
            "links: [[{ idp: acme, subject: a }]]",
            "links[0]: one person needs no link; list at least two persons of one customer",
        ),
        (
            "links: []",
            "links: [[{ idp: acme, subject: a }, { idp: acme, subject: a }]]",
            "links[0][1]: this person is linked already; list each person once",
        ),
        (
            "site: https://example.atlassian.net ",
            "site: https://bot:hunter2@example.atlassian.net ",
            "jsm.support.cloud.site: a user name or password stands in this URL; write https://NAME.atlassian.net",
        ),
        (
            "token: { env: JSM_TOKEN }",
            "token: { env: JSM_TOKE }",
            "jsm.support.cloud.token.env: the variable `JSM_TOKE` is not set; set it in the gateway's environment",
        ),
        (
            "token: { env: JSM_TOKEN }",
            "token: { env: A, file: b }",
            "jsm.support.cloud.token: this needs exactly one of `file` and `env`; write { file: PATH } or { env: VARIABLE }",
        ),
        (
            "{ organization: Acme, join: [\"3\", SUP] }",
            "{ organization: Acmee, join: [\"3\"] }",
            "jsm.support.desks[1].organization: no rule gives the organization \"Acmee\"; name an organization that `organizations` gives (nearest known name: `Acme`)",
        ),
        (
            "{ join: [\"1\"] }",
            "{ join: [\"1/../2\"] }",
            "jsm.support.desks[0].join[0]: \"1/../2\" cannot be used here; write the id or the project key of a service desk",
        ),
    ]);
}
