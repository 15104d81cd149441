// Ten tabs are opened at once, as a restored browser does: one sign-in is enough, and each tab
// reaches its own page.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { newVisitor, startBrowser } from '../harness/browser.mjs';
import { COMPANIES } from '../harness/companies.mjs';
import { finishThere, signIn, typeAddress } from '../harness/customer.mjs';
import { World } from '../harness/world.mjs';

let world;
let browser;
before(async () => { [world, browser] = await Promise.all([World.start(), startBrowser()]); });
after(async () => { await browser?.close(); await world?.stop(); });

const links = (count) => Array.from({ length: count }, (_, n) => `/servicedesk/customer/portal/1/SUP-1042?tab=${n}`);

/** All tabs at once, each on its own link. */
async function openTabs(context, targets) {
  return Promise.all(targets.map(async (target) => {
    const page = await context.newPage();
    await page.goto(world.url + target);
    assert.match(page.url(), /\/\.vestibule\/sign-in/);
    return page;
  }));
}

for (const [name, company] of Object.entries(COMPANIES)) {
  test(`${name}: ten tabs, one sign-in, each tab reaches its own page by itself`, async () => {
    const context = await newVisitor(browser);
    const targets = links(10).map((link, n) => `${link}#comment-${n}`);
    const tabs = await openTabs(context, targets);
    await signIn(tabs[4], company, company.person);
    await Promise.all(tabs.map((tab, n) => tab.waitForURL(world.url + targets[n], { timeout: 60_000 })));
    const texts = await Promise.all(tabs.map((tab) => tab.locator('body').innerText()));
    assert.ok(texts.every((text) => text.includes(company.person.email)), 'every tab shows the person');
    await context.close();
  });

  test(`${name}: without script the other tabs go on at the next click`, async () => {
    const context = await newVisitor(browser, { script: false });
    const targets = links(4);
    const tabs = await openTabs(context, targets);
    await signIn(tabs[0], company, company.colleague, { script: false });
    await tabs[0].waitForURL(world.url + targets[0]);
    for (const [n, tab] of tabs.entries()) {
      if (n > 0) await typeAddress(tab, company.colleague.email);
      await tab.waitForURL(world.url + targets[n]);
    }
    await context.close();
  });
}

test('two sign-ins under way in two tabs of one browser both end on their own page', async () => {
  const context = await newVisitor(browser);
  const [first, second] = await openTabs(context, links(2));
  const { acme, globex } = COMPANIES;
  await typeAddress(first, acme.person.email);
  await typeAddress(second, globex.person.email);
  await finishThere(second, globex, globex.person);
  await second.waitForURL(world.url + links(2)[1]);
  await finishThere(first, acme, acme.person);
  await first.waitForURL(world.url + links(2)[0]);
  await context.close();
});
