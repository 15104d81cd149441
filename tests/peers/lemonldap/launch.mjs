// Starts LemonLDAP::NG (Debian's package) as SAML identity provider and OpenID provider on a free
// loopback port and prints one line of JSON: { url, issuer, metadata, serviceProviders }.
//
// Argument, JSON: { folder, host, clients: { name: { secret, redirectUri, domain } } }. People are
// the product's own demonstration accounts, whose password is their login: dwho, rtyler, msmith; an
// address is `login@domain`, the domain being that of the client or service provider.
// A service provider is trusted once its metadata lies in the folder `serviceProviders` as NAME.xml,
// with NAME.json beside it: { domain, encrypted }. The portal reads its configuration at start, so
// it is started anew; NAME.known appears when it is ready.

import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { answering, freePort, settings, spawnBound } from '../lifetime.mjs';
import { configuration, ini } from './configuration.mjs';

// Unpacked there by scripts/install.
const PROGRAM = fileURLToPath(new URL('../../../target/peers/lemonldap', import.meta.url));

/** Folders below `base` that are there, for a library path. */
function folders(...patterns) {
  return patterns.flatMap((pattern) => pattern.split('/').reduce((found, part) => found.flatMap((folder) => {
    const names = part === '*' ? fs.readdirSync(folder) : [part];
    return names.map((name) => path.join(folder, name)).filter((one) => fs.existsSync(one) && fs.statSync(one).isDirectory());
  }), [PROGRAM])).join(':');
}

const wanted = settings();
const port = await freePort();
const url = `http://${wanted.host}:${port}`;
const file = (...parts) => path.join(wanted.folder, ...parts);
for (const name of ['conf', 'sessions/lock', 'persistent/lock', 'cache', 'service-providers']) {
  fs.mkdirSync(file(name), { recursive: true });
}
execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '30', '-subj', `/CN=${wanted.host}`,
  '-keyout', file('idp.key'), '-out', file('idp.pem')], { stdio: 'pipe' });
const key = fs.readFileSync(file('idp.key'), 'utf8');
const certificate = fs.readFileSync(file('idp.pem'), 'utf8');
const publicKey = execFileSync('openssl', ['x509', '-pubkey', '-noout'], { input: certificate }).toString();
const secret = randomBytes(16).toString('hex');
const defaults = JSON.parse(fs.readFileSync(path.join(PROGRAM, 'var/lib/lemonldap-ng/conf/lmConf-1.json'), 'utf8'));
fs.writeFileSync(file('lemonldap-ng.ini'), ini({ folder: wanted.folder, program: PROGRAM }));

/** The service providers whose metadata is there. */
function serviceProviders() {
  const names = fs.readdirSync(file('service-providers')).filter((name) => name.endsWith('.xml')).map((name) => name.slice(0, -4));
  return Object.fromEntries(names.filter((name) => fs.existsSync(file('service-providers', `${name}.json`))).map((name) => [name, {
    xml: fs.readFileSync(file('service-providers', `${name}.xml`), 'utf8'),
    ...JSON.parse(fs.readFileSync(file('service-providers', `${name}.json`), 'utf8')),
  }]));
}

let perl;

async function start() {
  const known = serviceProviders();
  const conf = configuration({ ...wanted, url, key, certificate, publicKey, secret, defaults, serviceProviders: known });
  fs.writeFileSync(file('conf/lmConf-1.json'), JSON.stringify(conf));
  fs.rmSync(file('cache'), { recursive: true, force: true });
  fs.mkdirSync(file('cache'));
  const log = fs.openSync(file('portal.log'), 'a');
  perl = spawnBound('perl', [path.join(PROGRAM, 'usr/bin/plackup'), '-s', 'HTTP::Server::PSGI', '--host', '127.0.0.1', '--port', String(port),
    fileURLToPath(new URL('portal.psgi', import.meta.url))], {
    stdio: ['ignore', log, log],
    env: {
      ...process.env,
      LLNG_DEFAULTCONFFILE: file('lemonldap-ng.ini'),
      PERL5LIB: folders('usr/share/perl5', 'usr/lib/*/perl5/*'),
      LD_LIBRARY_PATH: folders('usr/lib', 'usr/lib/*'),
    },
  });
  const running = perl;
  running.once('exit', (code) => {
    if (running !== perl) return;
    process.stderr.write(`the portal ended with ${code}; see ${file('portal.log')}\n`);
    process.exit(1);
  });
  await answering(`http://127.0.0.1:${port}/.well-known/openid-configuration`, { headers: { Host: new URL(url).host } });
  for (const name of Object.keys(known)) fs.writeFileSync(file('service-providers', `${name}.known`), '');
}

async function restart() {
  const old = perl;
  perl = undefined;
  await new Promise((resolve) => {
    old.once('exit', resolve);
    old.kill('SIGKILL');
  });
  await start();
}

await start();
// New metadata is looked for between two starts, so that several files make one start.
async function look() {
  const all = Object.keys(serviceProviders());
  if (all.some((name) => !fs.existsSync(file('service-providers', `${name}.known`)))) await restart();
  setTimeout(look, 200);
}
setTimeout(look, 200);
process.stdout.write(`${JSON.stringify({ url, issuer: url, metadata: `${url}/saml/metadata`, serviceProviders: file('service-providers') })}\n`);
