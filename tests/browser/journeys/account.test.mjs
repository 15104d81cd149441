// A customer looks after what is their own: devices, trusted browsers, recovery codes, the app; and
// what happens when the phone is lost.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Authenticator, scan } from '../harness/authenticator.mjs';
import { newVisitor, portrait, startBrowser } from '../harness/browser.mjs';
import { COMPANIES } from '../harness/companies.mjs';
import { DEEP_LINK, sessionCookie, signIn, typeAddress } from '../harness/customer.mjs';
import { MailServer } from '../harness/mail.mjs';
import { World } from '../harness/world.mjs';

const { globex } = COMPANIES;
const { email } = globex.person;
const PLAIN_LINK = '/servicedesk/customer/portal/1';

let mail;
let world;
let browser;
before(async () => {
  mail = await MailServer.start();
  const more = {
    second_factor: [{ idp: 'globex', require: 'totp', trusted_browser: '30d' }],
    factors: { self_service_reset: '24h' },
    mail: { server: '127.0.0.1', port: mail.port, tls: 'none', from: 'no-reply@help.example' },
  };
  [world, browser] = await Promise.all([World.start({ more }), startBrowser()]);
});
after(async () => { await browser?.close(); await world?.stop(); await mail?.stop(); });

/** The customer's app, and the first browser, which stays signed in from test to test. */
let app;
let codes;
let home;

/** A browser on the page that asks for the second factor. */
async function arrive() {
  const context = await newVisitor(browser);
  const page = await context.newPage();
  await page.goto(world.url + DEEP_LINK);
  await signIn(page, globex, globex.person);
  await page.waitForURL(/\/\.vestibule\/second-factor/);
  return page;
}

/** From the page with a QR code to the page that comes after the recovery codes. */
async function setUp(page) {
  app = new Authenticator(await scan(page, page.locator('.qr')));
  await page.locator('#code').fill(await app.code());
  await keep(page);
}

/** Keeps the codes that a page shows. */
async function keep(page, name) {
  await page.locator('#codes').waitFor();
  if (name) await portrait(page, name);
  codes = (await page.locator('#codes').innerText()).trim().split(/\s+/);
  await page.locator('#end').fill(codes[9].slice(-4));
  await page.getByRole('button', { name: 'Continue' }).click();
}

/** Waits until there are so many. */
async function assertCount(things, count) {
  for (let tries = 0; tries < 200 && await things.count() !== count; tries += 1) await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(await things.count(), count);
}

async function account(page) {
  await page.goto(`${world.url}/.vestibule/account`);
  await page.getByRole('heading', { level: 1, name: 'Your account' }).waitFor();
}

test('the account page says who one is, and what one has', async () => {
  home = await arrive();
  await setUp(home);
  await home.waitForURL(world.url + DEEP_LINK);
  await mail.to(email, 'an authenticator app was set up');
  await account(home);
  const text = await home.locator('main').innerText();
  for (const part of [globex.person.name, email, globex.label, '10 recovery codes left', 'This device']) assert.ok(text.includes(part), part);
  assert.equal(await home.locator('input[type=text], input:not([type])').count(), 0, 'name and provider cannot be changed here');
  await portrait(home, 'account');
});

test('a trusted browser is listed, proves nothing of its own, and is signed out and forgotten from another device', async () => {
  const page = await arrive();
  await page.locator('input[name="trust"]').check();
  await page.locator('#code').fill(await app.code());
  await page.getByRole('button', { name: 'Confirm' }).click();
  await page.waitForURL(world.url + DEEP_LINK);
  const again = async () => {
    await page.context().clearCookies({ name: '__Host-vestibule' });
    await page.goto(world.url + PLAIN_LINK);
    // The provider knows this browser still.
    await typeAddress(page, email);
  };
  await again();
  await page.waitForURL(world.url + PLAIN_LINK);

  await account(page);
  await page.getByLabel(/Code of your app/).fill('000000');
  await page.getByRole('button', { name: 'Make new recovery codes' }).click();
  await page.getByRole('alert').waitFor();
  await portrait(page, 'account-wrong');

  await account(home);
  await portrait(home, 'account-trusted');
  await home.getByRole('button', { name: /^Forget/ }).click();
  await home.getByText('Done.').waitFor();
  const devices = home.getByRole('button', { name: /^Sign out there/ });
  for (let left = await devices.count(); left > 0; left -= 1) {
    await devices.first().click();
    await home.getByText('Done.').waitFor();
    await assertCount(devices, left - 1);
  }
  await portrait(home, 'account-done');
  const told = await page.evaluate(async () => (await fetch('/.vestibule/session')).json());
  assert.equal(told.signed_in, false, 'signed out there');
  await again();
  await page.getByRole('heading', { level: 1, name: 'Confirm that it is you' }).waitFor();
  await page.context().close();
});

test('new recovery codes kill the old ones, and another app the old app', async () => {
  const [old] = codes;
  await account(home);
  const proof = home.locator('#code');
  if (await proof.count()) await proof.fill(await app.code());
  await home.getByRole('button', { name: 'Make new recovery codes' }).click();
  await keep(home, 'account-codes');
  await home.getByText('Done.').waitFor();

  const before = app;
  if (await proof.count()) await proof.fill(await app.code());
  await home.getByRole('button', { name: 'Set up another app' }).click();
  await home.locator('.qr').waitFor();
  await portrait(home, 'account-app');
  await setUp(home);
  await home.getByText('Done.').waitFor();
  assert.notEqual(app.key, before.key);

  const page = await arrive();
  await page.locator('#code').fill(await before.code());
  await page.getByRole('button', { name: 'Confirm' }).click();
  await page.getByRole('alert').waitFor();
  await page.getByRole('link', { name: 'I cannot get a code' }).click();
  await page.getByRole('link', { name: 'Use a recovery code' }).click();
  await page.locator('#recovery').fill(old);
  await page.getByRole('button', { name: 'Confirm' }).click();
  await page.getByRole('alert').waitFor();
  await portrait(page, 'factor-recovery-wrong');
  await page.context().close();
});

test('who has lost everything asks for a reset, and the owner hears of it and keeps the second step', async () => {
  const page = await arrive();
  await page.getByRole('link', { name: 'I cannot get a code' }).click();
  await portrait(page, 'factor-lost-offered');
  await page.getByRole('button', { name: /reset/i }).click();
  await page.locator('p.lead').waitFor();
  await portrait(page, 'factor-reset-asked');
  const letter = await mail.to(email, 'somebody asked to reset');
  assert.match(letter.text, new RegExp(`${world.url}/\\.vestibule/account`), 'it says where to go');
  assert.equal(await sessionCookie(page.context(), world.url), undefined, 'and lets nobody in');

  await account(home);
  await portrait(home, 'account-reset-waits');
  const proof = home.locator('#code');
  if (await proof.count()) await proof.fill(await app.code());
  await home.locator('button[value="keep"]').click();
  await home.getByText('Done.').waitFor();
  assert.equal(await home.locator('.verdict.bad').count(), 0, 'it is withdrawn');
  await page.context().close();
});

test('an operator resets: the session ends, and a new sign-in sets a new app up', async () => {
  const before = app;
  assert.match(await world.command('factor', 'status', email, '--site', 'help'), /authenticator app: since/);
  const said = await world.command('factor', 'reset', email, '--site', 'help', '--reason', 'lost phone, ticket 4711');
  assert.match(said, /sessions ended/);
  assert.match(await world.command('factor', 'status', email, '--site', 'help'), /authenticator app: none/);
  await mail.to(email, 'your second step was reset');
  const recorded = world.audit().filter(({ event }) => event === 'factor_reset');
  assert.deepEqual(recorded.map(({ reason }) => reason), ['lost phone, ticket 4711']);
  await home.goto(world.url + DEEP_LINK);
  await home.getByRole('heading', { level: 1, name: /^Sign in/ }).waitFor();

  const page = await arrive();
  await page.getByRole('heading', { level: 1, name: 'Protect your sign-in' }).waitFor();
  await setUp(page);
  await page.waitForURL(world.url + DEEP_LINK);
  assert.notEqual(app.key, before.key);
  await page.context().close();
  await home.context().close();
});
