// Signing out ends the session here, and says what may go on elsewhere.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { newVisitor, portrait, startBrowser } from '../harness/browser.mjs';
import { COMPANIES } from '../harness/companies.mjs';
import { DEEP_LINK, sessionCookie, signIn } from '../harness/customer.mjs';
import { World } from '../harness/world.mjs';

let world;
let browser;
before(async () => { [world, browser] = await Promise.all([World.start(), startBrowser()]); });
after(async () => { await browser?.close(); await world?.stop(); });

for (const [name, company] of Object.entries(COMPANIES)) {
  test(`${name}: after signing out the deep link asks again, and the old cookie is worth nothing`, async () => {
    const context = await newVisitor(browser);
    const page = await context.newPage();
    await page.goto(world.url + DEEP_LINK);
    await signIn(page, company, company.person);
    await page.waitForURL(world.url + DEEP_LINK);
    const { value } = await sessionCookie(context, world.url);
    const asks = async () => (await world.get('/.vestibule/session', 'help.localhost', { cookie: `__Host-vestibule=${value}` })).body;
    assert.match(await asks(), /"signed_in":\s*true/);

    await page.goto(`${world.url}/.vestibule/sign-out`);
    if (name === 'acme') await portrait(page, 'sign-out');
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'You are signed out' }).waitFor();
    if (name === 'acme') await portrait(page, 'signed-out');
    assert.equal(await sessionCookie(context, world.url), undefined);
    assert.match(await asks(), /"signed_in":\s*false/);

    await page.goto(world.url + DEEP_LINK);
    assert.match(page.url(), /\/\.vestibule\/sign-in/);
    await context.close();
  });
}
