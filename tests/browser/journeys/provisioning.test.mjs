// What JSM can do to somebody who signs in for the first time, and what they see of it.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { newVisitor, portrait, startBrowser } from '../harness/browser.mjs';
import { COMPANIES } from '../harness/companies.mjs';
import { DEEP_LINK, referenceOn, sessionCookie, signIn } from '../harness/customer.mjs';
import { isRefused } from '../harness/refusal.mjs';
import { World } from '../harness/world.mjs';

const { acme, initech, globex, umbrella } = COMPANIES;
let world;
let browser;
before(async () => {
  const jsmMore = { providers: { initech: { reactivation: 'ask' } }, blocked: [globex.colleague.email] };
  [world, browser] = await Promise.all([World.start({ jsmMore }), startBrowser()]);
});
after(async () => { await browser?.close(); await world?.stop(); });

/** Puts an account into JSM, as somebody did before. */
const account = (wanted) => world.order('jsm/account', JSON.stringify(wanted));

/** Signs somebody in who is refused for `cause` on a page that says `headline`. */
const refused = (name, cause, headline, company, person, more = async () => {}) =>
  isRefused(world, browser, name, cause, async (page) => {
    await page.goto(world.url + DEEP_LINK);
    await signIn(page, company, person);
    // JSM may take its time, and the page of waiting comes in between.
    await page.getByRole('heading', { name: headline }).waitFor({ timeout: 60_000 });
    await more(page);
  });

test('an account whose access was ended', async () => {
  await account({ email: acme.colleague.email, desk: '1', revoked: true });
  await refused('access-ended', 'jsm-account-revoked', 'Your access was ended', acme, acme.colleague);
});

test('an account whose access was ended, where an administrator is asked', async () => {
  await account({ email: initech.person.email, desk: '1', revoked: true });
  await refused('access-asked', 'jsm-account-revoked', 'Your access was ended', initech, initech.person,
    (page) => page.getByText('We have asked the people').waitFor());
  assert.match(await world.command('provisioning', 'queue'), /an administrator has to grant access again/);
});

test('an account that JSM has and does not show', async () => {
  await account({ email: globex.person.email, revoked: true });
  await refused('account-invisible', 'jsm-account-invisible', 'Your support account cannot be used', globex, globex.person);
});

test('two accounts of one address', async () => {
  await account({ email: initech.colleague.email });
  await account({ email: initech.colleague.email });
  await refused('account-ambiguous', 'jsm-account-ambiguous', 'Your support account cannot be used', initech, initech.colleague);
});

test('an address that belongs to an Atlassian account leads there', async () => {
  await account({ email: acme.person.email, atlassian: true });
  await refused('atlassian-account', 'jsm-atlassian-account', 'Use Atlassian’s sign-in for this address', acme, acme.person, async (page) => {
    const link = page.getByRole('link', { name: 'Go to Atlassian’s sign-in' });
    assert.equal(await link.getAttribute('href'), `${world.fakes.jsm.url}/servicedesk/customer/user/login`);
  });
});

test('an address that the operator blocked', () =>
  refused('address-blocked', 'address-blocked', 'Your access was ended', globex, globex.colleague));

test('an address that JSM does not take', async () => {
  await world.order('jsm/refuse/400');
  await refused('address-refused', 'jsm-address-refused', 'Your support account cannot be used', umbrella, umbrella.person);
  await world.order('jsm/recover');
});

test('a right that the gateway lacks', async () => {
  await world.order('jsm/refuse/403');
  await refused('right-missing', 'jsm-right-missing', 'The support portal does not answer', umbrella, umbrella.person);
  await world.order('jsm/recover');
});

/** A new customer waits while JSM is in trouble, and goes on once it is not. */
async function waits(name, trouble, cause, company, person) {
  await world.order(trouble);
  const context = await newVisitor(browser);
  const page = await context.newPage();
  const customers = (await world.state()).customers.length;
  // A page that goes away while its picture is taken is none that axe can look at: it stays for now.
  const again = '**/.vestibule/setting-up?*';
  await page.route(again, (route) => route.fulfill({ status: 204 }));
  await page.goto(world.url + DEEP_LINK);
  await signIn(page, company, person);
  await page.getByRole('heading', { name: 'Setting up your account' }).waitFor();
  const code = await referenceOn(page);
  assert.match(await world.why(code), cause, 'why knows the code');
  assert.equal(await sessionCookie(context, world.url), undefined, 'no session');
  assert.equal((await world.state()).customers.length, customers, 'no customer in JSM');
  await portrait(page, name);
  await page.unroute(again);
  await page.locator('main a.button').click();
  await page.waitForURL(again);
  await world.order('jsm/recover');
  await page.waitForURL(world.url + DEEP_LINK);
  assert.equal((await world.state()).customers.length, customers + 1);
  await context.close();
}

test('a new customer waits while JSM is down, on a page that goes on by itself', () =>
  waits('setting-up', 'jsm/fail', /provisioning-under-way|jsm-failing/, umbrella, umbrella.colleague));

test('a new customer waits while JSM throttles', () =>
  waits('setting-up-throttled', 'jsm/throttle', /provisioning-under-way|jsm-throttled/, umbrella, umbrella.person));
