// The operator's file for the journeys.

import fs from 'node:fs';
import path from 'node:path';
import { COMPANIES } from './companies.mjs';

function identityProvider(name, { metadata, issuer }, idpInitiated) {
  const { label, domain, protocol, secret } = COMPANIES[name];
  const how = protocol === 'saml'
    ? { saml: { metadata: { url: metadata }, idp_initiated: idpInitiated.includes(name) } }
    : { oidc: { issuer, client_id: 'vestibule', scopes: ['openid', 'email', 'profile', 'groups'],
      ...(secret && { client_secret: { file: `secrets/${name}` } }) } };
  // Nobody real is there: the domain is for the page with a choice.
  const domains = name === 'initech' ? [domain, 'offer.example'] : [domain];
  return { label, domains, ...how };
}

/** Identity providers that cannot sign anybody in, for the pages that say so. */
const unusable = (deadPort) => ({
  hooli: { label: 'Hooli', domains: ['hooli.example'], oidc: { issuer: `http://localhost:${deadPort}`, client_id: 'vestibule' } },
  vandelay: { label: 'Vandelay', domains: ['vandelay.example'], enabled: false,
    oidc: { issuer: `http://localhost:${deadPort}`, client_id: 'vestibule' } },
});

/** Names of the many that a large help center has: two of them share a letter with an accent. */
export const MANY = Array.from({ length: 40 }, (_, index) => `Müller & Söhne Beteiligungsgesellschaft ${index + 1}`);

/** Forty companies of the annex, each with a logo; none of them answers. */
function many(deadPort) {
  const idp = (label, index) => [`many-${index + 1}`, { label, domains: [`many-${index + 1}.example`], sites: ['annex'],
    logo: 'logos/company.svg', oidc: { issuer: `http://localhost:${deadPort}`, client_id: 'vestibule' } }];
  return Object.fromEntries(MANY.map(idp));
}

/** The annex has a look of its own. */
const branding = {
  name: 'Annex Support', logo: 'logos/annex.svg', colours: { accent: '#b7e000' },
  links: [{ text: { en: 'Privacy', de: 'Datenschutz' }, url: 'https://www.example.com/privacy' }],
  help: { en: 'No access? Ask your contact at Example.', de: 'Kein Zugang? Fragen Sie Ihre Ansprechperson bei Example.' },
};

const svg = (inside) => `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 120 40">${inside}</svg>`;

function sites(fakes, deadPort, injectScript = false) {
  const session = { idle: '30m', absolute: '12h' };
  return {
    help: { hosts: ['help.localhost'], label: 'Example Help Center', jsm: 'support', session,
      upstream: { url: fakes.helpCenter, session: 'asserted', inject_script: injectScript } },
    // A help center that is down.
    annex: { hosts: ['annex.localhost'], label: 'Annex', session, branding,
      upstream: { url: `http://127.0.0.1:${deadPort}`, session: 'asserted' } },
  };
}

function rules() {
  const own = Object.entries(COMPANIES).map(([name, company]) => ({ domain: company.domain, use: name, mode: 'required' }));
  return [
    ...own,
    { domain: 'hooli.example', use: 'hooli' },
    { domain: 'offer.example', use: 'initech', mode: 'optional' },
    { otherwise: 'deny', site: 'annex' },
    { otherwise: 'choose' },
  ];
}

function jsm(fakes, more) {
  const companies = Object.values(COMPANIES);
  return { support: {
    cloud: { site: fakes.jsm.url, email: fakes.jsm.email, token: { file: 'secrets/jsm' } },
    organizations: companies.map(({ domain, organization }) => ({ domain, organization })),
    desks: [{ join: ['1'] }],
    ...more,
  } };
}

/** Where one gateway keeps what is its own; by itself it needs no Redis. */
function own({ port, replica, redis }) {
  const listen = { https: `127.0.0.1:${replica?.port ?? port}`, http: '127.0.0.1:0', operations: '127.0.0.1:0', public_port: port };
  if (!replica) return { listen, store: { embedded: { path: 'data' } }, audit: { file: 'audit.jsonl' } };
  // Everything shares this machine, browsers and identity providers too: nothing here is slow because it is down.
  return { listen, store: { redis: { url: redis.url, timeout: '5s' } }, audit: { file: `audit-${replica.name}.jsonl` },
    control: { socket: `${replica.name}.sock` } };
}

/** Writes the file and its secrets into `folder`; JSON is YAML. Gives the file's path. */
export function writeConfiguration(folder, { port, deadPort, fakes, identityProviders, replica, redis, injectScript, idpInitiated = [], jsmMore, more }) {
  const secret = (name, text) => fs.writeFileSync(path.join(folder, 'secrets', name), text, { mode: 0o600 });
  fs.mkdirSync(path.join(folder, 'secrets'), { recursive: true });
  secret('jsm', fakes.jsm.token);
  for (const [name, company] of Object.entries(COMPANIES)) if (company.secret) secret(name, company.secret);
  const entries = Object.entries(identityProviders).map(([name, idp]) => [name, identityProvider(name, idp, idpInitiated)]);
  fs.mkdirSync(path.join(folder, 'logos'), { recursive: true });
  fs.writeFileSync(path.join(folder, 'logos/annex.svg'), svg('<script>document.title = "run"</script><circle cx="20" cy="20" r="14" fill="#e4572e"/><path d="M44 12h60v5H44zM44 23h40v5H44z"/>'));
  fs.writeFileSync(path.join(folder, 'logos/company.svg'), svg('<path d="M46 34L60 6l14 28z" fill="#6b2fb3"/>'));
  const file = path.join(folder, `${replica?.name ?? 'vestibule'}.yaml`);
  fs.writeFileSync(file, JSON.stringify({
    ...own({ port, replica, redis }),
    tls: { certificates: [{ chain: 'tls.pem', key: { file: 'tls.key' } }] },
    keys: { sealing: [{ file: 'keys/sealing-1' }], assertion: [{ file: 'keys/assertion-1.pem' }], saml: [{ file: 'saml-1.pem' }] },
    sites: sites(fakes, deadPort, injectScript),
    identity_providers: { ...Object.fromEntries(entries), ...unusable(deadPort), ...many(deadPort) },
    sign_in: rules(),
    jsm: jsm(fakes, jsmMore),
    ...more,
  }, null, 2));
  return file;
}
