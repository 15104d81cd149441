// Who signs in, and where: two companies with SAML, two with OpenID Connect.

const person = (login, name, email) => ({ login, name, email, password: `${login}-secret` });

/**
 * Each with its protocol, the organization that its people get in JSM, and people: two ordinary ones,
 * one with somebody's address, one with an address of another company, one without any.
 */
export const COMPANIES = {
  acme: {
    label: 'Acme', domain: 'acme.example', protocol: 'saml', organization: 'Acme', signResponse: true,
    person: person('ann', 'Ann Archer', 'ann@acme.example'),
    colleague: person('bob', 'Bob Baker', 'bob@acme.example'),
    namesake: person('ann2', 'Ann Again', 'ann@acme.example'),
    impostor: person('mallory', 'Mallory', 'ida@initech.example'),
    nameless: person('mallory-nobody', 'Nobody', undefined),
  },
  initech: {
    label: 'Initech', domain: 'initech.example', protocol: 'saml', organization: 'Initech', signResponse: false,
    person: person('ida', 'Ida Ikeda', 'ida@initech.example'),
    colleague: person('ivo', 'Ivo Ilić', 'ivo@initech.example'),
    namesake: person('ida2', 'Ida Again', 'ida@initech.example'),
    impostor: person('mallet', 'Mallet', 'ann@acme.example'),
    nameless: person('mallet-nobody', 'Nobody', undefined),
  },
  globex: {
    label: 'Globex', domain: 'globex.example', protocol: 'oidc', organization: 'Globex', secret: 'globex-client-secret', algorithm: 'RS256',
    person: person('gil', 'Gil Garcia', 'gil@globex.example'),
    colleague: person('gro', 'Gro Grieg', 'gro@globex.example'),
    namesake: person('gil2', 'Gil Again', 'gil@globex.example'),
    impostor: person('trudy', 'Trudy', 'uma@umbrella.example'),
    nameless: person('trudy-nobody', 'Nobody', undefined),
  },
  umbrella: {
    label: 'Umbrella', domain: 'umbrella.example', protocol: 'oidc', organization: 'Umbrella', secret: null, algorithm: 'ES256',
    person: person('uma', 'Uma Underwood', 'uma@umbrella.example'),
    colleague: person('ugo', 'Ugo Umberto', 'ugo@umbrella.example'),
    namesake: person('uma2', 'Uma Again', 'uma@umbrella.example'),
    impostor: person('eve', 'Eve', 'gil@globex.example'),
    nameless: person('eve-nobody', 'Nobody', undefined),
  },
};

/** The people of a company as the launchers want them. */
export function people(company) {
  const all = [company.person, company.colleague, company.namesake, company.impostor, company.nameless];
  return Object.fromEntries(all.map((one) => [one.login, one]));
}
