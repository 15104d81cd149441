// Starts the products; what each is told, and what it says of itself.

import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Process, startedAnew } from '../../browser/harness/process.mjs';
import { OPENID, PRODUCTS, clients, combinations, idpName } from './combinations.mjs';

export const PERSON = { login: 'ann', password: 'ann-knows', name: 'Ann Archer' };
// LemonLDAP::NG has people of its own.
const DOCTOR = { login: 'dwho', password: 'dwho' };

/** Who signs in at a row's identity provider: login there, password, address. */
export function personOf({ product, protocol, name, domain }) {
  if (product === 'lemonldap') return { ...DOCTOR, email: `${DOCTOR.login}@${domain}` };
  // SimpleSAMLphp knows people, not combinations: one login for each, with its address.
  const login = product === 'simplesamlphp' && protocol === 'saml' ? name : PERSON.login;
  return { login, password: PERSON.password, email: `${PERSON.login}@${domain}` };
}

const callback = (gateway, idp) => `${gateway}/.vestibule/oidc/${idp}/callback`;

function settings(product, folder, gateway) {
  const all = combinations(product);
  const base = { folder: path.join(folder, product), host: `${product}.localhost` };
  if (product === 'lemonldap') {
    const own = clients().filter((client) => client.product === product);
    return { ...base, clients: Object.fromEntries(own.map(({ idp, secret, domain }) => [idp, { secret, domain, redirectUri: callback(gateway, idp) }])) };
  }
  const { login, password, name } = PERSON;
  const people = product === 'simplesamlphp'
    ? Object.fromEntries(Object.entries(all).map(([key, { domain }]) => [key, { password, name, email: `${login}@${domain}` }]))
    : { [login]: { password, name } };
  return { ...base, people, combinations: all, signResponse: true };
}

function starting(name, [program, launcher], wanted, running) {
  const process = new Process(name, program, [launcher, JSON.stringify(wanted)]);
  running.push(process);
  return process;
}

async function startSaml(product, folder, gateway, running) {
  const said = await starting(product, PRODUCTS[product].command, settings(product, folder, gateway), running).ready();
  const where = (name) => said.combinations?.[name] ?? {
    metadata: said.metadata, serviceProvider: path.join(said.serviceProviders, `${name}.xml`),
  };
  const rows = Object.entries(combinations(product))
    .map(([name, wanted]) => ({ protocol: 'saml', product, name, idp: idpName(product, name), ...wanted, ...where(name) }));
  const own = clients().filter((client) => client.product === product && said.issuer);
  rows.push(...own.map((client) => ({ protocol: 'openid', ...client, issuer: said.issuer, clientId: client.idp })));
  return { rows };
}

async function startOpenId(client, gateway, running) {
  const { product, idp, secret, algorithm, domain } = client;
  const { login, password, name } = PERSON;
  const [, said] = await startedAnew(() => starting(idp, OPENID[product].command, {
    host: `${idp}.localhost`, algorithm, client: { id: 'vestibule', secret, redirectUri: callback(gateway, idp) },
    people: { [login]: { password, name, email: `${login}@${domain}` } },
  }, running));
  return { rows: [{ protocol: 'openid', ...client, issuer: said.issuer, clientId: 'vestibule' }] };
}

/** Starts all of them, puts their processes into `running`, gives their rows. */
export async function startProducts(folder, gateway, running) {
  const alone = clients().filter((client) => OPENID[client.product].command);
  return Promise.all([
    ...Object.keys(PRODUCTS).map((product) => startSaml(product, folder, gateway, running)),
    ...alone.map((client) => startOpenId(client, gateway, running)),
  ]);
}

/** As an operator does: the gateway's metadata goes to the identity provider, with what it asks. */
export async function introduce({ product, signed, encrypted, domain, serviceProvider }, metadata) {
  const beside = (end) => serviceProvider.replace(/xml$/, end);
  if (product === 'simplesamlphp') {
    fs.writeFileSync(beside('json'), JSON.stringify({
      'saml20.sign.response': signed !== 'assertion', 'saml20.sign.assertion': signed !== 'response', 'assertion.encryption': encrypted,
    }));
  }
  fs.writeFileSync(serviceProvider, metadata);
  if (product !== 'lemonldap') return;
  fs.writeFileSync(beside('json'), JSON.stringify({ domain, encrypted }));
  const deadline = Date.now() + 60_000;
  while (!fs.existsSync(beside('known'))) {
    if (Date.now() > deadline) throw new Error(`${product} does not take the metadata`);
    await pause(50);
  }
}
