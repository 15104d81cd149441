// One gateway that knows every product in every combination, on loopback, in a temporary folder.

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Process, built, run } from '../../browser/harness/process.mjs';
import { freePort } from '../lifetime.mjs';
import { PRODUCTS, combinations, idpName } from './combinations.mjs';
import { Walker } from './walker.mjs';

export const PERSON = { login: 'ann', password: 'ann-knows', name: 'Ann Archer' };

/** A pair of PEM texts in `folder`: `name.key` and `name.pem`. */
async function certificate(folder, name, options) {
  const [key, pem] = ['key', 'pem'].map((end) => path.join(folder, `${name}.${end}`));
  await run('openssl', ['req', '-x509', ...options, '-nodes', '-days', '30', '-subj', '/CN=help.localhost',
    '-addext', 'subjectAltName=DNS:help.localhost', '-keyout', key, '-out', pem]);
  fs.chmodSync(key, 0o600);
  return fs.readFileSync(key, 'utf8') + fs.readFileSync(pem, 'utf8');
}

function settings(product, folder) {
  const { login, password, name } = PERSON;
  const all = combinations(product);
  // SimpleSAMLphp knows people, not combinations: one login for each, with its address.
  const people = product === 'simplesamlphp'
    ? Object.fromEntries(Object.entries(all).map(([key, { domain }]) => [key, { password, name, email: `${login}@${domain}` }]))
    : { [login]: { password, name } };
  return { folder: path.join(folder, product), host: `${product}.localhost`, people, combinations: all, signResponse: true };
}

async function startProduct(product, folder) {
  const { command, launcher } = PRODUCTS[product];
  const process_ = new Process(product, command, [launcher, JSON.stringify(settings(product, folder))]);
  const said = await process_.ready();
  const where = (name) => said.combinations?.[name] ?? {
    metadata: said.metadata, serviceProvider: path.join(said.serviceProviders, `${name}.xml`),
  };
  const all = Object.entries(combinations(product)).map(([name, wanted]) => ({ product, name, ...wanted, ...where(name) }));
  return { process: process_, rows: all };
}

/** The day after the next month's, as the operator writes it. */
const soon = () => new Date(Date.now() + 40 * 86_400_000).toISOString().slice(0, 10);

function identityProvider({ product, name, domain, metadata, encrypted }) {
  const saml = { metadata: { url: metadata } };
  if (encrypted) saml.encryption = 'required';
  if (encrypted && PRODUCTS[product].cbc) saml.cbc_until = soon();
  return [idpName(product, name), { label: idpName(product, name), domains: [domain], saml, claims: { email: 'mail', name: 'displayName' } }];
}

function configuration({ port, fakes, rows }) {
  return {
    listen: { https: `127.0.0.1:${port}`, operations: '127.0.0.1:0', public_port: port },
    tls: { certificates: [{ chain: 'tls.pem', key: { file: 'tls.key' } }] },
    store: { embedded: { path: 'data' } },
    keys: { sealing: [{ file: 'keys/sealing-1' }], assertion: [{ file: 'keys/assertion-1.pem' }], saml: [{ file: 'saml-1.pem' }] },
    sites: { help: { hosts: ['help.localhost'], label: 'Help', jsm: 'support', upstream: { url: fakes.helpCenter, session: 'asserted' } } },
    identity_providers: Object.fromEntries(rows.map(identityProvider)),
    sign_in: [...rows.map(({ product, name, domain }) => ({ domain, use: idpName(product, name) })), { otherwise: 'deny' }],
    jsm: { support: { cloud: { site: fakes.jsm.url, email: fakes.jsm.email, token: { file: 'jsm' } }, desks: [{ join: ['1'] }] } },
    audit: { file: 'audit.jsonl' },
  };
}

export class Installation {
  static async start() {
    const it = new Installation();
    it.folder = fs.mkdtempSync(path.join(os.tmpdir(), 'vestibule-matrix-'));
    it.port = await freePort();
    it.fakesProcess = new Process('fakes', built('fakes'), []);
    const products = Object.keys(PRODUCTS).map((product) => startProduct(product, it.folder));
    const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];
    const [fakes, , own] = await Promise.all([
      it.fakesProcess.ready(), certificate(it.folder, 'tls', ec), certificate(it.folder, 'own', ['-newkey', 'rsa:2048']),
    ]);
    const started = await Promise.all(products);
    it.products = started.map((product) => product.process);
    it.rows = started.flatMap((product) => product.rows);
    const secret = (name, text) => fs.writeFileSync(path.join(it.folder, name), text, { mode: 0o600 });
    secret('saml-1.pem', own);
    secret('jsm', fakes.jsm.token);
    it.file = path.join(it.folder, 'vestibule.yaml');
    fs.writeFileSync(it.file, JSON.stringify(configuration({ port: it.port, fakes, rows: it.rows }), null, 2));
    await run(built('vestibule'), ['keys', 'init', '--config', it.file]);
    it.gateway = new Process('vestibule', built('vestibule'), ['run', '--config', it.file]);
    await it.gateway.prints(/listening/);
    await Promise.all(it.rows.map((row) => it.#introduce(row)));
    const keys = await it.walker().get(`${it.url}/.vestibule/jwks.json`);
    const headers = { 'content-type': 'application/json' };
    await fetch(`${fakes.control}/trust/help.localhost`, { method: 'POST', headers, body: keys.body });
    return it;
  }

  get url() {
    return `https://help.localhost:${this.port}`;
  }

  /** A new browser without a screen. */
  walker() {
    return new Walker();
  }

  /** As an operator does: the gateway's published metadata goes to the identity provider. */
  async #introduce({ product, name, signed, encrypted, serviceProvider }) {
    const answer = await this.walker().get(`${this.url}/.vestibule/saml/${idpName(product, name)}/metadata`);
    if (answer.status !== 200) throw new Error(`metadata for ${product} ${name}: ${answer.status} ${answer.body}`);
    if (product === 'simplesamlphp') {
      fs.writeFileSync(serviceProvider.replace(/xml$/, 'json'), JSON.stringify({
        'saml20.sign.response': signed !== 'assertion', 'saml20.sign.assertion': signed !== 'response', 'assertion.encryption': encrypted,
      }));
    }
    fs.writeFileSync(serviceProvider, answer.body);
  }

  /** The last audit record of a refusal, for the one who reads a failed run. */
  lastRefusal() {
    const lines = fs.readFileSync(path.join(this.folder, 'audit.jsonl'), 'utf8').trim().split('\n');
    return lines.at(-1);
  }

  async stop() {
    await Promise.all([this.gateway, this.fakesProcess, ...(this.products ?? [])].map((one) => one?.stop()));
    fs.rmSync(this.folder, { recursive: true, force: true });
  }
}
