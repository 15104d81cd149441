// What real identity providers sign and encrypt, and how: the running gateway takes all of it.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { PRODUCTS, clients, combinations } from './combinations.mjs';
import { Installation } from './installation.mjs';
import { personOf } from './products.mjs';
import { forms } from './walker.mjs';

const WANTED = { combinations: 12, products: 3, openid: 2 };
const PAGE = '/servicedesk/customer/portal/1/SUP-1042';
const LOGIN = ['username', 'user', 'login'];

let installation;
const results = [];

before(async () => {
  installation = await Installation.start();
}, { timeout: 180_000 });

after(async () => {
  await installation?.stop();
  for (const { protocol, product, name, result } of results) {
    console.log(`${protocol.padEnd(8)} ${product.padEnd(14)} ${name.padEnd(26)} ${result}`);
  }
});

/** From a deep link to the identity provider's answer to the right password. */
async function signInThere(walker, row) {
  const person = personOf(row);
  const start = await walker.get(installation.url + PAGE);
  const address = forms(start).find((form) => 'email' in form.fields);
  assert.ok(address, `no sign-in page: ${start.status} ${start.body.slice(0, 500)}`);
  let there = await walker.submit(address, { email: person.email });
  // A SAML request on HTTP-POST is a page that sends itself.
  const carried = forms(there).find((one) => 'SAMLRequest' in one.fields && one.action !== there.url && !('password' in one.fields));
  if (carried) there = await walker.submit(carried);
  const form = forms(there).find((one) => 'password' in one.fields);
  assert.ok(form, `no page of the identity provider: ${there.status} ${there.url} ${installation.lastRecord()} ${there.body.slice(0, 500)}`);
  const login = LOGIN.find((name) => name in form.fields);
  return walker.submit(form, { [login]: person.login, password: person.password, ...(login === 'login' && { act: 'enter' }) });
}

/** The page at the end is the one that was asked for. */
function arrived(end, more = '') {
  const why = `${end.status} ${end.url}: ${installation.lastRecord()}\n${more || end.body.slice(0, 1500)}`;
  assert.equal(end.status, 200, why);
  assert.equal(new URL(end.url).pathname, PAGE, why);
}

/** The response is what the row says, else the row proves nothing. */
function check(xml, { signed, encrypted, key }) {
  assert.equal(/<(\w+:)?EncryptedAssertion\b/.test(xml), encrypted, xml);
  const outer = xml.replace(/<(\w+:)?(Encrypted)?Assertion\b.*<\/(\w+:)?(Encrypted)?Assertion>/s, '');
  assert.equal(/SignatureValue/.test(outer), signed !== 'assertion', `the response's own signature: ${xml}`);
  if (!encrypted) {
    const inner = /<(\w+:)?Assertion\b.*<\/(\w+:)?Assertion>/s.exec(xml)[0];
    assert.equal(/SignatureValue/.test(inner), signed !== 'response', `the assertion's signature: ${xml}`);
  }
  const algorithm = /SignatureMethod[^>]*#([a-z]+)-sha256"/.exec(xml)?.[1];
  if (algorithm) assert.equal(algorithm, key);
}

/** Runs one row and notes what came of it. */
async function walk(protocol, product, name, body) {
  const row = installation.rows.find((one) => one.protocol === protocol && one.product === product && one.name === name);
  const result = { protocol, product, name, result: 'refused' };
  results.push(result);
  await body(row, installation.walker());
  result.result = 'accepted';
}

for (const product of Object.keys(PRODUCTS)) {
  describe(`${product}, SAML`, () => {
    for (const name of Object.keys(combinations(product))) {
      test(`${name} is accepted`, { timeout: 60_000 }, () => walk('saml', product, name, async (row, walker) => {
        const signed = await signInThere(walker, row);
        const response = forms(signed).find((one) => 'SAMLResponse' in one.fields);
        assert.ok(response, `no response: ${signed.status} ${signed.url} ${signed.body.slice(0, 1500)}`);
        const xml = Buffer.from(response.fields.SAMLResponse, 'base64').toString();
        check(xml, row);
        arrived(await walker.submit(response), xml);
      }));
    }
  });
}

describe('OpenID Connect', () => {
  for (const { product, name } of clients()) {
    test(`${product} signs in a client of kind ${name}`, { timeout: 60_000 }, () => walk('openid', product, name, async (row, walker) => {
      arrived(await signInThere(walker, row));
    }));
  }
});

test('enough combinations of enough products are accepted', () => {
  const accepted = (protocol) => results.filter((row) => row.protocol === protocol && row.result === 'accepted');
  const count = (rows, of) => new Set(rows.map(of)).size;
  const found = {
    combinations: count(accepted('saml'), (row) => row.name),
    products: count(accepted('saml'), (row) => row.product),
    openid: count(accepted('openid'), (row) => row.product),
  };
  for (const [what, least] of Object.entries(WANTED)) assert.ok(found[what] >= least, `${what}: ${found[what]} of ${least}`);
});
