// Whoever is stopped gets a page in plain words with a reference code; the audit log and
// `vestibule why` know the one cause of that code; no session comes of it and nothing in JSM.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { newVisitor, portrait, startBrowser } from '../harness/browser.mjs';
import { COMPANIES } from '../harness/companies.mjs';
import { DEEP_LINK, finishThere, referenceOn, signIn, typeAddress } from '../harness/customer.mjs';
import { isRefused } from '../harness/refusal.mjs';
import { World } from '../harness/world.mjs';

const { acme, initech, globex } = COMPANIES;
let world;
let browser;
before(async () => { [world, browser] = await Promise.all([World.start(), startBrowser()]); });
after(async () => { await browser?.close(); await world?.stop(); });

const refused = (...told) => isRefused(world, browser, ...told);

const startSignIn = (page, site = world.url) => page.goto(site + DEEP_LINK);

/** Up to the moment when the identity provider's SAML response would be sent: its form fields. */
async function interceptedResponse(page, company, person) {
  await startSignIn(page);
  let caught;
  const sent = new Promise((resolve) => { caught = resolve; });
  // Before anything is clicked: the answer may come before the click returns.
  await page.route('**/acs', async (route) => {
    await route.abort();
    caught(Object.fromEntries(new URLSearchParams(route.request().postData())));
  });
  await signIn(page, company, person);
  const fields = await sent;
  await page.unroute('**/acs');
  return fields;
}

/** Sends a form from a page of somebody else's, as an identity provider's page does. */
async function post(page, url, fields) {
  await page.setContent('<form method="post"></form>');
  await page.locator('form').evaluate((form, [action, values]) => {
    form.action = action;
    for (const [name, value] of Object.entries(values)) {
      form.append(Object.assign(document.createElement('input'), { type: 'hidden', name, value }));
    }
    form.submit();
  }, [url, fields]);
}

for (const [name, company] of Object.entries(COMPANIES)) {
  describe(`${name}, ${company.protocol}`, () => {
    test('an identity provider that asserts a foreign domain is refused', () =>
      refused(`foreign-domain-${company.protocol}`, 'domain-foreign', async (page) => {
        await startSignIn(page);
        await page.getByRole('button', { name: `Continue with ${company.label}` }).click();
        await finishThere(page, company, company.impostor);
      }));

    test('a second person with a linked address is refused', async () => {
      const first = await newVisitor(browser);
      const page = await first.newPage();
      await startSignIn(page);
      await signIn(page, company, company.person);
      await page.waitForURL(world.url + DEEP_LINK);
      await first.close();
      await refused(`linked-elsewhere-${company.protocol}`, 'account-linked-elsewhere', async (other) => {
        await startSignIn(other);
        await signIn(other, company, company.namesake);
      });
    });

    test('an answer without an e-mail address is refused', () =>
      refused(`address-missing-${company.protocol}`, 'address-missing', async (page) => {
        await startSignIn(page);
        await page.getByRole('button', { name: `Continue with ${company.label}` }).click();
        await finishThere(page, company, company.nameless);
      }));
  });
}

test('a customer who says no at the provider is told so', () =>
  refused('provider-denied', 'oidc-provider-denied', async (page) => {
    await startSignIn(page);
    await typeAddress(page, globex.person.email);
    await page.getByRole('button', { name: 'Cancel' }).click();
  }));

test('a provider that does not answer is named', () =>
  refused('provider-unreachable', 'idp-unreachable', async (page) => {
    await startSignIn(page);
    await typeAddress(page, 'jan@hooli.example');
  }));

test('a provider that is switched off signs nobody in', () =>
  refused('provider-disabled', 'idp-disabled', (page) => page.goto(`${world.url}/.vestibule/sign-in/vandelay`)));

test('an unknown provider in the address is refused', () =>
  refused('provider-unknown', 'idp-unknown', (page) => page.goto(`${world.url}/.vestibule/sign-in/nobody`)));

test('an own address that means nothing is refused', () =>
  refused('not-found', 'endpoint-unknown', (page) => page.goto(`${world.url}/.vestibule/nonsense`)));

test('a state that nobody began is refused', () =>
  refused('state-unknown', 'attempt-unknown', (page) => page.goto(`${world.url}/.vestibule/oidc/globex/callback?code=c&state=${'A'.repeat(43)}`)));

test('an answer that another browser began is refused', async () => {
  const victim = await newVisitor(browser);
  const fields = await interceptedResponse(await victim.newPage(), acme, acme.colleague);
  await refused('other-browser', 'browser-unbound', (page) => post(page, `${world.url}/.vestibule/saml/acme/acs`, fields));
  await victim.close();
});

test('an answer in a browser that began a sign-in of its own is refused', async () => {
  const victim = await newVisitor(browser);
  const fields = await interceptedResponse(await victim.newPage(), acme, acme.colleague);
  await refused('foreign-browser', 'browser-other', async (page) => {
    await startSignIn(page);
    await typeAddress(page, acme.person.email);
    await page.waitForURL(/-idp\.localhost/);
    await post(page, `${world.url}/.vestibule/saml/acme/acs`, fields);
  });
  await victim.close();
});

test("an answer to another identity provider's request is refused", () =>
  refused('other-provider', 'attempt-other-provider', async (page) => {
    const fields = await interceptedResponse(page, acme, acme.colleague);
    await post(page, `${world.url}/.vestibule/saml/initech/acs`, fields);
  }));

test('an answer used twice is refused the second time', async () => {
  const context = await newVisitor(browser);
  const page = await context.newPage();
  const fields = await interceptedResponse(page, initech, initech.colleague);
  await post(page, `${world.url}/.vestibule/saml/initech/acs`, fields);
  await page.waitForURL(world.url + DEEP_LINK);
  await context.close();
  await refused('used-twice', 'attempt-unknown', (other) => post(other, `${world.url}/.vestibule/saml/initech/acs`, fields));
});

test('somebody whom no rule lets in is told so', () =>
  refused('not-permitted', 'denied-by-rule', async (page) => {
    await startSignIn(page, world.annex);
    await typeAddress(page, 'sam@stranger.example');
  }, { site: world.annex }));

test('a help center that is down has a page with a code', async () => {
  const context = await newVisitor(browser);
  const page = await context.newPage();
  await startSignIn(page, world.annex);
  await signIn(page, initech, initech.person);
  await page.locator('code.reference').waitFor();
  const code = await referenceOn(page);
  assert.match(await world.why(code), /upstream/);
  await portrait(page, 'refused-upstream-down');
  await context.close();
});

test('pages that are no refusals: an address with a mistake, a choice', async () => {
  const context = await newVisitor(browser);
  const page = await context.newPage();
  await startSignIn(page);
  await page.locator('form').first().evaluate((form) => { form.noValidate = true; });
  await typeAddress(page, 'ann at acme');
  await page.getByRole('alert').waitFor();
  await portrait(page, 'sign-in-mistake');
  await typeAddress(page, 'pat@offer.example');
  await page.getByRole('heading', { name: 'Continue with Initech' }).waitFor();
  await page.getByText('You will sign in at Initech (').waitFor();
  await portrait(page, 'continue');
  await page.getByRole('link', { name: 'Not your company?' }).click();
  await typeAddress(page, 'pat@elsewhere.example');
  await page.getByRole('heading', { name: 'Choose how to sign in' }).waitFor();
  await portrait(page, 'offer');
  await context.close();
});
