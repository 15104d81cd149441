// Which products are asked for which combinations of signature, encryption and key.

import path from 'node:path';
import { ROOT } from '../../browser/harness/process.mjs';

const SIGNED = ['response', 'assertion', 'both'];
const CONTENT = ['plain', 'encrypted'];

/** What each product can do, and how it is started. */
export const PRODUCTS = {
  pysaml2: {
    command: path.join(ROOT, 'target/peers/python/bin/python'),
    launcher: path.join(ROOT, 'tests/peers/pysaml2/idp.py'),
    keys: ['rsa', 'ecdsa'],
  },
  samlp: { command: process.execPath, launcher: path.join(ROOT, 'tests/peers/samlp/launch.mjs'), keys: ['rsa'] },
  simplesamlphp: {
    command: process.execPath, launcher: path.join(ROOT, 'tests/peers/simplesamlphp/launch.mjs'), keys: ['rsa'],
    // Its release 1.19 encrypts with AES-CBC only: the operator's dated exception is part of the row.
    cbc: true,
  },
};

/** Name of a combination's identity provider in the gateway's file. */
export const idpName = (product, name) => `${product}-${name}`;

/** Every combination that `product` can do, by name. */
export function combinations(product) {
  const all = {};
  for (const key of PRODUCTS[product].keys) {
    for (const signed of SIGNED) {
      for (const content of CONTENT) {
        const name = `${key}-${signed}-${content}`;
        all[name] = { key, signed, encrypted: content === 'encrypted', domain: `${idpName(product, name)}.example` };
      }
    }
  }
  return all;
}
