// One gateway that knows every product in every combination, on loopback, in a temporary folder.

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Process, built, run } from '../../browser/harness/process.mjs';
import { freePort } from '../lifetime.mjs';
import { PRODUCTS } from './combinations.mjs';
import { introduce, startProducts } from './products.mjs';
import { Walker } from './walker.mjs';

/** A pair of PEM texts in `folder`: `name.key` and `name.pem`. */
async function certificate(folder, name, options) {
  const [key, pem] = ['key', 'pem'].map((end) => path.join(folder, `${name}.${end}`));
  await run('openssl', ['req', '-x509', ...options, '-nodes', '-days', '30', '-subj', '/CN=help.localhost',
    '-addext', 'subjectAltName=DNS:help.localhost', '-keyout', key, '-out', pem]);
  fs.chmodSync(key, 0o600);
  return fs.readFileSync(key, 'utf8') + fs.readFileSync(pem, 'utf8');
}

/** Last day of a dated exception, as the operator writes it. */
const soon = () => new Date(Date.now() + 40 * 86_400_000).toISOString().slice(0, 10);

function saml({ product, metadata, encrypted }) {
  const how = { metadata: { url: metadata } };
  if (encrypted) how.encryption = 'required';
  if (encrypted && PRODUCTS[product].cbc) how.cbc_until = soon();
  return { saml: how, claims: { email: 'mail', name: 'displayName' } };
}

function openid({ issuer, clientId, secret, idp, algorithm }) {
  const how = { issuer, client_id: clientId, userinfo: true, algorithms: [algorithm], scopes: ['openid', 'email', 'profile'] };
  if (secret) how.client_secret = { file: `secret-${idp}` };
  return { oidc: how };
}

function configuration({ port, fakes, rows }) {
  const provider = (row) => [row.idp, { label: row.idp, domains: [row.domain], ...(row.protocol === 'saml' ? saml(row) : openid(row)) }];
  return {
    listen: { https: `127.0.0.1:${port}`, operations: '127.0.0.1:0', public_port: port },
    tls: { certificates: [{ chain: 'tls.pem', key: { file: 'tls.key' } }] },
    store: { embedded: { path: 'data' } },
    keys: { sealing: [{ file: 'keys/sealing-1' }], assertion: [{ file: 'keys/assertion-1.pem' }], saml: [{ file: 'saml-1.pem' }] },
    sites: { help: { hosts: ['help.localhost'], label: 'Help', jsm: 'support', upstream: { url: fakes.helpCenter, session: 'asserted' } } },
    identity_providers: Object.fromEntries(rows.map(provider)),
    sign_in: [...rows.map(({ idp, domain }) => ({ domain, use: idp })), { otherwise: 'deny' }],
    jsm: { support: { cloud: { site: fakes.jsm.url, email: fakes.jsm.email, token: { file: 'jsm' } }, desks: [{ join: ['1'] }] } },
    audit: { file: 'audit.jsonl' },
  };
}

export class Installation {
  products = [];

  /** Starts everything; what was started is stopped when a part of it does not start. */
  static async start() {
    const it = new Installation();
    try {
      await it.#start();
    } catch (problem) {
      await it.stop();
      throw problem;
    }
    return it;
  }

  async #start() {
    this.folder = fs.mkdtempSync(path.join(os.tmpdir(), 'vestibule-matrix-'));
    this.port = await freePort();
    this.fakesProcess = new Process('fakes', built('fakes'), []);
    const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];
    const [fakes, started, own] = await Promise.all([
      this.fakesProcess.ready(), startProducts(this.folder, this.url, this.products), certificate(this.folder, 'own', ['-newkey', 'rsa:2048']),
      certificate(this.folder, 'tls', ec),
    ]);
    this.rows = started.flatMap((product) => product.rows);
    const secret = (name, text) => fs.writeFileSync(path.join(this.folder, name), text, { mode: 0o600 });
    secret('saml-1.pem', own);
    secret('jsm', fakes.jsm.token);
    for (const row of this.rows) if (row.secret) secret(`secret-${row.idp}`, row.secret);
    this.file = path.join(this.folder, 'vestibule.yaml');
    fs.writeFileSync(this.file, JSON.stringify(configuration({ port: this.port, fakes, rows: this.rows }), null, 2));
    await run(built('vestibule'), ['keys', 'init', '--config', this.file]);
    this.gateway = new Process('vestibule', built('vestibule'), ['run', '--config', this.file]);
    await this.gateway.prints(/listening/);
    await Promise.all(this.rows.filter((row) => row.protocol === 'saml').map((row) => this.#introduce(row)));
    const keys = await this.walker().get(`${this.url}/.vestibule/jwks.json`);
    const headers = { 'content-type': 'application/json' };
    await fetch(`${fakes.control}/trust/help.localhost`, { method: 'POST', headers, body: keys.body });
  }

  get url() {
    return `https://help.localhost:${this.port}`;
  }

  /** A new browser without a screen. */
  walker() {
    return new Walker();
  }

  async #introduce(row) {
    const answer = await this.walker().get(`${this.url}/.vestibule/saml/${row.idp}/metadata`);
    if (answer.status !== 200) throw new Error(`metadata for ${row.idp}: ${answer.status} ${answer.body}`);
    await introduce(row, answer.body);
  }

  /** The last audit record, for the one who reads a failed run. */
  lastRecord() {
    const lines = fs.readFileSync(path.join(this.folder, 'audit.jsonl'), 'utf8').trim().split('\n');
    return lines.at(-1);
  }

  async stop() {
    await Promise.all([this.gateway, this.fakesProcess, ...this.products].map((one) => one?.stop()));
    fs.rmSync(this.folder, { recursive: true, force: true });
  }
}
