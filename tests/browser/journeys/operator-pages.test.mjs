// Pages that few people meet: an operator's test and emergency link, a sign-in that the identity
// provider began, and the window that a page's script opened.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { newVisitor, portrait, startBrowser } from '../harness/browser.mjs';
import { COMPANIES } from '../harness/companies.mjs';
import { finishThere, sessionCookie, signIn } from '../harness/customer.mjs';
import { signInThere } from '../harness/identity-providers.mjs';
import { World } from '../harness/world.mjs';

const { globex, initech } = COMPANIES;

let world;
let browser;
before(async () => { [world, browser] = await Promise.all([World.start({ idpInitiated: ['initech'] }), startBrowser()]); });
after(async () => { await browser?.close(); await world?.stop(); });

/** Waits for a page of the help center itself. */
async function atHelpCenter(page) {
  await page.waitForURL((url) => url.origin === world.url && !url.pathname.startsWith('/.vestibule/'));
}

/** The link that a command prints. */
async function link(...words) {
  const [url] = (await world.command(...words, '--site', 'help')).split('\n');
  return url;
}

test('a test of an identity provider shows what it said, and signs nobody in', async () => {
  const context = await newVisitor(browser);
  const page = await context.newPage();
  await page.goto(await link('idp', 'test', 'globex'));
  await finishThere(page, globex, globex.person);
  await page.getByRole('heading', { level: 1, name: 'Test of Globex' }).waitFor();
  assert.ok((await page.locator('main').innerText()).includes(globex.person.email));
  await portrait(page, 'test-result');
  assert.equal(await sessionCookie(context, world.url), undefined);
  await context.close();
});

test('an emergency link asks first, and works once', async () => {
  const context = await newVisitor(browser);
  const page = await context.newPage();
  await page.goto(`${world.url}/`);
  await signIn(page, globex, globex.person);
  await atHelpCenter(page);
  const other = await (await newVisitor(browser)).newPage();
  const url = await link('break-glass', globex.person.email);
  await other.goto(url);
  await other.getByRole('heading', { level: 1, name: 'Emergency access' }).waitFor();
  await portrait(other, 'break-glass');
  await other.getByRole('button', { name: 'Sign in now' }).click();
  await atHelpCenter(other);
  assert.ok(await sessionCookie(other.context(), world.url));
  await other.goto(url);
  await other.locator('code.reference').waitFor();
  await other.context().close();

  // What is left in the window that a page's script opened for a sign-in.
  await page.goto(`${world.url}/.vestibule/session`);
  await page.getByRole('heading', { level: 1 }).waitFor();
  await portrait(page, 'signed-in');
  await context.close();
});

test('a sign-in that the identity provider began asks whose it is', async () => {
  const context = await newVisitor(browser);
  const page = await context.newPage();
  const start = new URL('/saml2/idp/SSOService.php', world.identityProviders.initech.url);
  start.searchParams.set('spentityid', `${world.url}/.vestibule/saml/initech/metadata`);
  await page.goto(start.href);
  await signInThere(page, initech, initech.person);
  await page.getByRole('heading', { level: 1, name: `Continue as ${initech.person.name}?` }).waitFor();
  await portrait(page, 'confirm');
  assert.equal(await sessionCookie(context, world.url), undefined, 'not yet');
  await page.getByRole('button', { name: 'Continue', exact: true }).click();
  await atHelpCenter(page);
  await context.close();
});
