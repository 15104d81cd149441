// What every refusal has in common.

import assert from 'node:assert/strict';
import { newVisitor, portrait } from './browser.mjs';
import { referenceOn, sessionCookie } from './customer.mjs';

/** Runs `stumble` in a fresh browser and asserts that it ends at a refusal for `cause`. */
export async function isRefused(world, browser, name, cause, stumble, { site = world.url } = {}) {
  const context = await newVisitor(browser);
  const page = await context.newPage();
  const customers = (await world.state()).customers.length;
  await stumble(page, context);
  await page.locator('code.reference').waitFor();
  const code = await referenceOn(page);
  // Somebody who waited before has the same code from the first page on.
  const records = world.audit().filter((record) => record.reference === code && record.refusal?.cause !== 'provisioning-under-way');
  assert.deepEqual(records.map((record) => record.refusal?.cause), [cause], 'one record, one cause');
  assert.ok((await world.why(code)).includes(cause), 'vestibule why names the cause');
  assert.equal(await sessionCookie(context, site), undefined, 'no session');
  assert.equal((await world.state()).customers.length, customers, 'no customer in JSM');
  await portrait(page, `refused-${name}`);
  await context.close();
}
