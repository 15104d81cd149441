// A customer opens a deep link signed out, signs in at a real identity provider, exists afterwards
// in JSM and sees the page that was asked for.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { newVisitor, portrait, startBrowser } from '../harness/browser.mjs';
import { COMPANIES } from '../harness/companies.mjs';
import { DEEP_LINK, finishThere, signIn } from '../harness/customer.mjs';
import { World } from '../harness/world.mjs';

let world;
let browser;
before(async () => { [world, browser] = await Promise.all([World.start(), startBrowser()]); });
after(async () => { await browser?.close(); await world?.stop(); });

async function assertCustomer(company, person) {
  const state = await world.state();
  const accounts = state.customers.filter((customer) => customer.email === person.email);
  assert.equal(accounts.length, 1, 'one customer in JSM');
  assert.ok(state.desks['1'].includes(accounts[0].id), 'on the desk');
  assert.ok(state.organizations[company.organization].includes(accounts[0].id), 'in the organization');
}

for (const [name, company] of Object.entries(COMPANIES)) {
  describe(`${name}, ${company.protocol}`, () => {
    test('a deep link survives the sign-in, fragment included', async () => {
      const { person } = company;
      const context = await newVisitor(browser);
      const page = await context.newPage();
      await page.goto(world.url + DEEP_LINK);
      assert.match(page.url(), /\/\.vestibule\/sign-in/);
      if (name === 'acme') await portrait(page, 'sign-in');
      await signIn(page, company, person);
      await page.waitForURL(world.url + DEEP_LINK);
      assert.ok((await page.locator('body').innerText()).includes(person.email), 'the page shows the person');
      await assertCustomer(company, person);
      await context.close();
    });

    test('without script everything but the fragment survives', async () => {
      const { colleague } = company;
      const context = await newVisitor(browser, { script: false });
      const page = await context.newPage();
      await page.goto(world.url + DEEP_LINK);
      await signIn(page, company, colleague, { script: false });
      await page.waitForURL(world.url + DEEP_LINK.split('#')[0]);
      assert.ok((await page.locator('body').innerText()).includes(colleague.email), 'the page shows the person');
      await assertCustomer(company, colleague);
      await context.close();
    });

    test('the chooser leads to the same identity provider, and JSM is asked nothing again', async () => {
      const { person } = company;
      const before = (await world.state()).jsmCalls;
      const context = await newVisitor(browser);
      const page = await context.newPage();
      await page.goto(world.url + DEEP_LINK);
      await page.getByRole('button', { name: `Continue with ${company.label}` }).click();
      await finishThere(page, company, person);
      await page.waitForURL(world.url + DEEP_LINK);
      assert.equal((await world.state()).jsmCalls, before, 'no call for a known person with nothing to change');
      await context.close();
    });
  });
}
