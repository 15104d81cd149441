// What real identity providers sign and encrypt, and how: the running gateway takes all of it.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { PRODUCTS, combinations } from './combinations.mjs';
import { Installation, PERSON } from './installation.mjs';
import { forms } from './walker.mjs';

const WANTED = { combinations: 12, products: 3 };
const PAGE = '/servicedesk/customer/portal/1/SUP-1042';

let installation;
const results = [];

before(async () => {
  installation = await Installation.start();
}, { timeout: 120_000 });

after(async () => {
  await installation?.stop();
  for (const { product, name, result } of results) console.log(`${product.padEnd(14)} ${name.padEnd(26)} ${result}`);
});

/** Signs in through one identity provider; gives the page at the end. */
async function signIn({ product, name, domain }) {
  const walker = installation.walker();
  const start = await walker.get(installation.url + PAGE);
  const address = forms(start).find((form) => 'email' in form.fields);
  assert.ok(address, `no sign-in page: ${start.status} ${start.body.slice(0, 500)}`);
  const there = await walker.submit(address, { email: `${PERSON.login}@${domain}` });
  const form = forms(there).find((one) => 'username' in one.fields);
  assert.ok(form, `no page of the identity provider: ${there.status} ${there.url} ${there.body.slice(0, 500)}`);
  const username = product === 'simplesamlphp' ? name : PERSON.login;
  const signed = await walker.submit(form, { username, password: PERSON.password });
  const response = forms(signed).find((one) => 'SAMLResponse' in one.fields);
  assert.ok(response, `no response: ${signed.status} ${signed.body.slice(0, 1500)}`);
  const xml = Buffer.from(response.fields.SAMLResponse, 'base64').toString();
  return { xml, end: await walker.submit(response) };
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

for (const product of Object.keys(PRODUCTS)) {
  describe(product, () => {
    for (const name of Object.keys(combinations(product))) {
      test(`${name} is accepted`, { timeout: 60_000 }, async () => {
        const row = installation.rows.find((one) => one.product === product && one.name === name);
        const result = { product, name, result: 'refused' };
        results.push(result);
        const { xml, end } = await signIn(row);
        check(xml, row);
        const why = `${end.status} ${end.url}: ${installation.lastRefusal()}\n${xml}`;
        assert.equal(end.status, 200, why);
        assert.equal(new URL(end.url).pathname, PAGE, why);
        result.result = 'accepted';
      });
    }
  });
}

test('enough combinations of enough products are accepted', () => {
  const accepted = results.filter((row) => row.result === 'accepted');
  const count = (of) => new Set(accepted.map(of)).size;
  assert.ok(count((row) => row.name) >= WANTED.combinations, `${count((row) => row.name)} combinations`);
  assert.ok(count((row) => row.product) >= WANTED.products, `${count((row) => row.product)} products`);
});
