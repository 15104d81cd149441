// Signing out ends the session here and at the identity provider, and says what became of each.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { newVisitor, portrait, startBrowser } from '../harness/browser.mjs';
import { COMPANIES } from '../harness/companies.mjs';
import { DEEP_LINK, sessionCookie, signIn, typeAddress } from '../harness/customer.mjs';
import { asksWhoItIs, signOutOnlyThere, signOutThere } from '../harness/identity-providers.mjs';
import { World } from '../harness/world.mjs';

let world;
let browser;
before(async () => { [world, browser] = await Promise.all([World.start(), startBrowser()]); });
after(async () => { await browser?.close(); await world?.stop(); });

/** Back and back again: nothing that only the customer may see is shown. */
async function backShowsNothing(page, person) {
  for (let steps = 0; steps < 8; steps += 1) {
    const answer = await page.goBack({ waitUntil: 'load' }).catch(() => undefined);
    const text = await page.locator('body').innerText();
    assert.ok(!text.includes(person.name) && !text.includes(`<${person.email}>`), `${page.url()} shows: ${text}`);
    if (!answer && page.url() === 'about:blank') return;
  }
}

/** Somebody who has signed in, and what the session endpoint says of their cookie from then on. */
async function signedIn(company) {
  const context = await newVisitor(browser);
  const page = await context.newPage();
  await page.goto(world.url + DEEP_LINK);
  await signIn(page, company, company.person);
  await page.waitForURL(world.url + DEEP_LINK);
  const { value } = await sessionCookie(context, world.url);
  const asks = async () => (await world.get('/.vestibule/session', 'help.localhost', { cookie: `__Host-vestibule=${value}` })).body;
  assert.match(await asks(), /"signed_in":\s*true/);
  return { context, page, asks };
}

const endedByProvider = (name) => world.audit().filter(({ event, idp }) => event === 'sessions_ended_by_provider' && idp === name);

for (const [name, company] of Object.entries(COMPANIES)) {
  const { person } = company;

  test(`${name}: signing out ends all three sessions, says so, and the old cookie is worth nothing`, async () => {
    const { context, page, asks } = await signedIn(company);
    await page.goto(`${world.url}/.vestibule/sign-out`);
    if (name === 'acme') await portrait(page, 'sign-out');
    await page.getByRole('button', { name: 'Sign out' }).click();
    await signOutThere(page, company);
    await page.getByRole('heading', { name: 'You are signed out' }).waitFor();
    assert.equal(new URL(page.url()).origin, world.url);
    if (name === 'acme') await portrait(page, 'signed-out');
    const ended = await page.locator('ul.ended li').allInnerTexts();
    assert.equal(ended.length, 3, ended.join(' | '));
    for (const [index, whose] of ['Example Help Center', 'help center', company.label].entries()) {
      assert.match(ended[index], new RegExp(`${whose}[^]*Ended`), ended.join(' | '));
    }
    assert.equal(await sessionCookie(context, world.url), undefined);
    assert.match(await asks(), /"signed_in":\s*false/);
    await backShowsNothing(page, person);

    await page.goto(world.url + DEEP_LINK);
    assert.match(page.url(), /\/\.vestibule\/sign-in/);
    // The identity provider has forgotten as well: it asks for the password again.
    await typeAddress(page, person.email);
    await asksWhoItIs(page, company);
    await context.close();
  });

  test(`${name}: signing out at the identity provider ends the session here`, async () => {
    const { context, page, asks } = await signedIn(company);
    // OpenID providers told of the sign-out before as well, perhaps to another replica, which has its own file.
    const before = new Set(endedByProvider(name).map(({ reference }) => reference));
    await signOutOnlyThere(page, company, world.identityProviders[name]);
    assert.match(await asks(), /"signed_in":\s*false/);
    const told = endedByProvider(name).filter(({ reference }) => !before.has(reference));
    assert.deepEqual(told.map(({ count }) => count), [1], JSON.stringify(told));
    await page.goto(world.url + DEEP_LINK);
    assert.match(page.url(), /\/\.vestibule\/sign-in/);
    await backShowsNothing(page, person);
    await context.close();
  });
}
