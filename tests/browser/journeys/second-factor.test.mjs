// A customer protects the sign-in with an app, gets in with it, without it, and once more where a
// portal asks for it again.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Authenticator, scan } from '../harness/authenticator.mjs';
import { newVisitor, portrait, startBrowser } from '../harness/browser.mjs';
import { COMPANIES } from '../harness/companies.mjs';
import { DEEP_LINK, finishThere, sessionCookie, signIn } from '../harness/customer.mjs';
import { World } from '../harness/world.mjs';

const PORTAL_3 = '/servicedesk/customer/portal/3/SUP-1044?x=1#comment-9';
const { globex, umbrella } = COMPANIES;
const RULES = [
  { idp: 'globex', require: 'totp', trusted_browser: '30d' },
  { portal: '3', require: 'totp', fresh: '15s', side_doors: ['/rest'] },
  { idp: 'umbrella', require: 'totp', grace: { sign_ins: 2 } },
];

let world;
let browser;
before(async () => {
  [world, browser] = await Promise.all([World.start({ more: { second_factor: RULES } }), startBrowser()]);
});
after(async () => { await browser?.close(); await world?.stop(); });

let app;
let codes;

/** To the page that asks for the second factor. */
async function arrive(page, company, person, path = DEEP_LINK, options = {}) {
  await page.goto(world.url + path);
  await signIn(page, company, person, options);
  await page.waitForURL(/\/\.vestibule\/second-factor/);
}

async function type(page, code) {
  await page.locator('#code').fill(code);
  // With a box to tick nothing is sent by itself.
  if (await page.locator('input[name="trust"]').count()) await page.getByRole('button', { name: 'Confirm' }).click();
}

describe('enrolment', () => {
  test('the picture, the text and the link are one key, and the codes must be kept', async () => {
    const context = await newVisitor(browser);
    const page = await context.newPage();
    await arrive(page, globex, globex.person);
    await page.getByRole('heading', { level: 1, name: 'Protect your sign-in' }).waitFor();
    await portrait(page, 'factor-enrolment');
    const text = (await page.locator('#key').innerText()).replace(/\s/g, '');
    const link = await page.getByRole('link', { name: /Open in an authenticator app/ }).getAttribute('href');
    const seen = await scan(page, page.locator('.qr'));
    assert.equal(seen, link, 'the picture says what the link says');
    app = new Authenticator(seen);
    assert.equal(app.key, text, 'and the text is the same key');
    assert.equal(await sessionCookie(context, world.url), undefined);

    await page.locator('#code').fill('123');
    assert.match(page.url(), /second-factor/, 'an unfinished code is not sent');
    await type(page, '000000');
    await page.getByRole('alert').waitFor();
    await portrait(page, 'factor-enrolment-wrong');
    await type(page, await app.code());
    await page.getByRole('heading', { level: 1, name: 'Keep these recovery codes' }).waitFor();
    await portrait(page, 'factor-codes');
    codes = (await page.locator('#codes').innerText()).trim().split(/\s+/);
    assert.equal(codes.length, 10);
    const download = page.waitForEvent('download');
    await page.getByRole('link', { name: 'Download' }).click();
    assert.equal((await download).suggestedFilename(), 'recovery-codes.txt');
    assert.equal(await sessionCookie(context, world.url), undefined);
    await page.locator('#end').fill('ZZZZ');
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByRole('alert').waitFor();
    await portrait(page, 'factor-codes-wrong');
    await page.locator('#end').fill(codes[4].slice(-4).toLowerCase());
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.waitForURL(world.url + DEEP_LINK);
    assert.ok((await page.locator('body').innerText()).includes(globex.person.email));
    await context.close();
  });

  test('by keyboard, without script, in another language, and put off as long as the rule lets', async () => {
    const context = await newVisitor(browser, { script: false, locale: 'de-DE' });
    const page = await context.newPage();
    await page.goto(world.url + DEEP_LINK);
    await page.locator('input[name="email"]').fill(umbrella.colleague.email);
    await page.keyboard.press('Enter');
    await finishThere(page, umbrella, umbrella.colleague, { script: false });
    await page.getByRole('heading', { level: 1, name: 'Schützen Sie Ihre Anmeldung' }).waitFor();
    await page.getByRole('button', { name: 'Nicht jetzt' }).press('Enter');
    await page.waitForURL(world.url + DEEP_LINK.split('#')[0]);
    await context.close();
  });
});

describe('signing in', () => {
  test('a wrong code says our time, a right one is sent by itself where nothing is left to choose', async () => {
    const context = await newVisitor(browser);
    const page = await context.newPage();
    await arrive(page, globex, globex.person, PORTAL_3);
    await page.getByRole('heading', { level: 1, name: 'Confirm that it is you' }).waitFor();
    assert.equal(await page.locator('input[name="trust"]').count(), 0, 'portal 3 trusts no browser');
    await portrait(page, 'factor-challenge');
    assert.ok(await page.locator('#code').evaluate((field) => field === document.activeElement), 'the field has the focus');
    await type(page, '000000');
    await page.getByText(/Check your phone.s clock; our time is/).waitFor();
    await portrait(page, 'factor-challenge-wrong');
    const code = await app.code();
    await page.locator('#code').fill(`${code.slice(0, 3)} ${code.slice(3)}`);
    await page.waitForURL(world.url + PORTAL_3);
    await context.close();
  });

  test('a recovery code gets in when the phone is away', async () => {
    const context = await newVisitor(browser);
    const page = await context.newPage();
    await arrive(page, globex, globex.person);
    await page.getByRole('link', { name: 'I cannot get a code' }).click();
    await page.getByRole('heading', { level: 1, name: 'No code at hand?' }).waitFor();
    await portrait(page, 'factor-lost');
    await page.getByRole('link', { name: 'Use a recovery code' }).click();
    await portrait(page, 'factor-recovery');
    await page.locator('#recovery').fill('AAAA-AAAA-AAAA');
    await page.getByRole('button', { name: 'Confirm' }).click();
    await page.getByRole('alert').waitFor();
    await page.locator('#recovery').fill(codes[0]);
    await page.getByRole('button', { name: 'Confirm' }).click();
    await page.waitForURL(world.url + DEEP_LINK);
    await context.close();
  });
});

test('portal 3 asks again in the same session, and the exact page opens', async () => {
  const context = await newVisitor(browser);
  const page = await context.newPage();
  await arrive(page, globex, globex.person);
  await page.locator('input[name="trust"]').check();
  await portrait(page, 'factor-challenge-trust');
  await type(page, await app.code());
  await page.waitForURL(world.url + DEEP_LINK);
  const before = await sessionCookie(context, world.url);
  await page.waitForTimeout(15_100);
  await page.goto(world.url + PORTAL_3);
  await page.waitForURL(/\/\.vestibule\/second-factor/);
  await page.getByText(/before this page opens/).waitFor();
  await portrait(page, 'factor-step-up');
  const told = await page.evaluate(async () => {
    const answer = await fetch('/rest/servicedeskapi/request/SUP-1044');
    return { status: answer.status, error: (await answer.json()).error };
  });
  assert.deepEqual(told, { status: 401, error: 'step_up_required' });
  await type(page, await app.code());
  await page.waitForURL(world.url + PORTAL_3);
  assert.notEqual((await sessionCookie(context, world.url)).value, before.value, 'a new id');

  // The browser is trusted now: without any session, here or there, no code is asked for.
  const trusted = (await context.cookies(world.url)).find(({ name }) => name === '__Host-vestibule-browser');
  await context.clearCookies();
  await context.addCookies([trusted]);
  await page.goto(world.url + DEEP_LINK);
  await signIn(page, globex, globex.person);
  await page.waitForURL(world.url + DEEP_LINK);
  await context.close();
});
