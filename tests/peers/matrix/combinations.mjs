// Which products are asked for which combinations of signature, encryption and key, and which
// OpenID providers with which kind of client.

import path from 'node:path';
import { ROOT } from '../../browser/harness/process.mjs';

const SIGNED = ['response', 'assertion', 'both'];
const CONTENT = ['plain', 'encrypted'];

const node = (folder) => [process.execPath, path.join(ROOT, 'tests/peers', folder, 'launch.mjs')];

/** The products that speak SAML: how each is started, and what it can do. */
export const PRODUCTS = {
  pysaml2: {
    command: [path.join(ROOT, 'target/peers/python/bin/python'), path.join(ROOT, 'tests/peers/pysaml2/idp.py')],
    keys: ['rsa', 'ecdsa'],
    signed: SIGNED,
  },
  samlp: { command: node('samlp'), keys: ['rsa'], signed: SIGNED },
  // Its release 1.19 encrypts with AES-CBC only: the operator's dated exception is part of the row.
  simplesamlphp: { command: node('simplesamlphp'), keys: ['rsa'], signed: SIGNED, cbc: true },
  // What is signed cannot be chosen; its library encrypts with AES-CBC.
  lemonldap: { command: node('lemonldap'), keys: ['rsa'], signed: ['both'], cbc: true },
};

/** The products that speak OpenID Connect, with the kinds of client that are tried. */
export const OPENID = {
  'oidc-provider': { command: node('oidc-provider'), clients: {
    'rs256-secret': { algorithm: 'RS256', secret: 'a-secret-of-the-client' },
    'es256-public': { algorithm: 'ES256' },
  } },
  lemonldap: { clients: { 'rs256-secret': { algorithm: 'RS256', secret: 'another-secret' } } },
};

/** Name of a row's identity provider in the gateway's file. */
export const idpName = (product, name) => `${product}-${name}`;

/** Every combination that `product` can do, by name. */
export function combinations(product) {
  const { keys, signed } = PRODUCTS[product];
  const all = {};
  for (const key of keys) {
    for (const what of signed) {
      for (const content of CONTENT) {
        const name = `${key}-${what}-${content}`;
        all[name] = { key, signed: what, encrypted: content === 'encrypted', domain: `${idpName(product, name)}.example` };
      }
    }
  }
  return all;
}

/** Every row of OpenID Connect. */
export function clients() {
  return Object.entries(OPENID).flatMap(([product, { clients: all }]) => Object.entries(all)
    .map(([name, client]) => ({ product, name, ...client, idp: idpName(product, name), domain: `${idpName(product, name)}.example` })));
}
