// The gateway dies without warning and comes back: whoever was signed in still is.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { newVisitor, startBrowser } from '../harness/browser.mjs';
import { COMPANIES } from '../harness/companies.mjs';
import { DEEP_LINK, finishThere, signIn, typeAddress } from '../harness/customer.mjs';
import { World } from '../harness/world.mjs';

let world;
let browser;
before(async () => { [world, browser] = await Promise.all([World.start(), startBrowser()]); });
after(async () => { await browser?.close(); await world?.stop(); });

test('kill -9 and a restart keep everybody signed in, and sign-ins under way go on', async () => {
  const visits = [];
  for (const company of Object.values(COMPANIES)) {
    const context = await newVisitor(browser);
    const page = await context.newPage();
    await page.goto(world.url + DEEP_LINK);
    await signIn(page, company, company.person);
    await page.waitForURL(world.url + DEEP_LINK);
    const underWay = await (await newVisitor(browser)).newPage();
    await underWay.goto(world.url + DEEP_LINK);
    await typeAddress(underWay, company.colleague.email);
    await underWay.waitForURL(new RegExp('-idp\\.localhost'));
    visits.push({ company, page, underWay });
  }

  assert.equal(await world.gateway.stop('SIGKILL'), 'SIGKILL');
  await assert.rejects(world.get('/'), 'nothing listens any more');
  await world.startGateway();

  for (const { company, page, underWay } of visits) {
    const other = '/servicedesk/customer/portal/1/SUP-1043';
    await page.goto(world.url + other);
    assert.equal(page.url(), world.url + other, `${company.label}: still signed in`);
    assert.ok((await page.locator('body').innerText()).includes(company.person.email));
    await finishThere(underWay, company, company.colleague);
    await underWay.waitForURL(world.url + DEEP_LINK);
  }
});
