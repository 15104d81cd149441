// One whole installation on loopback: the built gateway, real identity providers, fake JSM and help
// center. Everything is death-bound to the test process and lies in one temporary folder.

import fs from 'node:fs';
import https from 'node:https';
import os from 'node:os';
import path from 'node:path';
import { freePort } from '../../peers/lifetime.mjs';
import { COMPANIES } from './companies.mjs';
import { writeConfiguration } from './configuration.mjs';
import { startIdentityProviders } from './identity-providers.mjs';
import { Process, built, run } from './process.mjs';
import { REPLICAS, Replicas, startRedis } from './replicas.mjs';

async function makeCertificate(folder) {
  await run('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '30',
    '-subj', '/CN=help.localhost', '-addext', 'subjectAltName=DNS:help.localhost,DNS:annex.localhost',
    '-keyout', path.join(folder, 'tls.key'), '-out', path.join(folder, 'tls.pem')]);
  fs.chmodSync(path.join(folder, 'tls.key'), 0o600);
}

/** The key that signs our SAML messages, with its certificate, as the operator keeps it. */
async function makeSamlKey(folder) {
  const [key, certificate] = ['saml-1.key', 'saml-1.crt'].map((name) => path.join(folder, name));
  await run('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '30', '-subj', '/CN=help.localhost',
    '-keyout', key, '-out', certificate]);
  const both = fs.readFileSync(key, 'utf8') + fs.readFileSync(certificate, 'utf8');
  fs.writeFileSync(path.join(folder, 'saml-1.pem'), both, { mode: 0o600 });
}

export class World {
  /** Starts everything and makes the identity providers trust the gateway; `options` are read by `writeConfiguration`. */
  static async start(options = {}) {
    const world = Object.assign(new World(), options);
    world.folder = fs.mkdtempSync(path.join(os.tmpdir(), 'vestibule-journeys-'));
    world.port = await freePort();
    world.url = `https://help.localhost:${world.port}`;
    world.annex = `https://annex.localhost:${world.port}`;
    world.fakesProcess = new Process('fakes', built('fakes'), Object.values(COMPANIES).map((company) => company.organization));
    [world.fakes, world.identityProviders] = await Promise.all([
      world.fakesProcess.ready(), startIdentityProviders(world.folder, world.url), makeCertificate(world.folder), makeSamlKey(world.folder),
    ]);
    world.deadPort = await freePort();
    if (REPLICAS > 1) await world.becomeReplicas();
    else world.configuration = writeConfiguration(world.folder, world);
    await world.command('keys', 'init');
    // A new Redis holds nothing until an operator says so.
    if (world.replicas) await world.command('store', 'init');
    await world.startGateway();
    await world.introduce();
    const keys = await world.get('/.vestibule/jwks.json');
    await world.order('trust/help.localhost', keys.body);
    return world;
  }

  /** Redis, and a front before as many gateways as are wanted. */
  async becomeReplicas() {
    this.redis = await startRedis(this.folder);
    const write = (replica) => {
      this.configuration = writeConfiguration(this.folder, { ...this, replica });
      return this.configuration;
    };
    this.replicas = new Replicas(write);
    write({ port: 0, name: 'replica-0' });
    await this.replicas.listen(this.port, this.folder);
  }

  async startGateway() {
    if (this.replicas) {
      await this.replicas.start(REPLICAS);
      this.gateway = this.replicas;
      return;
    }
    this.gateway = new Process('vestibule', built('vestibule'), ['run', '--config', this.configuration]);
    await this.gateway.prints(/listening/);
  }

  /** As an operator does: the gateway's published metadata goes to each SAML identity provider. */
  async introduce() {
    const saml = Object.entries(this.identityProviders).filter(([, idp]) => idp.serviceProviders);
    for (const [name, idp] of saml) {
      for (const site of ['help', 'annex']) {
        const answer = await this.get(`/.vestibule/saml/${name}/metadata`, `${site}.localhost`);
        if (answer.status !== 200) throw new Error(`metadata of ${name} at ${site}: ${answer.status} ${answer.body}`);
        fs.writeFileSync(path.join(idp.serviceProviders, `${site}.xml`), answer.body);
      }
    }
  }

  /** GET at the gateway without a browser. */
  async get(target, host = 'help.localhost', headers = {}) {
    return new Promise((resolve, reject) => {
      const options = { host: '127.0.0.1', port: this.port, servername: host, path: target, rejectUnauthorized: false,
        headers: { host: `${host}:${this.port}`, ...headers } };
      https.get(options, async (answer) => {
        let body = '';
        for await (const chunk of answer) body += chunk;
        resolve({ status: answer.statusCode, headers: answer.headers, body });
      }).once('error', reject);
    });
  }

  /** An operator's command; gives what it printed. */
  async command(...words) {
    return run(built('vestibule'), [...words, '--config', this.configuration]);
  }

  /** What `vestibule why` says; each replica has an audit log of its own. */
  async why(code) {
    const files = this.replicas?.files ?? [this.configuration];
    const asked = await Promise.allSettled(files.map((file) => run(built('vestibule'), ['why', code, '--config', file])));
    const said = asked.find(({ status }) => status === 'fulfilled');
    if (!said) throw asked[0].reason;
    return said.value;
  }

  /** What the fake JSM holds and what arrived at the help center. */
  async state() {
    return (await fetch(`${this.fakes.control}/state`)).json();
  }

  /** Orders something of the fakes, such as `jsm/fail`. */
  async order(what, body = '{}') {
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(`${this.fakes.control}/${what}`, { method: 'POST', headers, body });
    if (!answer.ok) throw new Error(`${what}: ${answer.status}`);
  }

  /** The audit log so far; of several replicas one after the other, not by time. */
  audit() {
    const files = fs.readdirSync(this.folder).filter((name) => /^audit.*\.jsonl$/.test(name));
    const lines = files.flatMap((name) => fs.readFileSync(path.join(this.folder, name), 'utf8').split('\n'));
    return lines.filter((line) => line !== '').map((line) => JSON.parse(line));
  }

  async stop() {
    const idps = Object.values(this.identityProviders ?? {}).map((idp) => idp.process);
    this.replicas?.close();
    await Promise.all([this.gateway, this.redis?.process, this.fakesProcess, ...idps].map((process) => process?.stop()));
    fs.rmSync(this.folder, { recursive: true, force: true });
  }
}
