// Starts `samlp` (npm, Auth0's SAML identity provider) on a free loopback port: one identity
// provider for each combination of what is signed and whether it is encrypted. It signs by RSA.
//
// Argument and output as of ../pysaml2/idp.py.

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { settings } from '../lifetime.mjs';

const packages = createRequire(new URL('../../browser/package.json', import.meta.url));
const express = packages('express');
const samlp = packages('samlp');

const wanted = settings();
fs.mkdirSync(wanted.folder, { recursive: true });
const file = (name) => path.join(wanted.folder, name);
execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '30', '-subj', `/CN=${wanted.host}`,
  '-keyout', file('idp.key'), '-out', file('idp.pem')], { stdio: 'pipe' });
const [key, cert] = ['idp.key', 'idp.pem'].map((name) => fs.readFileSync(file(name)));

/** What the service provider's metadata says, where the file is there. */
function serviceProvider(name) {
  const xml = fs.readFileSync(file(`sp-${name}.xml`), 'utf8');
  const acs = /AssertionConsumerService[^>]*Location="([^"]+)"/.exec(xml)[1];
  const encryption = /<(?:\w+:)?KeyDescriptor use="encryption">.*?<(?:\w+:)?X509Certificate>([^<]+)</s.exec(xml)?.[1];
  return { acs, encryption };
}

/** The names under which the person's attributes go; the library leaves that to its user. */
function names(user) {
  return {
    getClaims: () => ({ mail: user.email, displayName: user.name }),
    getNameIdentifier: () => ({
      nameIdentifier: user.id, nameIdentifierFormat: 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent',
    }),
  };
}
names.prototype.metadata = [];

function answer(name, combination, issuer) {
  return (request, response, next) => {
    const { acs, encryption } = serviceProvider(name);
    const options = {
      issuer, key, cert,
      signatureAlgorithm: 'rsa-sha256',
      digestAlgorithm: 'sha256',
      signResponse: combination.signed !== 'assertion',
      signAssertion: combination.signed !== 'response',
      lifetimeInSeconds: 300,
      destination: acs,
      recipient: acs,
      sessionIndex: `_${name}`,
      getPostURL: (_audience, _dom, _request, callback) => callback(null, acs),
      getUserFromRequest: () => request.user,
      profileMapper: names,
    };
    if (combination.encrypted) {
      options.encryptionCert = `-----BEGIN CERTIFICATE-----\n${encryption.trim()}\n-----END CERTIFICATE-----\n`;
      options.encryptionPublicKey = publicKey(options.encryptionCert);
    }
    samlp.auth(options)(request, response, next);
  };
}

function publicKey(certificate) {
  return execFileSync('openssl', ['x509', '-pubkey', '-noout'], { input: certificate }).toString();
}

const escape = (text) => String(text).replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

const app = express();
app.set('query parser', 'simple');
app.use(express.urlencoded({ extended: false, limit: '100kb' }));
const server = app.listen(0, '127.0.0.1');
await new Promise((resolve, reject) => server.once('error', reject).once('listening', resolve));
const url = `http://${wanted.host}:${server.address().port}`;
const made = {};
for (const [name, combination] of Object.entries(wanted.combinations)) {
  const issuer = `${url}/${name}`;
  made[name] = { metadata: `${url}/${name}/metadata`, serviceProvider: file(`sp-${name}.xml`) };
  app.get(`/${name}/metadata`, samlp.metadata({
    issuer, cert, redirectEndpointPath: `/${name}/sso`, postEndpointPath: `/${name}/sso`,
    logoutEndpointPaths: {}, profileMapper: names,
  }));
  app.get(`/${name}/sso`, (request, response) => {
    response.type('html').send(`<!doctype html><title>samlp</title>
      <form method="post" action="${escape(request.originalUrl)}"><label>Login <input name="username"></label>
      <label>Password <input name="password" type="password"></label><button>Sign in</button></form>`);
  });
  app.post(`/${name}/sso`, (request, response, next) => {
    const { username, password } = request.body;
    const person = wanted.people[username];
    if (!person || person.password !== password) return response.status(403).send('wrong login or password');
    request.user = { id: `id-${username}`, email: `${username}@${combination.domain}`, name: person.name };
    // The request came in the URL; the library looks for it there only on GET.
    request.method = 'GET';
    return next();
  }, answer(name, combination, issuer));
}
app.use((problem, _request, response, _next) => {
  process.stderr.write(`${problem.stack}\n`);
  response.status(500).send(String(problem));
});
process.stdout.write(`${JSON.stringify({ url, combinations: made })}\n`);
